"""Editing one part 部件: what its record says, with its history beside. All by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import AppError
from app.domain.parts.record import ATTR, STATES, Part
from app.services.parts_views import PartStory
from widgets.i18n import tr
from widgets.notice import error_words
from widgets.overlay import Overlay
from widgets.part_words import history_lines
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme

_GRADES = ("", "A", "B", "C")
_FIELDS = ("class", "state", "accuracy", "source", "initial_date", "attrs", "reason")
_LINES = 8


class PartForm(Overlay):
    """`saved` carries (fields, reason): texts by field, only those that differ.

    `move_wanted`, `undo_wanted` and `retire_wanted` carry nothing; `retire` needs no fields.
    """

    saved = Signal(object, str)
    move_wanted = Signal()
    undo_wanted = Signal()
    retire_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, 440, 64, left=412)  # beside list and card
        self._before: dict[str, str] = {}
        self.is_new = False
        self._title = make_label(self, 20, 700)
        self._class = QLineEdit(self)
        self._state, self._accuracy = QComboBox(self), QComboBox(self)
        self._source, self._initial = QLineEdit(self), QLineEdit(self)
        self._attrs, self._reason = QPlainTextEdit(self), QPlainTextEdit(self)
        self._attrs.setFixedHeight(64)
        self._reason.setFixedHeight(48)
        for box in (self._attrs, self._reason):
            box.setTabChangesFocus(True)
        self._inputs = (self._class, self._state, self._accuracy, self._source, self._initial,
                        self._attrs, self._reason)  # fmt: skip
        for one in self._inputs:
            one.installEventFilter(self)
        self._heads = {key: make_label(self, 12, ink="dim") for key in _FIELDS}
        self._wrong = {key: make_label(self, 12, ink="critical") for key in _FIELDS}
        self._history = make_label(self, 12, ink="dim")
        self._history.setWordWrap(True)
        self._save = KeyButton(theme, self, accent=True)
        self._move, self._undo, self._retire = (KeyButton(theme, self) for _ in range(3))
        self._lay_out()
        self._save.clicked.connect(self._on_save)
        self._move.clicked.connect(self.move_wanted)
        self._undo.clicked.connect(self.undo_wanted)
        self._retire.clicked.connect(self._on_retire)
        self.retranslate()

    def open_with(self, story: PartStory, name: str) -> None:
        """Open for a part that is there."""
        self.is_new = False
        part = story.part
        self._title.setText(f"{name}  {part.code}")
        self._fill(part)
        self._history.setText("\n".join(history_lines(story)[-_LINES:]))
        self._pop_up(self._state)

    def open_new(self, lon: float, lat: float) -> None:
        """Open for a part to be added at a place."""
        self.is_new = True
        self._before = {}
        self._title.setText(tr("part.new"))
        self._class.clear()
        for box in (self._state, self._accuracy):
            box.setCurrentIndex(0)
        for field in (self._source, self._initial):
            field.clear()
        self._attrs.clear()
        self._reason.clear()
        self._history.setText(tr("report.picked", lon=lon, lat=lat))
        self._pop_up(self._class)

    def fields(self) -> dict[str, str]:
        """Return what is said now, texts by field."""
        said = {
            "state": STATES[self._state.currentIndex()],
            "accuracy": _GRADES[self._accuracy.currentIndex()],
            "source": self._source.text().strip(),
        }
        initial = self._initial.text().strip()
        if initial or not self.is_new:
            said["initial_date"] = initial
        if self.is_new:
            said["class"] = self._class.text().strip()
        for line in self._attrs.toPlainText().splitlines():
            name, _, value = line.partition("=")
            if name.strip():
                said[ATTR + name.strip()] = value.strip()
        return said

    def take_error(self, error: BaseException) -> bool:
        """Show a refusal beside the field it names; False if it names none of ours."""
        field = (getattr(error, "field", None) or "").partition(".")[0]
        if not isinstance(error, AppError) or field not in _FIELDS:
            return False
        self._say({field: error_words(error)[0]})
        return True

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        for key, head in self._heads.items():
            head.setText(tr(f"part.form_{key}"))
        for box, words in (
            (self._state, [tr(f"part.{state}") for state in STATES]),
            (self._accuracy, [tr("part.unknown"), *(f"{g}  {tr(f'part.accuracy_{g.lower()}')}"
                                                    for g in _GRADES[1:])]),
        ):  # fmt: skip
            at = max(box.currentIndex(), 0)
            box.clear()
            box.addItems(words)
            box.setCurrentIndex(at)
        self._attrs.setPlaceholderText(tr("part.attrs_hint"))
        self._initial.setPlaceholderText("2026-11-23")
        self._save.say(tr("part.save"), "Ctrl ↵")
        self._move.say(tr("part.move"), "Ctrl M")
        self._undo.say(tr("part.undo"), "Ctrl U")
        self._retire.say(tr("part.retire"), "")

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        for button in (self._save, self._move, self._undo, self._retire):
            button.set_theme(theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save, move or undo by keys; close on Esc."""
        if not self._command(event):
            super().keyPressEvent(event)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the same keys wherever the focus is."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        inside = watched in self._inputs
        if inside and pressed and self._command(event):  # type: ignore[arg-type]  # a key event
            return True
        return super().eventFilter(watched, event)

    def _command(self, event: QKeyEvent) -> bool:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if not control:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_save()
        elif event.key() == Qt.Key.Key_M and not self.is_new:
            self.move_wanted.emit()
        elif event.key() == Qt.Key.Key_U and not self.is_new:
            self.undo_wanted.emit()
        else:
            return False
        return True

    def _fill(self, part: Part) -> None:
        self._state.setCurrentIndex(min(part.state, len(STATES) - 1))
        grade = part.accuracy if part.accuracy in _GRADES else ""
        self._accuracy.setCurrentIndex(_GRADES.index(grade))
        self._source.setText(part.source)
        self._initial.setText(part.initial_date)
        self._attrs.setPlainText("\n".join(f"{k}={v}" for k, v in part.attrs.items()))
        self._reason.clear()
        self._before = self.fields()

    def _pop_up(self, first: QWidget) -> None:
        self._say({})
        for one in (self._class, self._heads["class"]):
            one.setVisible(self.is_new)
        for button in (self._move, self._undo, self._retire):
            button.setVisible(not self.is_new)
        self.setAccessibleName(f"{self._title.text()}; {self._history.text()}")
        self.pop_up()
        first.setFocus()

    def _on_save(self) -> None:
        said = self.fields()
        gone = {name: "" for name in self._before if name.startswith(ATTR) and name not in said}
        changed = {k: v for k, v in {**said, **gone}.items() if self._before.get(k) != v}
        self._say({})
        self.saved.emit(said if self.is_new else changed, self._reason.toPlainText().strip())

    def _on_retire(self) -> None:
        self.retire_wanted.emit(self._reason.toPlainText().strip())

    def _say(self, wrong: dict[str, str]) -> None:
        for key, label in self._wrong.items():
            label.setText(wrong.get(key, ""))
            label.setVisible(key in wrong)
        if self.isVisible():
            self.place()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 16)
        layout.setSpacing(6)
        layout.addWidget(self._title)
        for key, field in zip(_FIELDS, self._inputs, strict=True):
            for part in (self._heads[key], field, self._wrong[key]):
                layout.addWidget(part)
        layout.addWidget(self._history)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self._save, self._move, self._undo, self._retire):
            row.addWidget(button, 1)
        layout.addLayout(row)
