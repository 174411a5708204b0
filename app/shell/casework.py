"""What one person does with one case at a station: commands down, sheets up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from app.domain.errors import NotFound
from app.domain.people import Person
from app.services.changes import Changes
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    AnswerRequest,
    GiveTask,
    ReportCase,
    TaskStep,
    UndoLast,
)
from app.services.questions import OpenSheet, Persons
from app.services.views import CaseSheet
from app.shell.bridge import Bridge
from app.shell.photos import Photos
from app.shell.session import NOBODY, Session
from app.store import StoreDelta
from widgets.i18n import tr, tr_or
from widgets.sheet_words import NextHand


class CaseWork(QObject):
    """Carries out what the panels ask for. Nothing here waits.

    `sheet_read` carries the `CaseSheet` of the chosen case, `told` a line of news,
    `failed` an error, `people_read` those who may be sent.
    """

    sheet_read = Signal(object)
    told = Signal(str)
    failed = Signal(object)
    people_read = Signal(object)
    reported = Signal(object)  # Changes

    def __init__(self, bridge: Bridge, session: Session, photos: Photos, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._session = session
        self._photos = photos
        self._people: dict[str, tuple[Person, ...]] = {}
        self._hand: NextHand | None = None
        self._sheet: CaseSheet | None = None
        self._pending: tuple[str, Mapping[str, str]] | None = None
        self._held: dict[UUID, tuple[str, ...]] = {}
        session.case_changed.connect(self.read)
        session.who_changed.connect(self.reread)
        bridge.failed.connect(self.failed)
        photos.stored.connect(self._on_stored)

    @property
    def sheet(self) -> CaseSheet | None:
        """The sheet of the chosen case, if it has been read."""
        return self._sheet

    def read(self, case: UUID | None) -> None:
        """Read the sheet of a case."""
        if case is None:
            self._sheet = None
        else:
            self._bridge.ask(OpenSheet(case, self._session.actor), self._on_sheet, self._on_failed)

    def reread(self) -> None:
        """Read the chosen case again, as after a change or in another role."""
        case = self._session.case
        if case is not None:
            self._bridge.ask(OpenSheet(case, self._session.actor), self._on_sheet, self._on_failed)

    def follow(self, delta: StoreDelta) -> None:
        """Read again if the chosen case is among what changed."""
        if self._session.case in delta.cases:
            self.reread()

    def accept(self) -> None:
        """Accept the suggestion: file and dispatch."""
        case = self._need_case()
        if case is not None:
            self._bridge.submit(AcceptSuggestion(self._session.actor, case))

    def move(self, name: str, fields: Mapping[str, str]) -> None:
        """Take a move of the workflow with the photos dropped for it."""
        case = self._need_case()
        if case is not None:
            photos = self._held.pop(case, ())
            command = ActOnCase(self._session.actor, case, name, dict(fields), photos)
            self._bridge.submit(command, None, partial(self._on_refused, case, photos))

    def beside(self, verb: str, digest: str, fields: Mapping[str, str]) -> None:
        """Answer a request, give a task or take a step of one, beside the chosen case's step."""
        case, actor = self._need_case(), self._session.actor
        if case is None:
            return
        words = next((fields[one] for one in ("note", "reason", "words") if one in fields), "")
        if verb == "task_give":
            unit, person = UUID(fields["unit"]), UUID(fields["person"])
            self._bridge.submit(GiveTask(actor, case, unit, words, person), None, self._on_failed)
        elif verb.startswith("task_"):
            photos = self._held.pop(case, ()) if verb == "task_done" else ()
            step = TaskStep(actor, case, digest, verb, words, photos)
            self._bridge.submit(step, None, partial(self._on_refused, case, photos))
        else:
            answer = AnswerRequest(actor, case, digest, verb, words)
            self._bridge.submit(answer, None, self._on_failed)

    def choose_matter(self, code: str) -> None:
        """File the case under a matter."""
        self.move("file", {"matter": code})

    def send_to(self, person: Person) -> None:
        """Dispatch to a person chosen by hand, filing first where that is still to be done."""
        fields = {"person": str(person.uid)}
        if self._sheet is not None and self._sheet.state.step == "reported":
            self._pending = ("dispatch", fields)
            case = self._need_case()
            if case is not None:
                command = ActOnCase(self._session.actor, case, "file", {})
                self._bridge.submit(command, self._on_filed, self._on_failed)
        else:
            self.move("dispatch", fields)

    def undo(self) -> None:
        """Take back the last step of the chosen case."""
        case = self._need_case()
        if case is not None:
            self._bridge.submit(UndoLast(self._session.actor, case), self._on_undone)

    def report(self, command: ReportCase) -> None:
        """Take in a sighting."""
        self._bridge.submit(command, self._on_reported, self._on_failed)

    def ask_people(self) -> None:
        """Read who may be sent."""
        self._with_role("handler", self._on_handlers)

    def become(self, hand: NextHand) -> None:
        """Act as who can take the next step."""
        if hand.person is not None:
            self._session.become(hand.person, hand.name, hand.role)
        else:
            self._hand = hand
            self._with_role(hand.role, self._on_hands)

    def take_role(self, role: str) -> None:
        """Act in a role, as the first person who has it."""
        self.become(NextHand(role, None, tr(f"role.{role}")))

    def add_photos(self, paths: tuple[Path, ...]) -> None:
        """Store photos; they go with the next step."""
        if self._need_case() is not None:
            self._photos.store(paths)

    def hold_photos(self, case: UUID, digests: tuple[str, ...]) -> bool:
        """Let stored photos go with the next step of `case`; False if another is chosen now."""
        if case != self._session.case:
            return False
        self._on_stored(digests)
        return True

    @property
    def held_photos(self) -> tuple[str, ...]:
        """Photos stored that go with the next step of the chosen case."""
        case = self._session.case
        return self._held.get(case, ()) if case is not None else ()

    def _with_role(self, role: str, done: Any) -> None:
        if role in self._people:
            done(self._people[role])
        else:
            self._bridge.ask(Persons(role), done)

    def _on_handlers(self, people: tuple[Person, ...]) -> None:
        self._people["handler"] = people
        found = self._sheet.suggestion if self._sheet is not None else None
        unit = found.accountable.unit.uid if found is not None and found.accountable else None
        self.people_read.emit(tuple(sorted(people, key=lambda one: one.unit != unit)))

    def _on_hands(self, people: tuple[Person, ...]) -> None:
        hand = self._hand
        if hand is None:
            return
        self._people[hand.role] = people
        handled = self._sheet.state.handler if self._sheet else None
        fit = next((one for one in people if one.uid != handled), None)
        if fit is not None:
            self._session.become(fit.uid, fit.name, hand.role)
        else:
            self._session.become(NOBODY, tr(f"role.{hand.role}"), hand.role)

    def _need_case(self) -> UUID | None:
        if self._session.case is None:
            self.failed.emit(NotFound("No case is chosen.", code="no_case"))
        return self._session.case

    def _on_sheet(self, sheet: CaseSheet) -> None:
        if sheet.row.uid == self._session.case:
            self._sheet = sheet
            self.sheet_read.emit(sheet)

    def _on_filed(self, _changes: Changes) -> None:
        if self._pending is not None:
            (name, fields), self._pending = self._pending, None
            self.move(name, fields)

    def _on_undone(self, changes: Changes) -> None:
        step = changes.cases[0].step if changes.cases else ""
        self.told.emit(tr("undo.done", move=tr_or(f"step.{step}", step)))

    def _on_reported(self, changes: Changes) -> None:
        if changes.cases:
            row = changes.cases[0]
            self.told.emit(tr("report.saved", receipt=row.receipt))
            self._session.choose(row.uid)
        self.reported.emit(changes)

    def _on_stored(self, digests: tuple[str, ...]) -> None:
        case = self._session.case
        if case is not None:
            self._held[case] = (*self._held.get(case, ()), *digests)
        if self._sheet is not None:
            self.sheet_read.emit(self._sheet)

    def _on_refused(self, case: UUID, photos: tuple[str, ...], error: BaseException) -> None:
        """Hold the photos of a step that was not taken for the next try."""
        if photos:
            self._held[case] = (*photos, *self._held.get(case, ()))
        self.failed.emit(error)

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)
