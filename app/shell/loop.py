"""The event loop's health: its gaps are measured, and garbage is collected when it is idle.

Python's cyclic collector may run in any thread and destroy Qt objects there, so it is switched
off and run by a timer on the window's thread.
"""

from __future__ import annotations

import gc
import time

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

_KEEP = 360_000  # an hour of ticks
_SETTLED_MS = 1_500  # after the start
_MOST_YOUNG = 25_000  # objects to look through at once: the collector takes 0.8 ms a thousand


class GapMeter(QObject):
    """Measures how long the loop leaves a 10 ms timer waiting, in ms beyond its interval."""

    def __init__(self, parent: QObject, interval_ms: int = 10) -> None:
        super().__init__(parent)
        self._interval = interval_ms
        self._gaps = np.zeros(_KEEP, np.float32)
        self._count = 0
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def count(self) -> int:
        """How many gaps were measured."""
        return min(self._count, _KEEP)

    @property
    def p99_ms(self) -> float:
        """The gap that 99 of 100 stay below; 0 before any was measured."""
        return float(np.percentile(self._gaps[: self.count], 99)) if self.count else 0.0

    @property
    def max_ms(self) -> float:
        """The longest gap."""
        return float(self._gaps[: self.count].max()) if self.count else 0.0

    def start(self) -> None:
        """Begin to measure."""
        self._last = time.perf_counter()
        self._timer.start(self._interval)

    def stop(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def reset(self) -> None:
        """Forget what was measured."""
        self._count = 0
        self._last = time.perf_counter()

    def _tick(self) -> None:
        now = time.perf_counter()
        gap = max(0.0, (now - self._last) * 1000 - self._interval)
        self._gaps[self._count % _KEEP] = gap
        self._count += 1
        self._last = now


class IdleCollector(QObject):
    """Owns the collector: young garbage every second, everything once nobody has touched us.

    What comes in bulk (the start itself, a city's open cases) is put aside and not looked through:
    it is values without cycles, and looking would hold the loop for more than 100 ms.
    """

    def __init__(self, parent: QObject, *, idle_s: float = 30.0) -> None:
        super().__init__(parent)
        self._idle_s = idle_s
        self._touched = self._full = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """Take the collector over; what exists a moment later is never looked at again."""
        gc.disable()
        self._timer.start()
        QTimer.singleShot(_SETTLED_MS, self, self._freeze)

    def stop(self) -> None:
        """Give the collector back."""
        self._timer.stop()
        gc.enable()
        gc.unfreeze()

    def _freeze(self) -> None:
        """Spare later collections what the start has made: the first picture comes before."""
        if self._timer.isActive():
            gc.freeze()

    def _collect(self) -> None:
        now = time.monotonic()
        if now - self._touched > self._idle_s and now - self._full > 10 * self._idle_s:
            self._full = now
            gc.collect()
        elif len(gc.get_objects(0)) > _MOST_YOUNG:
            gc.freeze()
        else:
            gc.collect(1)

    def touch(self) -> None:
        """Note that somebody is at work, so that no long collection begins."""
        self._touched = time.monotonic()
