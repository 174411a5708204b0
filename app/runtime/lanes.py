"""The two lanes: commands and questions on the database thread, batches beside it.

`DatabaseLane` is one thread that owns an open city: it opens, uses and closes it, so that no
connection ever crosses a thread. Commands go before questions, but after `FAIR` commands in a
row one question gets its turn, so that a burst of writes leaves no window without answers.

`BatchLane` is one thread fed by a bounded queue of readings and positions. It takes all that
waits at once, hands it on as one transaction and publishes one `Changes`. When the queue is
full the newest batch is refused and counted: `refused` says so in the status strip.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.domain.errors import Unavailable
from app.runtime.batches import Batch
from app.runtime.jobs import ErrorHook, guarded, log_unexpected, settle

T = TypeVar("T")
Owned = TypeVar("Owned")
FAIR = 8


def closed_error() -> Unavailable:
    """Return what is told to those who ask after the end."""
    return Unavailable("The city is closed; nothing was changed.", advice="Open it again.")


@dataclass
class _Watch(Generic[Owned]):
    period_s: float
    look: Callable[[Owned], None]
    due: float


class DatabaseLane(Generic[Owned]):
    """One thread that owns what `opening` returns.

    The constructor waits until it is open and raises what opening raised.
    """

    def __init__(
        self,
        opening: Callable[[], Owned],
        closing: Callable[[Owned], None],
        *,
        on_error: ErrorHook = log_unexpected,
        name: str = "database",
    ) -> None:
        self._on_error = on_error
        self._turn = threading.Condition()
        self._first: deque[tuple[Future[object], Callable[[Owned], object]]] = deque()
        self._second: deque[tuple[Future[object], Callable[[Owned], object]]] = deque()
        self._in_a_row = 0
        self._watch: _Watch[Owned] | None = None
        self._closing = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._live, args=(opening, closing, opened), name=name, daemon=True
        )
        self._thread.start()
        opened.result()

    def call(self, work: Callable[[Owned], T], *, first: bool = False) -> Future[T]:
        """Run `work` on the thread with what it owns; `first` puts it before all questions.

        Errors come out of the future as `AppError`; after `close` it is `Unavailable`.
        """
        future: Future[T] = Future()
        with self._turn:
            if self._closing:
                future.set_exception(closed_error())
                return future
            queue = self._first if first else self._second
            queue.append((future, work))  # type: ignore[arg-type]  # Future is not covariant
            self._turn.notify()
        return future

    def watch(self, period_s: float, look: Callable[[Owned], None]) -> None:
        """Call `look` on the thread every `period_s` seconds, between jobs."""
        with self._turn:
            self._watch = _Watch(period_s, look, time.monotonic() + period_s)
            self._turn.notify()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._first) + len(self._second)

    def close(self, timeout_s: float) -> bool:
        """Finish the commands that wait, drop the questions, close; True if done in time."""
        with self._turn:
            self._closing = True
            dropped = list(self._second)
            self._second.clear()
            self._turn.notify()
        for future, _ in dropped:
            if future.set_running_or_notify_cancel():
                future.set_exception(closed_error())
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _live(
        self,
        opening: Callable[[], Owned],
        closing: Callable[[Owned], None],
        opened: Future[None],
    ) -> None:
        owned: list[Owned] = []
        settle(opened, lambda: owned.append(opening()), self._on_error)
        if not owned:
            return
        try:
            while self._step(owned[0]):
                pass
        finally:
            guarded(lambda: closing(owned[0]), self._on_error)

    def _step(self, owned: Owned) -> bool:
        job = self._next()
        if job is not None:
            future, work = job
            settle(future, lambda: work(owned), self._on_error)
            return True
        if self._closing:
            return False
        watch = self._watch
        if watch is not None:
            guarded(lambda: watch.look(owned), self._on_error)
            watch.due = time.monotonic() + watch.period_s
        return True

    def _next(self) -> tuple[Future[object], Callable[[Owned], object]] | None:
        """Wait for the next job; None when a look is due or the lane closes."""
        with self._turn:
            while True:
                left = self._watch.due - time.monotonic() if self._watch else None
                if left is not None and left <= 0 and not self._closing:
                    return None
                if self._second and (not self._first or self._in_a_row >= FAIR):
                    self._in_a_row = 0
                    return self._second.popleft()
                if self._first:
                    self._in_a_row += 1
                    return self._first.popleft()
                if self._closing:
                    return None
                self._turn.wait(left)


class BatchLane:
    """One thread that takes batches in, all that wait at a time.

    `take` gets them in order of arrival (one transaction, one `Changes`, published by it).
    """

    def __init__(
        self,
        take: Callable[[Sequence[Batch]], None],
        *,
        room: int = 256,
        on_error: ErrorHook = log_unexpected,
    ) -> None:
        self._take = take
        self._room = room
        self._on_error = on_error
        self._turn = threading.Condition()
        self._queue: deque[Batch] = deque()
        self._closing = False
        self._busy = False
        self.taken = 0
        self.refused = 0
        self._thread = threading.Thread(target=self._live, name="batches", daemon=True)
        self._thread.start()

    def offer(self, batch: Batch, timeout_s: float = 0.0) -> bool:
        """Put a batch on the queue, waiting up to `timeout_s` for room.

        False, and counted in `refused`, if there is none: the feed must slow down or retry.
        """
        with self._turn:
            room = self._turn.wait_for(
                lambda: self._closing or len(self._queue) < self._room, timeout_s
            )
            if not room or self._closing:
                self.refused += 1
                return False
            self._queue.append(batch)
            self._turn.notify_all()
            return True

    @property
    def waiting(self) -> int:
        """How many batches wait."""
        return len(self._queue)

    def drain(self, timeout_s: float) -> bool:
        """Wait until all that was offered is taken in; True if done in time."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._queue and not self._busy, timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Take in what waits, then stop; True if done in time."""
        with self._turn:
            self._closing = True
            self._turn.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _live(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return
                batches = list(self._queue)
                self._queue.clear()
                self._busy = True
                self._turn.notify_all()
            guarded(lambda b=batches: self._take(b), self._on_error)  # type: ignore[misc]
            with self._turn:
                self._busy = False
                self.taken += len(batches)
                self._turn.notify_all()
