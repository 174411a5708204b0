"""Keeps a piece of a base map for use offline: how much it is, said first; then tile by tile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.domain.basemaps import BaseMap
from app.domain.camera import Bounds
from app.domain.errors import InvalidInput
from app.engines.basemap import DrawsBase, pixels_of, view_of
from app.engines.basemap_cache import (
    COARSEST,
    FINEST,
    SIDE,
    BaseKey,
    BaseMapCache,
    Stored,
    base_keys,
    keys_count,
    shelf_name,
    stamp_of,
)

MOST_TILES = 5_000  # of one go; more is for a copy of the data, not for a picture of them
_GUESS = 180_000  # bytes of a tile of which nothing is known


@dataclass(frozen=True)
class KeepPlan:
    """What keeping a piece takes: tiles in all, of which `there` are kept already, and bytes."""

    keys: tuple[BaseKey, ...]
    there: int
    bytes: int


@dataclass(frozen=True)
class Kept:
    """What was kept: tiles drawn now, tiles that were there, bytes written."""

    drawn: int
    there: int
    bytes: int
    cancelled: bool


class BaseMapKeeper:
    """Keeps pieces of one base map in one city's frame (degrees)."""

    def __init__(
        self, base: BaseMap, draws: DrawsBase, cache: BaseMapCache, lon0: float, lat0: float
    ) -> None:
        self._base, self._draws, self._cache = base, draws, cache
        self._lon0, self._lat0 = lon0, lat0
        self._shelf = shelf_name(base, lon0, lat0)

    def plan(self, box: Bounds, levels: Sequence[int]) -> KeepPlan:
        """Return what keeping `box` (local metres) at these levels takes.

        Raises `InvalidInput` for a level out of range or more than `MOST_TILES` tiles.
        """
        for level in levels:
            if not FINEST <= level <= COARSEST:
                raise InvalidInput(
                    f"Level {level} is not within {FINEST} to {COARSEST}.", field="levels"
                )
        count = sum(keys_count(level, box) for level in levels)
        if count > MOST_TILES:
            raise InvalidInput(
                f"That would be {count:,} tiles; at most {MOST_TILES:,} are kept in one go.",
                advice="Take a smaller area or fewer levels.",
                field="levels",
            )
        keys = tuple(key for level in sorted(levels, reverse=True) for key in base_keys(level, box))
        there = sum(self._cache.holds(self._shelf, key, kept=True) for key in keys)
        tiles, held = self._cache.bytes_of(self._shelf)
        each = held / tiles if tiles else _GUESS
        return KeepPlan(keys, there, round(each * (count - there)))

    def keep(
        self,
        plan: KeepPlan,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Kept:
        """Draw and keep what is missing; `progress(done, total)` after each tile.

        Tiles kept so far stay when it is cancelled or fails. Raises what drawing raises.
        """
        drawn = there = size = 0
        for number, key in enumerate(plan.keys, 1):
            if cancelled():
                return Kept(drawn, there, size, cancelled=True)
            if self._cache.holds(self._shelf, key, kept=True):
                there += 1
            else:
                size += self._keep_one(key)
                drawn += 1
            progress(number, len(plan.keys))
        return Kept(drawn, there, size, cancelled=False)

    def _keep_one(self, key: BaseKey) -> int:
        stamp = stamp_of(self._base)
        view = view_of(key, self._lon0, self._lat0)
        frame = self._draws.render_base(self._base, view, SIDE, SIDE).result()
        stored = Stored(pixels_of(frame), time.time(), stamp)
        return self._cache.write(self._shelf, key, stored, keep=True)
