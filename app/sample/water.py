"""Rivers, creeks and lakes. Shanghai's run about where the real ones do (示意); others invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.curves import bumpy_disc, rounded, smooth
from app.sample.ground import Ground

# name, kind, width in metres, degrees WGS 84 along the middle; placed by eye, for looks only
_SHANGHAI_STREAMS: tuple[tuple[str, str, float, str], ...] = (
    (
        "黄浦江", "river", 400.0,
        "120.985,31.075 121.03,31.02 121.10,30.985 121.17,30.97 121.24,30.968 121.31,30.985 "
        "121.38,30.985 121.435,30.998 121.468,31.035 121.474,31.065",
    ),
    (
        "苏州河", "creek", 60.0,
        "121.06,31.275 121.14,31.262 121.22,31.262 121.29,31.245 121.33,31.228 121.362,31.222 "
        "121.392,31.232 121.403,31.221 121.420,31.224 121.425,31.238 121.437,31.234 121.441,31.248 "
        "121.452,31.243 121.462,31.2475 121.474,31.243 121.487,31.2452 121.494,31.2448",
    ),
    (
        "蕴藻浜", "creek", 70.0,
        "121.17,31.30 121.24,31.325 121.31,31.33 121.38,31.335 121.43,31.352 121.47,31.375 "
        "121.502,31.392",
    ),
    ("川杨河", "creek", 55.0, "121.462,31.150 121.52,31.155 121.60,31.172 121.69,31.182 121.77,31.19"),
    ("大治河", "creek", 95.0, "121.472,31.045 121.56,31.02 121.66,31.005 121.78,30.995 121.93,31.00"),
    (
        "淀浦河", "creek", 60.0,
        "120.99,31.10 121.08,31.115 121.17,31.118 121.26,31.112 121.35,31.115 121.41,31.125 "
        "121.459,31.128",
    ),
    ("金汇港", "creek", 90.0, "121.470,31.05 121.500,30.99 121.508,30.92 121.505,30.83"),
    ("油墩港", "creek", 60.0, "121.16,31.28 121.175,31.20 121.17,31.10 121.18,31.03 121.20,30.972"),
    ("浦东运河", "creek", 45.0, "121.66,31.33 121.68,31.24 121.70,31.15 121.72,31.05 121.75,30.95"),
    ("淀浦南港", "creek", 40.0, "121.02,31.05 121.10,31.05 121.20,31.07 121.30,31.06 121.45,31.07"),
    ("练祁河", "creek", 35.0, "121.14,31.35 121.20,31.37 121.26,31.385 121.33,31.40 121.42,31.415"),
    ("环岛运河", "creek", 60.0, "121.20,31.72 121.32,31.69 121.45,31.66 121.58,31.60 121.74,31.54 121.88,31.50"),
    ("龙泉港", "creek", 50.0, "121.28,30.97 121.30,30.90 121.33,30.82 121.37,30.75"),
)  # fmt: skip
_SHANGHAI_LAKES = (
    ("淀山湖", 120.945, 31.105, 4_300.0), ("滴水湖", 121.930, 30.900, 1_350.0),
    ("元荡", 120.900, 31.060, 1_500.0), ("明珠湖", 121.235, 31.735, 900.0),
    ("大莲湖", 121.000, 31.060, 700.0), ("汾湖", 120.880, 31.020, 900.0),
    ("北湖", 121.620, 31.660, 1_500.0), ("月湖", 121.195, 31.105, 400.0),
    ("美兰湖", 121.345, 31.405, 300.0), ("大金湖", 121.350, 30.735, 350.0),
)  # fmt: skip

_WEST_OF_RIVER = frozenset({"310101", "310104", "310109", "310110", "310113"})


@dataclass(frozen=True)
class Water:
    """Water bodies in local metres.

    Attributes:
        name, kind: shape (n,); kind is river, creek or lake.
        shape: shapely polygons, object array, shape (n,).
    """

    name: tuple[str, ...]
    kind: tuple[str, ...]
    shape: NDArray[np.object_]

    def whole(self) -> shapely.Geometry:
        """Return all water as one prepared geometry."""
        joined = shapely.union_all(self.shape)
        shapely.prepare(joined)
        return joined


def make_water(ground: Ground, rng: np.random.Generator) -> Water:
    """Lay the city's waters, cut to its land."""
    streams = _shanghai(ground) if ground.is_shanghai else _invented(ground, rng)
    lakes = _SHANGHAI_LAKES if ground.is_shanghai else ()
    found: list[tuple[str, str, shapely.Geometry]] = []
    for name, kind, width, way in streams:
        step = 120.0 if kind == "river" else 160.0
        line = shapely.LineString(_meander(rounded(smooth(way, step), step, 3 * width), 0.2 * width + 25, rng))
        found.append((name, kind, line.buffer(width / 2, quad_segs=4)))
    for name, lon, lat, radius in lakes:
        x, y = ground.frame.to_xy(lon, lat)
        found.append((name, "lake", bumpy_disc(x, y, radius, rng)))
    land = shapely.union_all([d.shape for d in ground.districts])
    rows = [
        (name, kind, part)
        for name, kind, shape in found
        for part in shapely.get_parts(shapely.intersection(shape, land))
        if part.geom_type == "Polygon" and part.area > 2_000
    ]
    names, kinds, shapes = zip(*rows, strict=True) if rows else ((), (), ())
    return Water(names, kinds, np.array(shapes, dtype=object))


def _shanghai(ground: Ground) -> list[tuple[str, str, float, NDArray[np.float64]]]:
    out = []
    for name, kind, width, text in _SHANGHAI_STREAMS:
        lonlat = np.array([pair.split(",") for pair in text.split()], dtype=float)
        way = np.column_stack(ground.frame.to_xy(*lonlat.T))
        if name == "黄浦江":
            way = np.concatenate([way, _pudong_shore(ground)])
        out.append((name, kind, width, way))
    return out


def _pudong_shore(ground: Ground) -> NDArray[np.float64]:
    """Return the border between Pudong and the old city, south to north: the river runs there."""
    pudong = next(d.shape for d in ground.districts if d.code == "310115")
    west = [d.shape for d in ground.districts if d.code in _WEST_OF_RIVER]
    border = shapely.line_merge(
        shapely.intersection(pudong.boundary, shapely.union_all(west).boundary)
    )
    longest = max(shapely.get_parts(border), key=lambda line: line.length)
    xy = shapely.get_coordinates(longest)
    if xy[0, 1] > xy[-1, 1]:
        xy = xy[::-1]
    return np.concatenate([xy, xy[-1:] + (200.0, 2_500.0)])


def _invented(
    ground: Ground, rng: np.random.Generator
) -> list[tuple[str, str, float, NDArray[np.float64]]]:
    """One river past the middle and four creeks, across the whole city."""
    reach = max(
        float(np.hypot(*shapely.get_coordinates(d.shape).T).max()) for d in ground.districts
    )
    turn = rng.uniform(0, np.pi)
    out = []
    for i, (name, kind, width) in enumerate(
        (("大江", "river", 320.0), ("清水河", "creek", 60.0), ("南港河", "creek", 50.0),
         ("北沙河", "creek", 50.0), ("新开河", "creek", 40.0))
    ):  # fmt: skip
        angle = turn + i * 0.63
        t = np.linspace(-reach, reach, 25)
        off = rng.normal(0, 0.05 * reach, 25) + rng.uniform(-0.3, 0.3) * reach * (i > 0) + 1_500
        c, s = np.cos(angle), np.sin(angle)
        out.append((name, kind, width, np.column_stack([c * t - s * off, s * t + c * off])))
    return out


def _meander(
    way: NDArray[np.float64], size: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Shift a way sideways by slow waves of `size` metres."""
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])
    swing = sum(
        size * a * np.sin(2 * np.pi * run / length + rng.uniform(0, 6.28))
        for length, a in ((5_300.0, 1.0), (2_100.0, 0.5), (900.0, 0.25))
    )
    ahead = np.gradient(way, axis=0)
    side = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    side /= np.maximum(np.hypot(*side.T), 1e-9)[:, None]
    moved: NDArray[np.float64] = way + side * np.asarray(swing)[:, None]
    return moved
