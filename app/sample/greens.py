"""Parks and greens: some blocks, and in Shanghai the best known parks in their places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.gazetteer import gazetteer
from app.sample.ground import Ground
from app.sample.land import USES, Land
from app.sample.road_names import stems
from app.sample.water import Water


@dataclass(frozen=True)
class Greens:
    """Greens in local metres: names, kinds (park, garden, forest) and shapely polygons, (n,)."""

    name: tuple[str, ...]
    kind: tuple[str, ...]
    shape: NDArray[np.object_]


def make_greens(
    ground: Ground, land: Land, water: Water, rng: np.random.Generator
) -> tuple[Land, Greens]:
    """Turn the blocks of known parks green; return the land so changed, and all greens."""
    use = land.use.copy()
    rows: list[tuple[str, str, shapely.Geometry]] = []
    for park in gazetteer().parks if ground.is_shanghai else ():
        name, reach = park.name, park.reach
        x, y = park.xy(ground.frame)
        inside = np.flatnonzero(np.hypot(land.middle[:, 0] - x, land.middle[:, 1] - y) < reach)
        inside = inside[shapely.area(land.shape[inside]) < 4 * reach**2]
        if len(inside):
            use[inside] = USES.index("empty")
            kind = "forest" if "森林" in name else "park"
            shape = shapely.union_all(land.shape[inside]).buffer(-9, join_style="mitre")
            rows += [(name, kind, part) for part in shapely.get_parts(shape)]
    changed = Land(land.shape, land.plot, use, land.cell, land.angle, land.middle)
    pairs = stems(rng)
    for block in changed.of("park").tolist():
        kind = "park" if shapely.area(land.plot[block]) > 12_000 else "garden"
        name = f"{next(pairs)}{'公园' if kind == 'park' else '绿地'}"
        shape = shapely.buffer(land.plot[block], 3.0, join_style="mitre")
        rows += [(name, kind, part) for part in shapely.get_parts(shape)]
    body = water.whole()
    rows = [
        (name, kind, part)
        for name, kind, shape in rows
        for part in shapely.get_parts(shapely.difference(shape, body))
        if part.area > 400
    ]
    names, kinds, shapes = zip(*rows, strict=True) if rows else ((), (), ())
    return changed, Greens(names, kinds, np.array(shapes, dtype=object))
