"""Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014).

Orders actions of several devices so that cause stands before effect even when their wall
clocks disagree. Receiving never moves a clock by more than five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_JUMP_MS = 5 * 60 * 1000
MOST_COUNT = 99_999  # five digits, so that the text form sorts like the stamp


@dataclass(frozen=True, order=True)
class Stamp:
    """One reading: Unix milliseconds, a counter within them, and the device that read it."""

    ms: int
    count: int
    device: str

    def __str__(self) -> str:
        """Return the sortable text form."""
        return f"{self.ms:013d}.{self.count:05d}.{self.device}"

    @classmethod
    def parse(cls, text: str) -> Stamp:
        """Read the text form; raises ValueError if it is none."""
        ms, count, device = text.split(".", 2)
        return cls(int(ms), int(count), device)


class HybridClock:
    """The clock of one device. Not thread-safe: it lives on the database thread."""

    def __init__(self, device: str, last: Stamp | None = None) -> None:
        self._device = device
        self._ms = last.ms if last else 0
        self._count = last.count if last else 0

    def tick(self, now_ms: int) -> Stamp:
        """Return the stamp for something that happens here at wall time `now_ms`."""
        if now_ms > self._ms:
            self._ms, self._count = now_ms, 0
        elif self._count < MOST_COUNT:
            self._count += 1
        else:
            self._ms, self._count = self._ms + 1, 0
        return Stamp(self._ms, self._count, self._device)

    def receive(self, other: Stamp, now_ms: int) -> None:
        """Learn of a stamp from elsewhere, by at most `MAX_JUMP_MS` beyond the wall clock."""
        seen = min(other.ms, now_ms + MAX_JUMP_MS)
        if seen > self._ms:
            self._ms, self._count = seen, other.count if seen == other.ms else 0
        elif seen == self._ms:
            self._count = max(self._count, other.count)
