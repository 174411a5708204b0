"""Buildings: each block filled with rows of its kind, along its streets, within its plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.land import Land
from app.sample.roads import Roads
from app.sample.shapes import pieces, polygons
from app.sample.water import Water

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pattern:
    """How a block is filled: metres across and deep, gaps, storeys from and to, odds."""

    kind: str
    width: float
    depth: float
    gap: float
    row_gap: float
    low: int
    high: int
    curtain: float = 0.0
    historic: float = 0.0
    most: int = 400


PATTERNS: Final = {
    "lane": Pattern("residential", 38, 10.5, 5, 5, 2, 4, historic=0.12),
    "slab": Pattern("residential", 50, 12, 12, 19, 5, 7),
    "midrise": Pattern("residential", 36, 15, 16, 28, 11, 18),
    "tower": Pattern("residential", 28, 23, 26, 34, 18, 33),
    "office": Pattern("office", 44, 38, 20, 20, 8, 34, curtain=0.5, historic=0.02),
    "mall": Pattern("mall", 84, 62, 22, 22, 3, 7, curtain=0.25),
    "school": Pattern("school", 62, 14, 16, 30, 3, 5, historic=0.03),
    "hospital": Pattern("hospital", 54, 20, 16, 24, 5, 16),
    "works": Pattern("industrial", 76, 42, 18, 18, 1, 3, most=60),
    "public": Pattern("public", 46, 30, 20, 24, 3, 6, curtain=0.06, historic=0.06),
    "village": Pattern("residential", 13, 10.5, 5, 13, 2, 3, most=30),
}


@dataclass(frozen=True)
class Buildings:
    """Buildings in local metres.

    Attributes:
        shape: shapely polygons, shape (n,). kind: shape (n,).
        block: int64, shape (n,). storeys: int64. floor: m². curtain, historic: bool.
    """

    shape: NDArray[np.object_]
    kind: NDArray[np.object_]
    block: Ints
    storeys: Ints
    floor: Floats
    curtain: NDArray[np.bool_]
    historic: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many."""
        return len(self.kind)

    def take(self, which: Ints | NDArray[np.bool_]) -> Buildings:
        """Return some of the buildings."""
        return Buildings(
            self.shape[which], self.kind[which], self.block[which], self.storeys[which],
            self.floor[which], self.curtain[which], self.historic[which],
        )  # fmt: skip


def make_buildings(
    land: Land, roads: Roads, water: Water, where: NDArray[np.bool_], rng: np.random.Generator
) -> Buildings:
    """Fill the blocks for which `where` holds; nothing stands on a wide road or in water."""
    found = [
        _fill(land, use, pattern, np.intersect1d(land.of(use), np.flatnonzero(where)), rng)
        for use, pattern in PATTERNS.items()
    ]
    whole = Buildings(
        *(np.concatenate([getattr(b, name) for b in found]) for name in Buildings.__annotations__)
    )
    return whole.take(_clear(whole, roads, water))


def _fill(
    land: Land, use: str, pattern: Pattern, blocks: Ints, rng: np.random.Generator
) -> Buildings:
    blocks = blocks[shapely.area(land.plot[blocks]) > pattern.width * pattern.depth * 1.4]
    n = len(blocks)
    size = rng.uniform(0.85, 1.15, (n, 2)) * (pattern.width, pattern.depth)
    gap = np.array([pattern.gap, pattern.row_gap])
    pitch = size + gap
    angle = land.angle[blocks] + np.where(rng.random(n) < 0.15, np.pi / 2, 0.0)
    low, high = _extents(land.plot[blocks], angle)
    if use == "village":
        middle, half = (low + high) / 2, np.minimum((high - low) / 2, rng.uniform(30, 75, (n, 1)))
        low, high = middle - half, middle + half
    count = np.maximum(np.floor((high - low + gap) / pitch), 0)
    count = count.astype(np.int64)
    spare = (high - low) - count * pitch + gap
    number = count.prod(1)
    block = np.repeat(np.arange(n), number)
    at = np.arange(len(block)) - np.repeat(np.cumsum(number) - number, number)
    step = np.column_stack(
        [at % np.maximum(count[block, 0], 1), at // np.maximum(count[block, 0], 1)]
    )
    centre = low[block] + spare[block] / 2 + step * pitch[block] + size[block] / 2
    centre += rng.uniform(-0.5, 0.5, centre.shape)
    own = size[block] * rng.uniform(0.9, 1.0, centre.shape)
    shape = _rectangles(centre, own, angle[block])
    inside = shapely.covers(land.plot[blocks][block], shape) & (rng.random(len(block)) < 0.94)
    block, shape, own = block[inside], shape[inside], own[inside]
    storeys = _storeys(pattern, block, n, rng)
    return Buildings(
        shape,
        np.full(len(block), pattern.kind, dtype=object),
        blocks[block],
        storeys,
        own.prod(1) * storeys,
        rng.random(len(block)) < pattern.curtain * (storeys > 2),
        rng.random(len(block)) < pattern.historic,
    )


def _storeys(pattern: Pattern, block: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Buildings of one block are of about one height."""
    span = pattern.high - pattern.low
    base = pattern.low + span * rng.beta(1.4, 2.2, max(n, 1))
    own = np.round(base[block] + rng.normal(0, 0.08 * span + 0.2, len(block)))
    return np.clip(own, pattern.low, pattern.high).astype(np.int64)


def _extents(plots: NDArray[np.object_], angle: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest coordinates of plots, each turned back by its angle."""
    xy, owner = shapely.get_coordinates(plots, return_index=True)
    c, s = np.cos(angle)[owner], np.sin(angle)[owner]
    turned = np.column_stack([c * xy[:, 0] + s * xy[:, 1], c * xy[:, 1] - s * xy[:, 0]])
    low, high = np.full((len(plots), 2), np.inf), np.full((len(plots), 2), -np.inf)
    np.minimum.at(low, owner, turned)
    np.maximum.at(high, owner, turned)
    return low, high


def _rectangles(centre: Floats, size: Floats, angle: Floats) -> NDArray[np.object_]:
    """Return rectangles from centres and sizes in turned coordinates."""
    corner = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    local = centre[:, None, :] + size[:, None, :] * corner
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    xy = np.stack(
        [c * local[..., 0] - s * local[..., 1], s * local[..., 0] + c * local[..., 1]], -1
    )
    return polygons(xy.reshape(-1, 2), np.repeat(np.arange(len(centre)), 4))


def _clear(buildings: Buildings, roads: Roads, water: Water) -> NDArray[np.bool_]:
    """Tell which buildings stand clear of wide roads and water."""
    free = np.ones(len(buildings), dtype=bool)
    tree = shapely.STRtree(buildings.shape)
    wide = (roads.width >= 16) & (roads.kind != "metro")
    xy, road = shapely.get_coordinates(roads.line[wide], return_index=True)
    same = road[1:] == road[:-1]
    short, width = pieces(xy[:-1][same], xy[1:][same]), roads.width[wide][road[1:][same]]
    for one in np.unique(width):
        _, hit = tree.query(short[width == one], predicate="dwithin", distance=one / 2 + 3.0)
        free[hit] = False
    _, hit = tree.query(water.shape, predicate="dwithin", distance=8.0)
    free[hit] = False
    return free
