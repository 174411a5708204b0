"""One line to fill in on the map: a radius, a name. Enter gives it, Esc drops it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from widgets.map_strip import LEFT, SIDE
from widgets.pieces import make_label
from widgets.theme import Theme

_WIDE, _HIGH, _TOP = 340, 48, 62


class MapAsk(QFrame):
    """Stands at the upper left of the map `over`; `answered` carries the name asked and a text."""

    answered = Signal(str, str)

    def __init__(self, theme: Theme, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("float")
        self._over, self._name = over, ""
        self._label = make_label(self)
        self._field = QLineEdit(self)
        self._field.installEventFilter(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._label)
        layout.addWidget(self._field, 1)
        self.hide()

    def ask(self, name: str, words: str, text: str = "") -> None:
        """Ask for something; `answered` brings it under `name`."""
        self._name = name
        self._label.setText(words)
        self._field.setText(text)
        self._field.setAccessibleName(words)
        self._field.selectAll()
        self.setGeometry(LEFT + SIDE + 12, _TOP, _WIDE, _HIGH)
        self.show()
        self.raise_()
        self._field.setFocus()

    def fill(self, text: str) -> None:
        """Type a text and give it, as a person would."""
        self._field.setText(text)
        self._give()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`; the style sheet has them."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Enter and Esc from the field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._give()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._close()
                return True
        return False

    def _give(self) -> None:
        text = self._field.text().strip()
        self._close()
        if text:
            self.answered.emit(self._name, text)

    def _close(self) -> None:
        self.hide()
        self._over.setFocus()
