"""Everything a key can do at a station, in one table: keys, palette and help read the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from widgets.i18n import tr
from widgets.palette import Command


@dataclass(frozen=True)
class Deed:
    """One thing to do: `words` is a key of the translations, `keys` the short cuts."""

    name: str
    words: str
    group: str  # select | decide | window
    keys: tuple[str, ...]
    do: Callable[[], object]
    in_palette: bool = True

    def text(self) -> str:
        """Return its name in the language spoken now."""
        return tr(self.words)

    def command(self) -> Command:
        """Return it as palette and help show it."""
        keys = "  ".join(_SHOWN.get(key, key.replace("+", " ")) for key in self.keys)
        return Command(self.name, self.text(), keys)


_SHOWN = {"Up": "↑", "Down": "↓"}


def bind(deeds: Sequence[Deed], window: QWidget) -> list[QShortcut]:
    """Make the short cuts of `deeds` work in `window`; fields keep the letters typed in them."""
    made = []
    for deed in deeds:
        for key in deed.keys:
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(deed.do)
            made.append(shortcut)
    return made
