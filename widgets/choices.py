"""A list of things to choose one of, by value, whose words follow the language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QComboBox, QWidget


class Choice(QComboBox):
    """`values` are what is chosen, `words` says each of them in the language spoken now."""

    def __init__(self, parent: QWidget, values: Sequence[str], words: Callable[[str], str]) -> None:
        super().__init__(parent)
        self._values: tuple[str, ...] = ()
        self._words = words
        self.setMinimumWidth(60)
        self.offer(values)

    @property
    def value(self) -> str:
        """What is chosen, empty for nothing."""
        at = self.currentIndex()
        return self._values[at] if 0 <= at < len(self._values) else ""

    def offer(self, values: Sequence[str]) -> None:
        """Offer other values; what is chosen stays so, if it is among them."""
        before = self.value
        self._values = tuple(values)
        self.blockSignals(True)
        self.clear()
        self.addItems([self._words(value) for value in self._values])
        self.choose(before)
        self.blockSignals(False)

    def choose(self, value: str) -> None:
        """Choose a value, the first where it is not offered."""
        at = self._values.index(value) if value in self._values else 0
        self.setCurrentIndex(at if self._values else -1)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.offer(self._values)
