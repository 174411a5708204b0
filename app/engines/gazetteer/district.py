"""Which district a place belongs to: its boundary, weighed against text and neighbours.

Boundaries run along roads and their files are some metres off, so at an edge the address itself
and what the register says of the nearest places on the same road know better.
"""

from __future__ import annotations

import numpy as np

from app.domain.addresses.parse import parse
from app.domain.map_columns import AREA_TIERS
from app.engines.gazetteer.build import PLACE
from app.engines.gazetteer.doors import metres
from app.engines.gazetteer.segment import Segment

_BOUNDARY = 2.0
_SAID = 4.0
_NEIGHBOURS = 12
_FAR_M = 600.0
_FADE_M = 60.0
_SAME_ROAD = 3.0


def _districts(segment: Segment) -> list[str]:
    rows = np.flatnonzero(segment.kind == AREA_TIERS.index("district"))
    return [segment.title(int(row)) for row in rows]


def district(segment: Segment, lon: float, lat: float, text: str, boundary: str) -> str:
    """Return the name of the district of a place (degrees WGS 84) with the address `text`.

    `boundary` is the district whose boundary holds the place, empty if none does.
    """
    votes = {boundary: _BOUNDARY} if boundary else {}
    read = parse(text.rpartition(" ")[2], segment.rules)
    for said in _districts(segment):
        if said in text:
            votes[said] = votes.get(said, 0.0) + _SAID
    road = read.get("road")
    things = np.flatnonzero((segment.kind == PLACE) & ~segment.hidden & (segment.area >= 0))
    away = metres(segment.lon[things], segment.lat[things], lon, lat)
    nearest = np.argsort(away)[:_NEIGHBOURS] if len(away) <= _NEIGHBOURS else np.argpartition(
        away, _NEIGHBOURS)[:_NEIGHBOURS]  # fmt: skip
    for at in nearest.tolist():
        thing = int(things[at])
        row = segment.district_of(thing)
        if row < 0 or away[at] > _FAR_M:
            continue
        same = bool(road) and segment.detail(thing).startswith(road)
        name = segment.title(row)
        weight = float(np.exp(-away[at] / _FADE_M)) * (1 + _SAME_ROAD * same)
        votes[name] = votes.get(name, 0.0) + weight
    return max(votes, key=lambda name: votes[name]) if votes else ""
