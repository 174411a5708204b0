"""What a citizen wrote, in full: a few lines at first, all of it at a click."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from widgets.i18n import tr
from widgets.pieces import make_label

_SHORT = 90  # letters shown before somebody asks for all


class LongWords(QWidget):
    """Text of any length that takes little room until it is opened; hidden while empty."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self._open = False
        self._label = make_label(self, 14)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = QPushButton(self)
        self._more.setObjectName("plain")
        self._more.clicked.connect(self._on_more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(2)
        layout.addWidget(self._label)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_words(self, text: str) -> None:
        """Show `text`, folded; another text than before is folded again."""
        if text != self._text:
            self._text, self._open = text, False
        self._show()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._show()

    def _show(self) -> None:
        long = len(self._text) > _SHORT
        folded = long and not self._open
        self._label.setText(self._text[:_SHORT].rstrip() + "…" if folded else self._text)
        self._more.setText(tr("sheet.all_words" if folded else "sheet.fewer_words"))
        self._more.setVisible(long)
        self.setVisible(bool(self._text))

    @Slot()
    def _on_more(self) -> None:
        self._open = not self._open
        self._show()
