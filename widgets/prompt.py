"""Questions asked inside the sheet, never in a dialog: words for a move, a person to send."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.domain.people import Person
from widgets.i18n import tr
from widgets.overlay import keeps_key
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme
from widgets.words import person_named

_SHOWN = 60


class WordsPrompt(QFrame):
    """Asks for a reason or note. `given(move, kind, words)`; Ctrl Enter confirms, Esc leaves."""

    given = Signal(str, str, str)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget, height: int = 34) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._move = self._kind = ""
        self._title = make_label(self, 14, 600)
        self._words = QPlainTextEdit(self)
        self._words.setFixedHeight(76)
        self._words.setTabChangesFocus(True)
        self._words.installEventFilter(self)
        self._wrong = make_label(self, 12, ink="critical")
        self._confirm = KeyButton(theme, self, accent=True)
        self._cancel = KeyButton(theme, self)
        self._confirm.set_height(height)
        self._cancel.set_height(height)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._confirm, 2)
        buttons.addWidget(self._cancel, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        for part in (self._title, self._words, self._wrong):
            layout.addWidget(part)
        layout.addLayout(buttons)
        self._confirm.clicked.connect(self._on_confirmed)
        self._cancel.clicked.connect(self.left)
        self.retranslate()
        self.hide()

    def ask(self, move: str, kind: str, title: str) -> None:
        """Ask for the `kind` (note or reason) that `move` needs."""
        self._move, self._kind = move, kind
        self._title.setText(title)
        self._words.clear()
        self._mark(wrong=False)
        self.show()
        self._words.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._confirm.set_theme(theme)
        self._cancel.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._confirm.say(tr("prompt.confirm"), "Ctrl ↵")
        self._cancel.say(tr("prompt.cancel"), "Esc")

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts while the question is answered."""
        return keeps_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave on Esc, wherever in the question the focus is."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Confirm on Ctrl Enter, leave on Esc."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and control:
                self._on_confirmed()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.left.emit()
                return True
        return False

    def _on_confirmed(self) -> None:
        words = self._words.toPlainText().strip()
        self._mark(wrong=not words)
        if words:
            self.given.emit(self._move, self._kind, words)

    def _mark(self, *, wrong: bool) -> None:
        self._wrong.setText(tr("prompt.need") if wrong else "")
        self._wrong.setVisible(wrong)
        self._words.setProperty("wrong", wrong)
        self._words.style().unpolish(self._words)
        self._words.style().polish(self._words)


class PersonPicker(QFrame):
    """Chooses a person by name. `chosen` carries the `Person`."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._people: tuple[Person, ...] = ()
        self._title = make_label(self, 14, 600)
        self._filter = QLineEdit(self)
        self._filter.installEventFilter(self)
        self._list = QListWidget(self)
        self._list.setFixedHeight(176)
        self._list.installEventFilter(self)
        self._none = make_label(self, 12, ink="dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        for part in (self._title, self._filter, self._list, self._none):
            layout.addWidget(part)
        self._filter.textChanged.connect(self._refill)
        self._filter.returnPressed.connect(self._on_accepted)
        self._list.itemActivated.connect(self._on_accepted)
        self._list.itemClicked.connect(self._on_accepted)
        self.retranslate()
        self.hide()

    def ask(self, people: Sequence[Person], title: str) -> None:
        """Offer these people."""
        self._people = tuple(people)
        self._title.setText(title)
        self._filter.clear()
        self._refill()
        self.show()
        self._filter.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Nothing here is painted by hand."""

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._filter.setPlaceholderText(tr("prompt.filter"))
        self._none.setText(tr("prompt.none"))
        self._refill()

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts while a person is looked for."""
        return keeps_key(event) or super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Walk the list from the field; leave on Esc."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.left.emit()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and watched is self._filter:
                by = 1 if event.key() == Qt.Key.Key_Down else -1
                at = self._list.currentRow() + by
                self._list.setCurrentRow(max(0, min(self._list.count() - 1, at)))
                return True
        return False

    def _refill(self) -> None:
        wanted = self._filter.text().strip().lower()
        self._list.clear()
        found = [p for p in self._people if wanted in f"{p.name} {person_named(p.name)}".lower()]
        for person in found[:_SHOWN]:
            said = f"{person_named(person.name)}   {tr(f'role.{person.role}')}"
            item = QListWidgetItem(said, self._list)
            item.setData(Qt.ItemDataRole.UserRole, str(person.uid))
        self._list.setCurrentRow(0)
        self._none.setVisible(not found)

    def _on_accepted(self) -> None:
        if self._list.currentRow() < 0:
            return
        item = self._list.currentItem()
        uid = UUID(item.data(Qt.ItemDataRole.UserRole))
        self.chosen.emit(next(person for person in self._people if person.uid == uid))
