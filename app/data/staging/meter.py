"""How an import tells how far it is: rows, rows a second, and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with a stage, such as `parts · 1,200,000 rows · 180,000/s · 0:41 left`, and a share."""

_READ_SHARE = 0.9
"""Of the way, when all is read: indexes and the swap follow."""
_EVERY_S = 0.1


class Meter:
    """Tells `progress` of one import; rows that an earlier run read do not count for its speed."""

    def __init__(
        self, stage: str, progress: Progress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rows = 0
        self.resumed = 0
        self._stage = stage
        self._progress = progress
        self._clock = clock
        self._started = clock()
        self._told = 0.0
        self._share = 0.0
        self._first: float | None = None
        self.told_left: Callable[[float | None], None] = lambda _left: None
        progress(stage, 0.0)

    def read(self, done: int, total: int) -> None:
        """Take how much of the source is read."""
        share = min(done / total, 1.0) * _READ_SHARE if total else 0.0
        if self._first is None:
            self._first = share
        self._share = max(share, self._share)
        self._tell()

    def stored(self, rows: int) -> None:
        """Take how many rows are on their way into the map."""
        self.rows = rows
        self._tell()

    def end(self) -> None:
        """Tell that all is done."""
        self._progress(self._text(), 1.0)

    def _tell(self) -> None:
        now = self._clock()
        if now - self._told >= _EVERY_S:
            self._told = now
            self._progress(self._text(), self._share)
            self.told_left(self.left_s())

    def _text(self) -> str:
        spent = max(self._clock() - self._started, 1e-3)
        rate = max(self.rows - self.resumed, 0) / spent
        text = f"{self._stage} · {self.rows:,} rows · {rate:,.0f}/s"
        left = self.left_s()
        return text if left is None else f"{text} · {int(left) // 60}:{int(left) % 60:02} left"

    def left_s(self) -> float | None:
        """Return the seconds that are left, None while nobody can know."""
        way = self._share - (self._first or 0.0)
        if way <= 0.005 or self._share >= _READ_SHARE:
            return None
        return (self._clock() - self._started) / way * (1.0 - self._share)
