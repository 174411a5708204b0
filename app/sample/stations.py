"""Stations of the metro: along each line, named after the road they lie at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from app.sample.doors import Doors
from app.sample.roads import Roads
from app.sample.shapes import points

_EVERY = 1_300.0  # metres from one to the next
_NEAR = 2_000.0  # metres to the door whose road gives the name


@dataclass(frozen=True)
class Station:
    """A station: its name, line, road, and place in local metres."""

    name: str
    line: str
    road: str
    x: float
    y: float


def make_stations(roads: Roads, doors: Doors) -> list[Station]:
    """Return the stations of all lines; none where no named road is near."""
    if not len(doors):
        return []
    tree = shapely.STRtree(points(doors.x, doors.y))
    known: dict[tuple[str, str], Station] = {}
    metro = roads.kind == "metro"
    for line in sorted(set(roads.name[metro].tolist())):
        way = shapely.line_merge(shapely.union_all(roads.line[metro & (roads.name == line)]))
        for piece in shapely.get_parts(way):
            count = max(int(piece.length // _EVERY), 1)
            for at in shapely.line_interpolate_point(
                piece, (np.arange(count) + 0.5) / count, normalized=True
            ):
                near = tree.query_nearest(at, max_distance=_NEAR, all_matches=False)
                if len(near):
                    road = str(doors.road[near[0]])
                    found = Station(f"{road}站", line, road, float(at.x), float(at.y))
                    known.setdefault((line, road), found)
    return list(known.values())
