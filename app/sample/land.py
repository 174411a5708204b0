"""What each block is for: homes, offices, works, schools, parks or fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.blocks import Block
from app.sample.gazetteer import gazetteer
from app.sample.ground import Ground
from app.sample.mesh import Mesh
from app.sample.shapes import points, polygons
from app.sample.water import Water

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

USES: Final = (
    "lane", "slab", "midrise", "tower", "office", "mall", "school", "hospital", "works", "public",
    "village", "park", "site", "empty",
)  # fmt: skip
_RURAL: Final = 0.06  # density below which there are villages and fields only
HOMES: Final = ("lane", "slab", "midrise", "tower")


@dataclass(frozen=True)
class Land:
    """Blocks with their use.

    Attributes:
        shape: shapely polygons in local metres, shape (b,), up to the middle of their streets.
        plot: the same without street and pavement; may be empty.
        use: int64, shape (b,), index into `USES`.
        cell: int64, shape (b,), the cell (grid as cut) that holds the block.
        angle: float64, shape (b,), radians; middle: float64, shape (b, 2).
    """

    shape: NDArray[np.object_]
    plot: NDArray[np.object_]
    use: Ints
    cell: Ints
    angle: Floats
    middle: Floats

    def of(self, *uses: str) -> Ints:
        """Return the numbers of blocks with one of `uses`."""
        return np.flatnonzero(np.isin(self.use, [USES.index(use) for use in uses]))


def make_land(
    ground: Ground, mesh: Mesh, blocks: list[Block], water: Water, rng: np.random.Generator
) -> Land:
    """Decide what stands on each block, by density, the middles of town and chance."""
    corners = mesh.corners()
    rings = [mesh.expand(block.ring) for block in blocks]
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    shape = polygons(corners[np.concatenate(rings)], owner)
    middle = shapely.get_coordinates(shapely.centroid(shape))
    use = _uses(ground, middle, shapely.area(shape), rng)
    wet = shapely.STRtree(points(middle[:, 0], middle[:, 1])).query(
        water.whole(), predicate="intersects"
    )
    use[wet] = USES.index("empty")
    plot = shapely.buffer(shape, -13.0, join_style="mitre", quad_segs=2)
    return Land(
        shape, plot, use, np.array([block.cell for block in blocks]),
        np.array([block.angle for block in blocks]), middle,
    )  # fmt: skip


def _uses(ground: Ground, middle: Floats, area: Floats, rng: np.random.Generator) -> Ints:
    x, y = middle.T
    dense = ground.density(x, y)
    n = len(x)
    office = _office(ground, x, y)
    old = np.exp(-(np.hypot(x + 1_200, y + 1_000) ** 2) / 3_200**2)
    works = np.clip(1.6 * np.sin(x / 2_900 + 1) * np.sin(y / 3_700 + 2), 0, 1) * (dense < 0.4)
    built = np.clip((dense - _RURAL) * 6, 0, 1)
    weight = np.zeros((n, len(USES)))
    for use, share in {
        "lane": 1.5 * old, "slab": 0.9 + 0 * x, "midrise": 0.35 + 0.3 * dense,
        "tower": 0.25 + 0.4 * office, "office": 0.06 + 2.2 * office, "mall": 0.03 + 0.45 * office,
        "school": 0.10 + 0 * x, "hospital": 0.03 + 0 * x, "works": 1.6 * works,
        "public": 0.07 + 0 * x, "park": 0.07 + 0 * x, "site": 0.03 + 0 * x,
    }.items():  # fmt: skip
        weight[:, USES.index(use)] = share * built
    weight[:, USES.index("village")] = 1.1 * (1 - built)
    weight[:, USES.index("empty")] = 1.0 * (1 - built)
    weight[area > 400_000, : USES.index("works")] *= 0.15
    reach = np.cumsum(weight, axis=1)
    chosen = (rng.random(n)[:, None] * reach[:, -1:] > reach).sum(1)
    return np.asarray(np.minimum(chosen, len(USES) - 1), dtype=np.int64)


def _office(ground: Ground, x: Floats, y: Floats) -> Floats:
    centres = [(0.0, 0.0, 1_400.0)]
    if ground.is_shanghai:
        centres = [(*spot.xy(ground.frame), spot.reach) for spot in gazetteer().centres]
    total = np.zeros(len(x))
    for cx, cy, reach in centres:
        total = np.maximum(total, np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / reach**2))
    return total
