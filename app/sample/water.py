"""Rivers, creeks and lakes. Shanghai's run about where the real ones do (示意); others invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.curves import bumpy_disc, rounded, smooth
from app.sample.gazetteer import gazetteer
from app.sample.ground import Ground

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
    lakes = gazetteer().lakes if ground.is_shanghai else ()
    found: list[tuple[str, str, shapely.Geometry]] = []
    for name, kind, width, way in streams:
        step = 120.0 if kind == "river" else 160.0
        line = shapely.LineString(
            _meander(rounded(smooth(way, step), step, 3 * width), 0.2 * width + 25, rng)
        )
        found.append((name, kind, line.buffer(width / 2, quad_segs=4)))
    for lake in lakes:
        x, y = lake.xy(ground.frame)
        found.append((lake.name, "lake", bumpy_disc(x, y, lake.reach, rng)))
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
    for stream in gazetteer().streams:
        way = stream.xy(ground.frame)
        if stream.kind == "river":
            way = np.concatenate([way, _pudong_shore(ground)])
        out.append((stream.name, stream.kind, stream.width, way))
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
    return np.concatenate([xy, xy[-1:] + np.array([200.0, 2_500.0])])


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
        for length, a in ((5_300.0, 1.0), (2_100.0, 0.35), (900.0, 0.06))
    )
    ahead = np.gradient(way, axis=0)
    side = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    side /= np.maximum(np.hypot(*side.T), 1e-9)[:, None]
    moved: NDArray[np.float64] = way + side * np.asarray(swing)[:, None]
    return moved
