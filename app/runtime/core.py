"""The core: the one object by which window, command line and `serve` reach a city.

Commands and questions go to the database lane, batches to the batch lane, everything else to
the pool. Every `Changes` (of our commands, of batches, of other processes on the same city) is
published to the subscribed listeners, on the lane's thread; a listener that lives elsewhere
(the window) hands it on with one queued signal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from app.runtime.batches import Batch
from app.runtime.health import HealthItem, HealthSource
from app.runtime.jobs import ErrorHook, guarded, log_unexpected, wall_ms
from app.runtime.lanes import BatchLane, DatabaseLane
from app.runtime.pool import Pool
from app.runtime.ticker import Ticker
from app.runtime.watcher import Watcher
from app.services.changes import Changes
from app.services.commands import Command
from app.services.ports import City, NowMs
from app.services.views import CityFacts

P = ParamSpec("P")
T = TypeVar("T")
Handle = Callable[[Command, City, int], Changes]
Answer = Callable[[Any, City, int], Any]
TakeBatches = Callable[[Sequence[Batch]], Changes]
Listener = Callable[[Changes], None]
WATCH_S = 0.2


class Core:
    """An open city with its lanes.

    Args:
        open_city: called once, on the database thread; what it raises the constructor raises.
        handle: turns a command into `Changes`.
        answer: answers a question.
        take_batches: stores and judges batches; without it none are taken.
        now_ms: the present in Unix ms; a virtual clock makes a run repeatable.
        watch_s: how often other processes' actions are looked for; 0 never.
        remote: whether the city is a PostgreSQL one.
        on_error: where errors go that nobody foresaw.
    """

    def __init__(
        self,
        open_city: Callable[[], City],
        handle: Handle,
        answer: Answer,
        *,
        take_batches: TakeBatches | None = None,
        now_ms: NowMs = wall_ms,
        watch_s: float = WATCH_S,
        remote: bool = False,
        on_error: ErrorHook = log_unexpected,
    ) -> None:
        self._handle = handle
        self._answer = answer
        self._take_batches = take_batches
        self._now_ms = now_ms
        self._remote = remote
        self._on_error = on_error
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()
        self._health: dict[str, HealthSource] = {}
        self._closers: list[Callable[[], object]] = []
        self._tickers: list[Ticker] = []
        self._closed = False
        self._greeting: Callable[[], Changes] | None = None
        self._since_ms = wall_ms()
        self._lane = DatabaseLane(open_city, _close_city, on_error=on_error)
        self._watcher = Watcher(self._publish)
        self.read_only = ""  # why nothing can be written, as who opened the city told
        self.facts: CityFacts = self._lane.call(self._meet).result()
        self._pool = Pool(on_error=on_error)
        self._batches = BatchLane(self._take, on_error=on_error)
        if watch_s > 0:
            self._lane.watch(watch_s, self._watcher.look)

    @property
    def now_ms(self) -> int:
        """The present as this core sees it, in Unix ms."""
        return self._now_ms()

    def submit(self, command: Command) -> Future[Changes]:
        """Carry out a command; its `Changes` are published before the future resolves."""
        return self._lane.call(lambda city: self._do(command, city), first=True)

    def ask(self, question: object) -> Future[Any]:
        """Answer a question (see `app.services.questions`)."""
        return self._lane.call(lambda city: self._answer(question, city, self._now_ms()))

    def with_city(self, work: Callable[[City], T]) -> Future[T]:
        """Run `work` with the open city on the database thread (imports, exports, checks)."""
        return self._lane.call(work)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a kernel that leaves the GIL on a pool thread."""
        return self._pool.run(work, *args, **kwargs)

    def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run what mostly waits (a script, a simulated shift) on one thread for that."""
        return self._pool.aside(work, *args, **kwargs)

    def run_heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run heavy Python in a process of its own."""
        return self._pool.run_heavy(work, *args, **kwargs)

    def offer(self, batch: Batch, timeout_s: float = 0.0) -> bool:
        """Put a batch on the queue; False, and counted, if there is no room."""
        return self._batches.offer(batch, timeout_s)

    def take_batches_by(self, take: TakeBatches) -> None:
        """Let `take` store and judge batches from now on, where it needs the open city itself."""
        self._take_batches = take

    def drain(self, timeout_s: float = 10.0) -> bool:
        """Wait until all offered batches are taken in; True if done in time."""
        return self._batches.drain(timeout_s)

    def every(self, name: str, period_s: float, beat: Callable[[], object]) -> Ticker:
        """Call `beat` every `period_s` seconds on a thread of its own until the core closes."""
        ticker = Ticker(name, period_s, beat, on_error=self._on_error)
        self._tickers.append(ticker)
        return ticker

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` of all changes from now on, on a lane's thread.

        What stands already (see `greet_with`) it is told at once, on this thread.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)
        if self._greeting is not None:
            greeting = self._greeting
            guarded(lambda: listener(greeting()), self._on_error)

    def greet_with(self, greeting: Callable[[], Changes]) -> None:
        """Tell each new listener what `greeting` returns: the signs as they stand."""
        self._greeting = greeting

    def unsubscribe(self, listener: Listener) -> None:
        """Tell `listener` no more; one that is not subscribed is no error."""
        with self._lock:
            self._listeners = tuple(one for one in self._listeners if one != listener)

    def publish(self, changes: Changes) -> None:
        """Tell all listeners of changes that came another way (a tailed file, a map import)."""
        self._publish(changes)

    def health(self) -> Mapping[str, HealthItem]:
        """Return the state of each part of the machine, by name."""
        items = {name: source() for name, source in self._health.items()}
        return {"database": self._database_health(), "batches": self._batch_health(), **items}

    def add_health(self, name: str, source: HealthSource) -> None:
        """Ask `source` for the item `name` whenever health is shown; it must answer at once."""
        self._health[name] = source

    def on_close(self, closer: Callable[[], object]) -> None:
        """Call `closer` when the core closes, last added first, before the lanes stop."""
        self._closers.append(closer)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Stop all in order: timers, owners added by `on_close`, batches, database, pools.

        Waiting commands are finished, questions dropped. Returns whether everything ended in
        time; calling it again is harmless.
        """
        if self._closed:
            return True
        self._closed = True
        done = [ticker.close(timeout_s) for ticker in self._tickers]
        for closer in reversed(self._closers):
            guarded(closer, self._on_error)
        done.append(self._batches.close(timeout_s))
        done.append(self._lane.close(timeout_s))
        done.append(self._pool.close(timeout_s))
        self._listeners = ()
        return all(done)

    def _meet(self, city: City) -> CityFacts:
        self._watcher.start(city)
        return city.facts

    def _do(self, command: Command, city: City) -> Changes:
        changes = self._handle(command, city, self._now_ms())
        self._watcher.note_own(changes)
        self._publish(changes)
        return changes

    def _take(self, batches: Sequence[Batch]) -> None:
        if self._take_batches is not None:
            self._publish(self._take_batches(batches))

    def _publish(self, changes: Changes) -> None:
        for listener in self._listeners:
            guarded(lambda tell=listener: tell(changes), self._on_error)  # type: ignore[misc]

    def _database_health(self) -> HealthItem:
        code = "database_remote" if self._remote else "database_local"
        state = "unknown" if self._closed else "normal"
        return HealthItem(state, code, count=self._lane.waiting, since_ms=self._since_ms)

    def _batch_health(self) -> HealthItem:
        refused = self._batches.refused
        state = "attention" if refused else "normal"
        return HealthItem(state, "batches", count=self._batches.waiting, total=refused)


def _close_city(city: City) -> None:
    city.close()
