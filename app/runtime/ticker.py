"""A thread that does one thing at a steady beat: timers, escalation, the simulated shift."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from app.runtime.jobs import ErrorHook, guarded, log_unexpected


class Ticker:
    """Calls `beat` every `period_s` seconds on a thread of its own until closed.

    A beat that takes longer than the period is followed by the next one at once; missed beats
    are not made up for.
    """

    def __init__(
        self,
        name: str,
        period_s: float,
        beat: Callable[[], object],
        *,
        on_error: ErrorHook = log_unexpected,
    ) -> None:
        self._period_s = period_s
        self._beat = beat
        self._on_error = on_error
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop after the beat that runs; True if it ended in time. May be called twice."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _live(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            guarded(self._beat, self._on_error)
            due = max(due + self._period_s, time.monotonic())
