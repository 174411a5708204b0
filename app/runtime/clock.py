"""A clock that goes on only when told: the same run, to the millisecond, every time."""

from __future__ import annotations


class VirtualClock:
    """Fulfils `ports.NowMs`. Set by one thread; others may read it."""

    def __init__(self, start_ms: int) -> None:
        self._ms = start_ms

    def __call__(self) -> int:
        """Return the present, Unix ms."""
        return self._ms

    def advance(self, ms: int) -> int:
        """Go on by `ms` and return the new present; time never goes back."""
        self._ms += max(ms, 0)
        return self._ms
