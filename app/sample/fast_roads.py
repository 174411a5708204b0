"""Expressways and metro lines: long smooth ways over everything else, in no field's border.

Shanghai's run about where the real ones do, placed by eye (示意); elsewhere rings and spokes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.curves import smooth
from app.sample.gazetteer import gazetteer
from app.sample.ground import Ground

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FastRoad:
    """An expressway or metro line: its name, kind, width in metres and middle in local metres."""

    name: str
    kind: str
    width: float
    line: shapely.LineString


def make_fast_roads(ground: Ground, rng: np.random.Generator) -> list[FastRoad]:
    """Lay the city's expressways and metro lines."""
    ways = _shanghai(ground) if ground.is_shanghai else _invented(ground, rng)
    land = shapely.union_all([d.shape for d in ground.districts])
    out = []
    for name, kind, closed, way in ways:
        line = shapely.LineString(smooth(way, 90.0, closed))
        for part in shapely.get_parts(shapely.intersection(line, land)):
            if part.geom_type == "LineString" and part.length > 300:
                out.append(FastRoad(name, kind, 34.0 if kind == "expressway" else 10.0, part))
    return out


def _shanghai(ground: Ground) -> list[tuple[str, str, bool, Floats]]:
    return [(w.name, w.kind, w.closed, w.xy(ground.frame)) for w in gazetteer().fast]


def _invented(ground: Ground, rng: np.random.Generator) -> list[tuple[str, str, bool, Floats]]:
    """Three rings about the middle and eight spokes."""
    out: list[tuple[str, str, bool, Floats]] = []
    turn = np.linspace(0, 2 * np.pi, 17)[:-1]
    for name, radius in (("内环路", 4_200.0), ("中环路", 8_200.0), ("绕城高速", 15_500.0)):
        r = radius * (1 + rng.normal(0, 0.07, 16))
        out.append(
            (name, "expressway", True, np.column_stack([r * np.cos(turn), r * np.sin(turn)]))
        )
    names = [
        "迎宾大道",
        "机场高速",
        "城东快速路",
        "城南快速路",
        "城西快速路",
        "城北快速路",
        "环湖快速路",
        "开发大道",
    ]
    for i, name in enumerate(names):
        angle = i * np.pi / 4 + rng.normal(0, 0.12)
        r = np.linspace(3_800, 60_000, 12)
        bend = angle + np.cumsum(rng.normal(0, 0.02, 12))
        out.append(
            (name, "expressway", False, np.column_stack([r * np.cos(bend), r * np.sin(bend)]))
        )
    t = np.linspace(-14_000, 14_000, 9)
    for i in range(3):
        angle = rng.uniform(0, np.pi)
        off = rng.normal(0, 900, 9)
        c, s = np.cos(angle), np.sin(angle)
        way = np.column_stack([c * t - s * off, s * t + c * off])
        out.append((f"轨道交通{i + 1}号线", "metro", False, way))
    return out
