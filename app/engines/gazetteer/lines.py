"""The lines of a road as the map draws them, and the place on them that is nearest to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.engines.gazetteer.segment import Segment

F64 = NDArray[np.float64]


def road_lines(segment: Segment, road: int) -> list[F64]:
    """Return the lines of a road, each with its points (degrees WGS 84), shape (n, 2)."""
    off, coords = segment.arrays["line_off"], segment.arrays["line_coords"]
    lines = np.flatnonzero(segment.arrays["line_road"] == road).tolist()
    return [np.asarray(coords[off[one] : off[one + 1]]) for one in lines]


def middle_inside(
    segment: Segment, road: int, inside: NDArray[np.bool_] | None
) -> tuple[float, float, float] | None:
    """Return the point half-way along a road as drawn, and metres to its farthest point.

    `inside`: for each area, and one for none, whether the road counts there; None: everywhere.
    """
    off, coords = segment.arrays["line_off"], segment.arrays["line_coords"]
    lines = np.flatnonzero(segment.arrays["line_road"] == road)
    if inside is not None:
        lines = lines[inside[segment.arrays["line_area"][lines]]]
    pieces = [np.asarray(coords[off[one] : off[one + 1]]) for one in lines.tolist()]
    if not pieces:
        return None
    start = np.concatenate([one[:-1] for one in pieces])
    end = np.concatenate([one[1:] for one in pieces])
    if not len(start):
        return None
    scale = np.array([111_320 * np.cos(np.radians(start[0, 1])), 110_950])
    length = np.hypot(*((end - start) * scale).T)
    run = np.cumsum(length)
    at = int(np.searchsorted(run, run[-1] / 2))
    share = 1 - (run[at] - run[-1] / 2) / max(length[at], 1e-9)
    lon, lat = start[at] + share * (end[at] - start[at])
    far = np.hypot(*((end - (lon, lat)) * scale).T).max()
    return float(lon), float(lat), float(far)


def road_segments(segment: Segment, road: int) -> F64:
    """Return the segments of a road as rows lon1, lat1, lon2, lat2."""
    pieces = [np.hstack([one[:-1], one[1:]]) for one in road_lines(segment, road)]
    return np.concatenate([np.empty((0, 4)), *pieces])


def on_line(segments: F64, lon: float, lat: float) -> tuple[float, float, float] | None:
    """Return the point of `segments` nearest to a place (degrees), and metres to it."""
    if not len(segments):
        return None
    scale = np.array([111_320 * np.cos(np.radians(lat)), 110_950])
    start = (segments[:, :2] - (lon, lat)) * scale
    way = (segments[:, 2:] - segments[:, :2]) * scale
    length = np.maximum((way**2).sum(axis=1), 1e-9)
    share = np.clip(-(start * way).sum(axis=1) / length, 0, 1)
    points = start + share[:, None] * way
    away = np.hypot(points[:, 0], points[:, 1])
    best = int(away.argmin())
    x, y = points[best] / scale
    return lon + float(x), lat + float(y), float(away[best])
