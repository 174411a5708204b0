"""Asks for a change of an address inside its page: the words, and why. Enter gives it in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from widgets.i18n import tr
from widgets.overlay import keeps_key
from widgets.pieces import make_label

_NAMED = ("new", "rename", "alias")


class AddressForm(QFrame):
    """`given(change, words, reason)`; Esc leaves."""

    given = Signal(str, str, str)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._change, self._of = "new", ""
        self._title = make_label(self, 14, 600)
        self._wrong = make_label(self, 12, ink="critical")
        self._words, self._reason = QLineEdit(self), QLineEdit(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        for part in (self._title, self._words, self._reason, self._wrong):
            layout.addWidget(part)
        for field in (self._words, self._reason):
            field.installEventFilter(self)
            field.returnPressed.connect(self._on_enter)
        self.retranslate()
        self.hide()

    def ask(self, change: str, of: str) -> None:
        """Ask for `change` of the address called `of`."""
        self._change, self._of = change, of
        self._words.clear()
        self._reason.clear()
        self._wrong.hide()
        self._words.setVisible(change in _NAMED)
        self.retranslate()
        self.show()
        (self._words if change in _NAMED else self._reason).setFocus()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        place = tr("address.at_centre") if self._change in ("new", "move") else ""
        said = (tr(f"address.change_{self._change}"), self._of, place)
        self._title.setText("  ".join(filter(None, said)))
        self._words.setPlaceholderText(tr("address.words"))
        self._reason.setPlaceholderText(tr("address.reason"))
        self._words.setAccessibleName(tr("address.words"))
        self._reason.setAccessibleName(tr("address.reason"))
        self._wrong.setText(tr("address.need"))

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts while it is filled in."""
        return keeps_key(event) or super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave on Esc."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        escape = pressed and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape:
            self.left.emit()
        return escape

    def _on_enter(self) -> None:
        words, reason = self._words.text().strip(), self._reason.text().strip()
        needed = (words or self._change not in _NAMED) and reason
        self._wrong.setVisible(not needed)
        if needed:
            self.given.emit(self._change, words, reason)
        elif words and not reason:
            self._reason.setFocus()
