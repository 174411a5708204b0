"""Keeps the truth in order: a checkpoint a day, what was too early, what the map lacks."""

from __future__ import annotations

from collections.abc import Callable

from app.runtime.core import Core
from app.runtime.health import HealthItem
from app.services.commands import ReleaseDue, SignCheckpoint
from app.services.ports import City
from app.services.questions import Quarantine
from app.services.views import Apart

_HOUR_MS = 3_600_000


class Upkeep:
    """Call it at a steady beat; `playing` tells whether this process holds the role now."""

    def __init__(self, core: Core, playing: Callable[[], bool]) -> None:
        self._core = core
        self._playing = playing
        self._hour: int | None = None
        self._apart = 0

    def __call__(self) -> None:
        """Count what is kept apart; release what is due; sign, if the day has none yet.

        The first beat only counts, so that a city opens without waiting for a signature.
        """
        now = self._core.now_ms
        apart: tuple[Apart, ...] = self._core.ask(Quarantine()).result()
        self._apart = len(apart)
        first, hour = self._hour is None, now // _HOUR_MS
        if self._playing():
            if any(one.release_ms is not None and one.release_ms <= now for one in apart):
                self._core.submit(ReleaseDue()).result()
            if not first and hour != self._hour:
                self._core.submit(SignCheckpoint()).result()
        if not first:
            self._core.with_city(_let_map_follow).result()
        self._hour = -1 if first else hour

    def health(self) -> HealthItem:
        """Return how many actions are kept apart."""
        return HealthItem("attention" if self._apart else "normal", "apart", count=self._apart)


def _let_map_follow(city: City) -> None:
    """Let the map take edits that it could not take at once."""
    city.edits.take()
