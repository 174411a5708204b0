"""Pipes and cables under the streets, from node to node, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.sample.furniture import Way
from app.sample.grids import share_out
from app.sample.roads import Roads
from app.sample.tables import batch, fixed_bytes, uids

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WATER, SEWAGE, STORM, GAS, POWER, TELECOM = 1, 2, 3, 4, 5, 6
DRAINS: Final = (SEWAGE, STORM)
_BATCH = 65_536
_SPACING = 17.0
# metres off the middle of the street as a share of its half width; diameters in mm
_OFFSET = {WATER: -0.7, SEWAGE: -0.25, STORM: 0.25, GAS: 0.6, POWER: 0.9, TELECOM: -0.95}
_SIZES = {
    WATER: (100, 150, 200, 300, 500, 800), SEWAGE: (300, 400, 600, 800, 1000, 1500),
    STORM: (300, 450, 600, 800, 1200, 2000), GAS: (110, 160, 200, 250, 300, 400),
    POWER: (100, 150, 150, 175, 175, 200), TELECOM: (90, 100, 110, 110, 110, 110),
}  # fmt: skip
_SHARE = {WATER: 20.0, SEWAGE: 11.493, STORM: 16.0, GAS: 14.0, POWER: 12.0, TELECOM: 11.507}


@dataclass(frozen=True)
class Pipes:
    """Pieces of pipe in local metres.

    Attributes:
        start, end: float64, shape (n, 2). kind: int8. diameter: mm. length: metres; shape (n,).
    """

    start: Floats
    end: Floats
    kind: NDArray[np.int8]
    diameter: Floats
    length: Floats

    def __len__(self) -> int:
        """How many."""
        return len(self.kind)

    def kilometres(self, *kinds: int) -> float:
        """Return the length of the given kinds, or of all, in km."""
        which = np.isin(self.kind, kinds) if kinds else slice(None)
        return float(self.length[which].sum()) / 1000


def make_pipes(
    roads: Roads, way: Way, count: int | None, km: float | None, rng: np.random.Generator
) -> Pipes:
    """Lay pipes under streets, the fullest and widest first.

    With `count` and `km` exactly so many pieces over about so many kilometres; otherwise pipes
    of every kind under every street that is full. Raises ValueError if the streets are too short.
    """
    length = way.run[way.first[1:] - 1] - way.run[way.first[:-1]]
    full = (way.full[way.first[1:] - 1] - way.full[way.first[:-1]]) / np.maximum(length, 1e-9)
    able = ~np.isin(roads.kind, ("expressway", "metro")) & (length > 8)
    rank = full + roads.width / 200 + rng.random(len(roads)) * 0.25
    order = np.argsort(-np.where(able, rank, -1.0), kind="stable")
    order = order[able[order]]
    road: list[Ints] = []
    kind: list[Ints] = []
    for k, share in _SHARE.items():
        if km is None:
            mine = np.flatnonzero(able & (full > 0.5))
        else:
            reach = np.cumsum(length[order])
            wanted = km * 1000 * share / 85.0 * 1.0004
            if wanted > reach[-1]:
                raise ValueError(
                    f"streets of {reach[-1] / 1000:.0f} km cannot hold {wanted / 1000:.0f}"
                )
            mine = order[: int(np.searchsorted(reach, wanted)) + 1]
        road.append(mine)
        kind.append(np.full(len(mine), k))
    roads_of, kinds_of = np.concatenate(road), np.concatenate(kind)
    run = length[roads_of]
    if count is None:
        pieces = np.maximum(np.round(run / _SPACING), 1).astype(np.int64)
    else:
        pieces = share_out(run, count, np.ones(len(run), dtype=np.int64))
    near = np.lexsort((kinds_of, roads_of))
    return _nodes(roads, way, (roads_of[near], kinds_of[near], pieces[near]), rng)


def _nodes(
    roads: Roads, way: Way, lines: tuple[Ints, Ints, Ints], rng: np.random.Generator
) -> Pipes:
    road, kind, pieces = lines
    first = way.run[way.first[road]]
    length = way.run[way.first[road + 1] - 1] - first
    line = np.repeat(np.arange(len(road)), pieces + 1)
    begin = np.cumsum(pieces + 1) - pieces - 1
    step = np.arange(len(line)) - begin[line]
    at = first[line] + length[line] * step / pieces[line]
    low, high = way.first[road][line] + 1, way.first[road + 1][line] - 1
    end = np.clip(np.searchsorted(way.run, at, side="right"), low, high)
    a, b = way.xy[end - 1], way.xy[end]
    piece = np.maximum(np.hypot(*(b - a).T), 1e-9)
    ahead = (b - a) / piece[:, None]
    side = (
        roads.width[road][line] / 2 * np.array([_OFFSET.get(k, 0.0) for k in range(7)])[kind[line]]
    )
    spot = a + ahead * (at - way.run[end - 1])[:, None]
    spot = spot + np.column_stack([-ahead[:, 1], ahead[:, 0]]) * side[:, None]
    last = np.zeros(len(line), dtype=bool)
    last[begin + pieces] = True
    start, stop = np.flatnonzero(~last), np.flatnonzero(~last) + 1
    of = line[start]
    size = np.clip((roads.width[road] / 8).astype(np.int64) + rng.integers(-1, 2, len(road)), 0, 5)
    table = np.zeros((7, 6))
    for k, sizes in _SIZES.items():
        table[k] = sizes
    return Pipes(
        spot[start], spot[stop], kind[of].astype(np.int8), table[kind[of], size[of]],
        np.hypot(*(spot[stop] - spot[start]).T),
    )  # fmt: skip


def pipe_batches(
    pipes: Pipes, frame: CityFrame, rng: np.random.Generator
) -> Iterator[pa.RecordBatch]:
    """Yield pipes in batches, street by street."""
    kind = np.dtype([("order", "u1"), ("type", "<u4"), ("count", "<u4"), ("xy", "<f8", (4,))])
    for begin in range(0, len(pipes), _BATCH):
        part = slice(begin, begin + _BATCH)
        rows = np.zeros(len(pipes.kind[part]), dtype=kind)
        rows["order"], rows["type"], rows["count"] = 1, 2, 2
        for k, ends in ((0, pipes.start[part]), (2, pipes.end[part])):
            lon, lat = frame.to_lonlat(ends[:, 0].copy(), ends[:, 1].copy())
            rows["xy"][:, k], rows["xy"][:, k + 1] = lon, lat
        yield batch(
            "pipe",
            {
                "uid": fixed_bytes(uids(rng, len(rows))), "kind": pa.array(pipes.kind[part]),
                "diameter": pa.array(pipes.diameter[part]),
                "length_m": pa.array(pipes.length[part]),
                "geom": fixed_bytes(rows.view(np.uint8).reshape(len(rows), kind.itemsize)),
            },
        )  # fmt: skip
