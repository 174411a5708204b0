"""Keeps a station's picture: opens with all open cases, follows changes, lets time pass."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.people import Person, Shift
from app.services.changes import CaseRow, Changes
from app.services.ports import City
from app.services.questions import ListCases, OpenCases, Persons
from app.services.views import CasePage, CaseQuery
from app.shell.bridge import Bridge
from app.shell.session import NOBODY, Session
from app.store import Store, StoreDelta
from widgets.words import named

_TICK_MS = 1000
_PAGE = 500
_PORTION = 1500
_SOON_EVERY = 15  # ticks between looks at what has become due soon


class Feed(QObject):
    """`delta` carries each `StoreDelta`; `ticked` comes once a second; `opened` once."""

    delta = Signal(object)
    ticked = Signal()
    opened = Signal()
    failed = Signal(object)

    def __init__(self, bridge: Bridge, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.store = Store()
        self.shifts: tuple[Shift, ...] = ()
        self.is_open = False
        self._bridge = bridge
        self._session = session
        self._cursor: str | None = ""
        self._asking = False
        self._beats = 0
        self._pouring: list[CaseRow] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._beat)
        bridge.changed.connect(self._on_changes)
        session.who_changed.connect(self._on_who)

    def start(self) -> None:
        """Read what is open and who is on the rolls; time begins to pass."""
        self.store.tick(self._bridge.now_ms())
        self._bridge.ask(OpenCases(), self._on_open, self._on_failed)
        if self._session.actor.person == NOBODY:
            self._bridge.ask(Persons(self._session.actor.role), self._on_persons)
        self._bridge.with_city(_shifts, self._on_shifts)
        self._timer.start(_TICK_MS)

    def stop(self) -> None:
        """Let time stand still."""
        self._timer.stop()

    def more(self) -> None:
        """Read the next page of all cases, closed ones too."""
        if self._cursor is None or self._asking:
            return
        self._asking = True
        query = CaseQuery(tab="all", now_ms=self._bridge.now_ms(), limit=_PAGE, after=self._cursor)
        self._bridge.ask(ListCases(query), self._on_page, self._on_failed)

    def shift_words(self, hour: float) -> str:
        """Return name and hours of the shift that holds a local hour, empty if unknown."""
        for shift in self.shifts:
            begins = shift.start.hour + shift.start.minute / 60
            ends = shift.end.hour + shift.end.minute / 60
            inside = begins <= hour < ends if begins < ends else hour >= begins or hour < ends
            if inside:
                return f"{named(shift.name)} {shift.start:%H:%M}–{shift.end:%H:%M}"
        return ""

    def _beat(self) -> None:
        self._beats += 1
        if self._beats % _SOON_EVERY == 0:
            self._tell(self.store.tick(self._bridge.now_ms()))
        self.ticked.emit()

    def _tell(self, delta: StoreDelta) -> None:
        self.delta.emit(delta)

    def _on_changes(self, changes: Changes) -> None:
        self._tell(self.store.apply(changes))

    def _on_open(self, rows: tuple[CaseRow, ...]) -> None:
        self._pouring = list(rows)
        self._pour()

    def _pour(self) -> None:
        """Take rows in by portions, so that the window's loop goes on between them."""
        portion, self._pouring = self._pouring[:_PORTION], self._pouring[_PORTION:]
        self._tell(self.store.apply(Changes(cases=tuple(portion))))
        if self._pouring:
            QTimer.singleShot(0, self, self._pour)
        else:
            self.is_open = True
            self.opened.emit()

    def _on_page(self, page: CasePage) -> None:
        self._asking = False
        self._cursor = page.cursor or None
        self._tell(self.store.apply(Changes(cases=page.rows)))

    def _on_persons(self, people: tuple[Person, ...]) -> None:
        if people and self._session.actor.person == NOBODY:
            role = self._session.actor.role
            self._session.become(people[0].uid, people[0].name, role)

    def _on_shifts(self, shifts: tuple[Shift, ...]) -> None:
        self.shifts = shifts
        self.ticked.emit()

    def _on_who(self) -> None:
        actor = self._session.actor
        self._tell(self.store.look_from(actor.person, actor.role))

    def _on_failed(self, error: BaseException) -> None:
        self._asking = False
        self.failed.emit(error)


def _shifts(city: City) -> tuple[Shift, ...]:
    with city.begin(write=False) as uow:
        return tuple(uow.directory.shifts())
