"""What goes on beside a case's step: requests that wait for people, tasks of co-handlers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.services.views import CaseSheet, RequestView, TaskView
from widgets.clock_words import moment
from widgets.i18n import language, tr, tr_or
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme
from widgets.words import local, named, person_named

NEEDS = {
    "decline": ("reason",), "task_give": ("person", "words"), "task_done": ("note",),
    "task_return": ("reason",), "task_cancel": ("reason",),
}  # fmt: skip
_KEYS = {"approve": "Y", "decline": "Q"}


@dataclass(frozen=True)
class Answer:
    """A button beside the case: what it does, to which request or task."""

    verb: str
    hash: str
    key: str = ""


class Beside(QWidget):
    """`wanted` carries an `Answer`; nothing is written here."""

    wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget, height: int = 34) -> None:
        super().__init__(parent)
        self._theme, self._height = theme, height
        self._answers: list[Answer] = []
        self._buttons: list[KeyButton] = []
        self._said: tuple[str, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._body = QWidget(self)
        self._column.addWidget(self._body)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        for button in self._buttons:
            button.set_theme(theme)

    def show_sheet(self, sheet: CaseSheet, may_give: bool, now_ms: int) -> None:
        """Show a case's open requests, its last answered one, and its tasks."""
        old, self._body = self._body, QWidget(self)
        self._column.replaceWidget(old, self._body)
        old.hide()
        old.deleteLater()
        self._answers, self._buttons, said = [], [], []
        rows = QVBoxLayout(self._body)
        rows.setContentsMargins(0, 4, 0, 8)
        rows.setSpacing(4)
        requests = [
            one for at, one in enumerate(sheet.requests) if one.standing == "open" or not at
        ]
        if requests:
            self._head(rows, tr("beside.requests"))
        for request in requests:
            lines = request_lines(request, now_ms)
            said += lines
            self._lines(rows, lines)
            self._row(rows, _answers_of(request))
        if sheet.tasks or may_give:
            self._head(rows, tr("beside.tasks"))
        for task in sheet.tasks:
            lines = task_lines(task, now_ms)
            said += lines
            self._lines(rows, lines)
            self._row(rows, [Answer(step, task.hash) for step in task.may])
        if may_give:
            self._row(rows, [Answer("task_give", "")])
        self._said = tuple(said)
        self.setAccessibleName("; ".join(said))
        self.setVisible(bool(requests or sheet.tasks or may_give))
        self._body.show()

    @property
    def said(self) -> tuple[str, ...]:
        """All lines shown."""
        return self._said

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What can be done here now."""
        return tuple(self._answers)

    def press(self, key: str) -> bool:
        """Do what the button with that key does; False if none has it now."""
        found = next((one for one in self._answers if one.key == key), None)
        if found is not None:
            self.wanted.emit(found)
        return found is not None

    def _head(self, rows: QVBoxLayout, text: str) -> None:
        label = make_label(self._body, 12, ink="dim")
        label.setText(text)
        rows.addWidget(label)

    def _lines(self, rows: QVBoxLayout, lines: Sequence[str]) -> None:
        for at, line in enumerate(lines):
            label = make_label(self._body, 12 if at else 14, ink="dim" if at else "")
            label.setWordWrap(True)
            label.setText(line)
            rows.addWidget(label)

    def _row(self, rows: QVBoxLayout, answers: Sequence[Answer]) -> None:
        grid = QGridLayout()
        grid.setSpacing(8)
        for at, answer in enumerate(answers):
            button = KeyButton(self._theme, self._body, accent=answer.verb == "approve")
            button.set_height(self._height)
            button.say(tr(f"beside.{answer.verb}"), answer.key)
            button.setProperty("at", len(self._answers))
            button.clicked.connect(self._on_button)
            self._answers.append(answer)
            self._buttons.append(button)
            grid.addWidget(button, at // 2, at % 2)
        rows.addLayout(grid)

    def _on_button(self) -> None:
        self.wanted.emit(self._answers[int(self.sender().property("at"))])


def request_lines(request: RequestView, now_ms: int) -> list[str]:
    """Return who asked for what since when, the words, and the chain with its ticks."""
    move = request.move.en if language() == "en" else request.move.zh
    name = tr_or(f"move.{request.move.name}", move)
    standing = tr(f"beside.is_{request.standing}")
    head = tr("beside.asked", name=person_named(request.by_name), move=name)
    lines = [f"{head}  ·  {standing}"]
    details = [tr("beside.since", at=moment(request.at_ms, now_ms)), *_wanted(request)]
    lines.append("  ·  ".join(details))
    lines += [words for words in request.said.values() if words]
    if request.chain is not None:
        lines.append(_chain(request))
    if request.standing == "open":
        lines.append(tr("beside.clock_runs"))
    return lines


def task_lines(task: TaskView, now_ms: int) -> list[str]:
    """Return who is to do what until when, and how far that is."""
    who = " ".join(filter(None, (named(task.unit_name), person_named(task.person_name))))
    due = tr("beside.due", at=moment(task.due_ms, now_ms)) if task.due_ms is not None else ""
    lines = ["  ·  ".join(filter(None, (who, tr(f"beside.is_{task.step}"), due)))]
    return [*lines, task.words] if task.words else lines


def _answers_of(request: RequestView) -> list[Answer]:
    verbs = ("approve", "decline") if request.may_answer else ()
    answers = [Answer(verb, request.hash, _KEYS[verb]) for verb in verbs]
    return [*answers, Answer("withdraw", request.hash)] if request.may_withdraw else answers


def _wanted(request: RequestView) -> list[str]:
    found = []
    if request.fields.get("amount"):
        unit = tr_or(f"ask.unit_{request.fields.get('amount_unit')}", "")
        found.append(f"{tr('ask.amount')} {request.fields['amount']} {unit}")
    if request.fields.get("wake_ms"):
        found.append(f"{tr('ask.wake')} {local(int(request.fields['wake_ms'])):%Y-%m-%d}")
    return found


def _chain(request: RequestView) -> str:
    chain = request.chain
    assert chain is not None
    said = []
    for at, step in enumerate(chain.steps):
        roles = " / ".join(tr(f"role.{role}") for role in step)
        if at < len(request.granted):
            said.append(f"✓ {roles} {person_named(request.granted[at])}")
        else:
            said.append(f"○ {roles}")
    return f"{chain.en if language() == 'en' else chain.zh}   {' → '.join(said)}"
