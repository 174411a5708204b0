"""Parks and greens: some blocks of the city, and in Shanghai the best known ones in their places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.ground import Ground
from app.sample.land import USES, Land
from app.sample.road_names import stems
from app.sample.water import Water

# name, degrees WGS 84, reach in metres; placed by eye
_KNOWN = (
    ("人民公园", 121.4725, 31.2325, 190.0), ("复兴公园", 121.4685, 31.2185, 170.0),
    ("襄阳公园", 121.4540, 31.2165, 120.0), ("徐家汇公园", 121.4405, 31.2000, 180.0),
    ("中山公园", 121.4165, 31.2215, 260.0), ("长风公园", 121.3975, 31.2255, 330.0),
    ("世纪公园", 121.5500, 31.2170, 620.0), ("上海植物园", 121.4460, 31.1480, 480.0),
    ("共青森林公园", 121.5480, 31.3200, 600.0), ("大宁公园", 121.4540, 31.2810, 350.0),
    ("鲁迅公园", 121.4830, 31.2735, 260.0), ("顾村公园", 121.3730, 31.3430, 900.0),
    ("静安公园", 121.4470, 31.2215, 120.0), ("古城公园", 121.4905, 31.2290, 110.0),
    ("世博公园", 121.4860, 31.1880, 350.0), ("佘山国家森林公园", 121.1950, 31.0950, 1_100.0),
    ("辰山植物园", 121.1850, 31.0790, 800.0), ("滨江森林公园", 121.5300, 31.3830, 600.0),
    ("东平国家森林公园", 121.4780, 31.6880, 1_400.0), ("上海动物园", 121.3610, 31.1930, 420.0),
    ("闵行体育公园", 121.3800, 31.1350, 380.0), ("汾阳花园", 121.4515, 31.2085, 60.0),
)  # fmt: skip


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
    for name, lon, lat, reach in _KNOWN if ground.is_shanghai else ():
        x, y = ground.frame.to_xy(lon, lat)
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
