"""The one place where Qt meets the runtime.

Lanes call from their own threads; everything crosses on one queued signal and arrives in bound
methods on the window's thread. A burst of changes becomes one delivery. What a request was for
may be gone when its answer comes (a closed panel): then the answer is dropped.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, Protocol

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.runtime.health import HealthItem
from app.services.changes import Changes
from app.services.commands import Command
from app.services.ports import City
from app.services.views import CityFacts

Done = Callable[[Any], None]
Failed = Callable[[BaseException], None]


class Core(Protocol):
    """What the window needs of a running city; `app.runtime.core.Core` fulfils it."""

    facts: CityFacts

    @property
    def now_ms(self) -> int: ...

    def submit(self, command: Command) -> Future[Changes]: ...

    def ask(self, question: object) -> Future[Any]: ...

    def run(self, work: Callable[..., Any]) -> Future[Any]: ...

    def with_city(self, work: Callable[[City], Any]) -> Future[Any]: ...

    def subscribe(self, listener: Callable[[Changes], None]) -> None: ...

    def unsubscribe(self, listener: Callable[[Changes], None]) -> None: ...

    def health(self) -> Mapping[str, HealthItem]: ...


class Bridge(QObject):
    """Sends commands and questions down and brings changes and answers up.

    `changed` carries one `Changes` with all that came since the last delivery. `failed` carries
    the error of a request that brought no handler of its own. Of every command `commanded` tells
    its ticket when it is handed down, and `carried_out` or `refused` what became of it.
    """

    changed = Signal(object)
    failed = Signal(object)
    commanded = Signal(int, object)  # ticket, Command
    carried_out = Signal(int, object)  # ticket, Changes
    refused = Signal(int, object)  # ticket, error
    _knocked = Signal()
    _answered = Signal(int, object)

    def __init__(self, core: Core, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.core = core
        self._inbox: deque[Changes] = deque()
        self._lock = threading.Lock()
        self._tickets = itertools.count(1)
        self._waiting: dict[int, tuple[Done | None, Failed | None]] = {}
        self._commands: set[int] = set()
        self._open = True
        queued = Qt.ConnectionType.QueuedConnection
        self._knocked.connect(self._deliver, queued)
        self._answered.connect(self._settle, queued)
        core.subscribe(self._on_changes)

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._waiting)

    def now_ms(self) -> int:
        """Return the present as the core sees it."""
        return self.core.now_ms

    def submit(
        self, command: Command, done: Done | None = None, failed: Failed | None = None
    ) -> None:
        """Have a command carried out; `done(changes)` or `failed(error)` follow."""
        ticket = next(self._tickets)
        self._commands.add(ticket)
        self.commanded.emit(ticket, command)
        self._follow(ticket, self.core.submit(command), done, failed)

    def ask(self, question: object, done: Done, failed: Failed | None = None) -> None:
        """Have a question answered."""
        self.follow(self.core.ask(question), done, failed)

    def run(self, work: Callable[[], Any], done: Done, failed: Failed | None = None) -> None:
        """Have a kernel that leaves the GIL run on the pool."""
        self.follow(self.core.run(work), done, failed)

    def with_city(
        self, work: Callable[[City], Any], done: Done, failed: Failed | None = None
    ) -> None:
        """Have `work` read the open city on the database thread."""
        self.follow(self.core.with_city(work), done, failed)

    def close(self) -> None:
        """Hear no more; answers still to come are dropped."""
        self._open = False
        self.core.unsubscribe(self._on_changes)
        self._waiting.clear()
        self._commands.clear()
        self._inbox.clear()

    def follow(self, future: Future[Any], done: Done | None, failed: Failed | None = None) -> None:
        """Bring the result of `future`, from whichever thread, to this one."""
        self._follow(next(self._tickets), future, done, failed)

    def _follow(
        self, ticket: int, future: Future[Any], done: Done | None, failed: Failed | None
    ) -> None:
        self._waiting[ticket] = (done, failed)
        future.add_done_callback(_Postman(self, ticket))

    def _post(self, ticket: int, future: Future[Any]) -> None:
        """Hand an answer over; runs on a lane's thread."""
        if self._open and shiboken6.isValid(self):
            self._answered.emit(ticket, future)

    def _on_changes(self, changes: Changes) -> None:
        """Take changes from a lane's thread; knock once for many."""
        with self._lock:
            first = not self._inbox
            self._inbox.append(changes)
        if first and self._open and shiboken6.isValid(self):
            self._knocked.emit()

    @Slot()
    def _deliver(self) -> None:
        with self._lock:
            held = list(self._inbox)
            self._inbox.clear()
        if held and self._open:
            self.changed.emit(held[0] if len(held) == 1 else join(held))

    @Slot(int, object)
    def _settle(self, ticket: int, future: Future[Any]) -> None:
        done, failed = self._waiting.pop(ticket, (None, None))
        try:
            error = future.exception()
        except CancelledError:
            return
        if ticket in self._commands:
            self._commands.discard(ticket)
            outcome = self.carried_out if error is None else self.refused
            outcome.emit(ticket, future.result() if error is None else error)
        if error is not None:
            (failed if failed is not None and _lives(failed) else self.failed.emit)(error)
        elif done is not None and _lives(done):
            done(future.result())


class _Postman:
    """Carries one future's result to the bridge; a plain object, so that no cycle forms."""

    def __init__(self, bridge: Bridge, ticket: int) -> None:
        self._bridge = bridge
        self._ticket = ticket

    def __call__(self, future: Future[Any]) -> None:
        self._bridge._post(self._ticket, future)


def _lives(callback: Callable[..., object]) -> bool:
    owner = getattr(callback, "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)


def join(many: list[Changes]) -> Changes:
    """Return one `Changes` that says the same as several in order; the newest row of each wins."""
    cases = {row.uid: row for one in many for row in one.cases}
    units = {row.uid: row for one in many for row in one.units}
    signs = {(row.code, row.area): row for one in many for row in one.signs}
    gone = dict.fromkeys(uid for one in many for uid in one.gone)
    return Changes(
        revision=max(one.revision for one in many),
        cases=tuple(cases.values()),
        gone=tuple(gone),
        units=tuple(units.values()),
        signs=tuple(signs.values()),
        map_changed=any(one.map_changed for one in many),
        parts=tuple({row.uid: row for one in many for row in one.parts}.values()),
        readings=sum(one.readings for one in many),
        addresses=tuple(dict.fromkeys(uid for one in many for uid in one.addresses)),
        notes=tuple(note for one in many for note in one.notes),
    )
