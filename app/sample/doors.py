"""Doors: addresses along named streets, odd numbers on one side and even on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.sample.furniture import Way
from app.sample.gazetteer import gazetteer
from app.sample.roads import Roads

Floats = NDArray[np.float64]
_STEP = 10.0  # metres from door to door on one side; numbers rise by two
_SETBACK = 5.5
WANTED_HOUSES = frozenset({("长乐路", 613), ("高安路", 18)})
"""Lanes whose houses are all listed."""


@dataclass(frozen=True)
class Doors:
    """Doors in local metres.

    Attributes:
        x, y: float64, shape (n,).
        road: names, number: int64, lane: int64 (弄, 0 for none); shape (n,).
        kept: bool, shape (n,): numbers that must stay what they are.
    """

    x: Floats
    y: Floats
    road: NDArray[np.object_]
    number: NDArray[np.int64]
    lane: NDArray[np.int64]
    kept: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many."""
        return len(self.x)


def make_doors(
    roads: Roads, way: Way, spacing: float, frame: CityFrame, rng: np.random.Generator
) -> Doors:
    """Put doors along all named streets, one in `spacing` metres a side where the way is full."""
    xs: list[Floats] = []
    ys: list[Floats] = []
    names: list[str] = []
    numbers: list[int] = []
    last: dict[str, int] = {}
    known = {road.name: road for road in gazetteer().roads if road.numbers}
    able = (roads.name != "") & ~np.isin(roads.kind, ("expressway", "metro"))
    total = way.full[way.first[1:] - 1] - way.full[way.first[:-1]]
    for i in np.flatnonzero(able & (total > _STEP)).tolist():
        span = slice(way.first[i], way.first[i + 1])
        run = way.run[span] - way.run[way.first[i]]
        full = way.full[span] - way.full[way.first[i]]
        name = str(roads.name[i])
        anchor = 0.0
        if name in known:
            anchor = roads.line[i].project(known[name].point(frame))
        wanted = known[name].numbers if name in known else ()
        start, per_metre = _numbering(wanted, anchor, last.get(name, 0))
        for side in (1, 0):
            mark = np.arange(spacing * float(rng.uniform(0.3, 1.0)), full[-1], spacing)
            at = np.interp(mark, full, run)
            number = start + 2 * np.floor(at * per_metre / 2).astype(np.int64) + side
            number, keep = np.unique(number, return_index=True)
            x, y = _beside(way.xy[span], run, at[keep], (roads.width[i] / 2 + _SETBACK, side))
            xs.append(x)
            ys.append(y)
            numbers += number.tolist()
            names += [name] * len(number)
        last[name] = max(numbers[-1], start) if numbers else start
    found = Doors(
        np.concatenate(xs), np.concatenate(ys), np.array(names, dtype=object), np.array(numbers),
        np.zeros(len(numbers), dtype=np.int64),
        np.zeros(len(numbers), dtype=bool),
    )  # fmt: skip
    return _with_wanted(found)


def _numbering(wanted: tuple[int, ...], anchor: float, last: int) -> tuple[int, float]:
    """Return the even number before a street's first door and how fast numbers rise a metre.

    The `wanted` numbers come to lie about `anchor` metres along; `last` is the highest number
    that an earlier part of the street has.
    """
    if last or not wanted:
        return (last // 2 + 1) * 2 if last else 0, 2 / _STEP
    middle = sum(wanted) / len(wanted)
    start = middle - anchor * 2 / _STEP
    if start >= 0:
        return int(start / 2) * 2, 2 / _STEP
    return 0, max(middle / max(anchor, 1.0), 0.04)


def _beside(xy: Floats, run: Floats, at: Floats, where: tuple[float, int]) -> tuple[Floats, Floats]:
    """Return points beside a line; `where` is the distance and 1 for left, 0 for right."""
    away, left = where
    k = np.clip(np.searchsorted(run, at, side="right"), 1, len(run) - 1)
    a, b = xy[k - 1], xy[k]
    ahead = (b - a) / np.maximum(np.hypot(*(b - a).T), 1e-9)[:, None]
    spot = a + ahead * (at - run[k - 1])[:, None]
    turn = away if left else -away
    return spot[:, 0] - ahead[:, 1] * turn, spot[:, 1] + ahead[:, 0] * turn


def _with_wanted(doors: Doors) -> Doors:
    """Give the nearest doors the numbers that known streets must have."""
    number, kept = doors.number.copy(), doors.kept.copy()
    for road in gazetteer().roads:
        mine = np.flatnonzero(doors.road == road.name) if road.numbers else np.empty(0, np.intp)
        for value in road.numbers:
            if len(mine):
                door = mine[np.argmin(np.abs(number[mine] - value))]
                number[door], kept[door] = value, True
    return Doors(doors.x, doors.y, doors.road, number, doors.lane, kept)
