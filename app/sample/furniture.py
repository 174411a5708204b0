"""Where parts stand: along each street, class by class, at believable spacings.

Every street has a fullness, 1 where all its parts are in the city and less where only some are.
Spacings are kept in metres weighted by fullness, so that rows thin out instead of breaking off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.part_kinds import PartKind
from app.sample.roads import Roads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_OFFSET = {"lane": -0.25, "kerb": 0.7, "footway": 2.4, "front": 4.2, "lot": 13.0}
_DENSE_BELOW = 26.0
_FAST_OK = frozenset({"0118", "0209", "0136", "0214", "0215", "0211"})
_WIDE_ONLY = frozenset({"0203", "0204", "0205", "0206", "0207", "0211", "0214", "0215", "0216"})


@dataclass(frozen=True)
class Way:
    """All roads as one run of straight pieces.

    Attributes:
        xy: float64, shape (v, 2), metres; `run` float64 (v,): metres from the very first corner.
        road: int64, shape (v,): the road of each corner. first: int64, shape (n + 1,).
        full, thick: float64, shape (v,): weighted metres from the first corner, with and without
            the thin background that stands in for far streets.
    """

    xy: Floats
    run: Floats
    road: Ints
    first: Ints
    full: Floats
    thick: Floats


@dataclass(frozen=True)
class Stand:
    """Parts in local metres: `x`, `y` float64 and `cls` uint8, shape (n,)."""

    x: Floats
    y: Floats
    cls: NDArray[np.uint8]

    def __len__(self) -> int:
        """How many."""
        return len(self.x)


def lay_way(roads: Roads, fullness: Floats, background: float) -> Way:
    """Weigh each piece of road by `fullness` at its end corners, shape (v,) over all corners."""
    xy, road = shapely.get_coordinates(roads.line, return_index=True)
    step = np.concatenate([[0.0], np.hypot(*np.diff(xy, axis=0).T)])
    step[np.concatenate([[True], road[1:] != road[:-1]])] = 0.0
    share = fullness.copy()
    share[1:] = (fullness[1:] + fullness[:-1]) / 2
    first = np.searchsorted(road, np.arange(len(roads) + 1))
    thin = np.maximum(share, background)
    return Way(xy, np.cumsum(step), road, first, np.cumsum(step * thin), np.cumsum(step * share))


def place_parts(
    roads: Roads, way: Way, kinds: tuple[PartKind, ...], stretch: float, rng: np.random.Generator
) -> Stand:
    """Stand parts along `roads`, spacings multiplied by `stretch`."""
    found = [
        _at_corners(roads, way, kind, stretch, rng)
        if kind.line == "corner"
        else _along(roads, way, kind, stretch, rng)
        for kind in kinds
    ]
    return Stand(
        np.concatenate([s.x for s in found]),
        np.concatenate([s.y for s in found]),
        np.concatenate([s.cls for s in found]),
    )


@dataclass(frozen=True)
class Demand:
    """How many parts a full metre of each road asks for, float64, shape (n,).

    `thick` for classes that stand close, which the thin background leaves out; `full` for others.
    """

    thick: Floats
    full: Floats

    def parts(self, way: Way) -> float:
        """Return about how many parts `place_parts` would stand along `way` unstretched."""
        total = 0.0
        for run, rate in ((way.thick, self.thick), (way.full, self.full)):
            total += float(((run[way.first[1:] - 1] - run[way.first[:-1]]) * rate).sum())
        return total * 1.03


def demand_of(roads: Roads, kinds: tuple[PartKind, ...]) -> Demand:
    """Add up the frequencies of all classes, road by road."""
    thick, full = np.zeros(len(roads)), np.zeros(len(roads))
    for kind in kinds:
        if kind.spacing:
            into = thick if kind.spacing < _DENSE_BELOW else full
            into[_roads_for(roads, kind)] += _sides(kind) / kind.spacing
    return Demand(thick, full)


def _sides(kind: PartKind) -> int:
    return 2 if kind.line in ("kerb", "footway", "front") else 1


def _roads_for(roads: Roads, kind: PartKind) -> NDArray[np.bool_]:
    """Tell which roads have parts of `kind` at all."""
    fast = roads.kind == "expressway"
    wanted = np.ones(len(roads), dtype=bool) if kind.code in _FAST_OK else ~fast
    if kind.code in _WIDE_ONLY:
        wanted &= roads.width >= 15
    elif kind.code == "0402":
        wanted &= roads.width >= 10
    elif kind.line in ("lot", "front"):
        wanted &= roads.width <= 26
    return np.asarray(wanted & (roads.kind != "metro"))


def _along(
    roads: Roads, way: Way, kind: PartKind, stretch: float, rng: np.random.Generator
) -> Stand:
    run = way.thick if kind.spacing < _DENSE_BELOW else way.full
    spacing = kind.spacing * stretch
    which = np.flatnonzero(_roads_for(roads, kind))
    begin = run[way.first[which]]
    length = run[way.first[which + 1] - 1] - begin
    rows = []
    for side in (-1.0, 1.0)[: _sides(kind)]:
        phase = rng.random(len(which)) * spacing
        count = np.maximum(np.floor((length - phase) / spacing) + 1, 0).astype(np.int64)
        road = np.repeat(np.arange(len(which)), count)
        step = np.arange(len(road)) - np.repeat(np.cumsum(count) - count, count)
        where = phase[road] + (step + rng.uniform(-0.06, 0.06, len(road))) * spacing
        where = np.clip(where, 0, length[road]) + begin[road]
        rows.append((which[road], where, np.full(len(road), side)))
    road, at, sides = (np.concatenate(column) for column in zip(*rows, strict=True))
    if _sides(kind) == 1:
        sides = rng.choice([-1.0, 1.0], len(road))
    return _stand(roads, way, run, road, at, sides, kind, rng)


def _stand(
    roads: Roads,
    way: Way,
    run: Floats,
    road: Ints,
    at: Floats,
    side: Floats,
    kind: PartKind,
    rng: np.random.Generator,
) -> Stand:
    """Turn weighted metres along roads into points beside them."""
    last = way.first[road + 1] - 1
    end = np.clip(np.searchsorted(run, at, side="right"), way.first[road] + 1, last)
    a, b = way.xy[end - 1], way.xy[end]
    piece = run[end] - run[end - 1]
    t = np.clip((at - run[end - 1]) / np.maximum(piece, 1e-9), 0, 1)
    ahead = b - a
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    width = roads.width[road]
    offset = _OFFSET[kind.line]
    reach = width * 0.25 if kind.line == "lane" else width / 2 + offset
    reach = reach + rng.normal(0, 2.0 if kind.line == "lot" else 0.15, len(road))
    spot = a + t[:, None] * (b - a)
    return Stand(
        spot[:, 0] - ahead[:, 1] * reach * side,
        spot[:, 1] + ahead[:, 0] * reach * side,
        np.full(len(road), kind.index, dtype=np.uint8),
    )


def _at_corners(
    roads: Roads, way: Way, kind: PartKind, stretch: float, rng: np.random.Generator
) -> Stand:
    """Stand parts where streets end at others: signs anywhere, lights where streets are wide."""
    able = (roads.kind != "expressway") & (roads.kind != "metro")
    able &= roads.width >= (9 if kind.code == "0213" else 15)
    which = np.flatnonzero(able)
    xs, ys = [], []
    for corner, turn in ((0, 1.0), (-1, -1.0)):
        at = way.first[which] if corner == 0 else way.first[which + 1] - 1
        nb = at + (1 if corner == 0 else -1)
        piece = np.abs(way.run[at] - way.run[nb])
        share = np.abs(way.full[at] - way.full[nb]) / np.maximum(piece, 1e-9)
        keep = rng.random(len(which)) < share / stretch * (0.5 if kind.code == "0217" else 1.0)
        here, there = way.xy[at[keep]], way.xy[nb[keep]]
        ahead = there - here
        ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
        half = roads.width[which[keep]] / 2 + 1.2
        back = half + (1.5 if kind.code == "0213" else 0.0)
        for side in (-1.0, 1.0):
            xs.append(here[:, 0] + ahead[:, 0] * back - ahead[:, 1] * half * side * turn)
            ys.append(here[:, 1] + ahead[:, 1] * back + ahead[:, 0] * half * side * turn)
    x, y = np.concatenate(xs), np.concatenate(ys)
    return Stand(x, y, np.full(len(x), kind.index, dtype=np.uint8))
