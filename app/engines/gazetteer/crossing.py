"""Where two roads meet: by their lines, else by the doors on both that lie nearest together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.engines.gazetteer.build import ESTATE
from app.engines.gazetteer.doors import Book, metres
from app.engines.gazetteer.lines import road_segments

_TOUCH_M = 60.0
_DOORS_M = 180.0
_NAMED_M = 60.0
_MOST = 1500
F64 = NDArray[np.float64]


def crossing(book: Book, one: int, two: int) -> tuple[float, float, float, str] | None:
    """Return lon, lat, metres of doubt and `lines`, `names` or `doors`; None if they do not meet.

    `one`, `two` are the numbers of the roads among all roads.
    """
    a, b = (road_segments(book.segment, road)[:_MOST] for road in (one, two))
    if len(a) and len(b):
        found = _meeting(a, b)
        if found is not None:
            return (*found, 15.0, "lines")
    return _by_names(book, one, two) or _by_doors(book, one, two)


def _by_names(book: Book, one: int, two: int) -> tuple[float, float, float, str] | None:
    """Return where places on one of the roads say that they are by the other: 宁海路龙门路口."""
    first = int(np.searchsorted(book.segment.kind, ESTATE))
    found: list[int] = []
    for road, other in ((one, two), (two, one)):
        name = book.segment.title(first + other)
        for row in book.of_road(road)[:_MOST].tolist():
            thing = int(book.thing[row])
            said = f"{book.segment.title(thing)} {book.segment.detail(thing)}"
            if name in said:
                found.append(thing)
    if not found:
        return None
    lon, lat = book.segment.lon[found], book.segment.lat[found]
    x, y = float(np.median(lon)), float(np.median(lat))
    spread = float(np.median(metres(lon, lat, x, y)))
    return (x, y, spread + _NAMED_M, "names") if spread <= _DOORS_M else None


def _meeting(a: F64, b: F64) -> tuple[float, float] | None:
    east = 111_320 * np.cos(np.radians(a[0, 1]))
    scale = np.array([east, 110_950] * 2)
    origin = np.tile(a[0, :2], 2)
    p, q = (a - origin) * scale, (b - origin) * scale
    d, e = (p[:, 2:] - p[:, :2])[:, None], (q[:, 2:] - q[:, :2])[None]
    gap = q[None, :, :2] - p[:, None, :2]
    turn = d[..., 0] * e[..., 1] - d[..., 1] * e[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (gap[..., 0] * e[..., 1] - gap[..., 1] * e[..., 0]) / turn
        t = (gap[..., 0] * d[..., 1] - gap[..., 1] * d[..., 0]) / turn
        hit = (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    if hit.any():
        i, j = np.argwhere(hit)[0]
        x, y = p[i, :2] + s[i, j] * (p[i, 2:] - p[i, :2])
        return float(origin[0] + x / east), float(origin[1] + y / 110_950)
    ends_p, ends_q = p.reshape(-1, 2), q.reshape(-1, 2)
    apart = np.hypot(*np.moveaxis(ends_p[:, None] - ends_q[None], -1, 0))
    i, j = np.unravel_index(int(apart.argmin()), apart.shape)
    if apart[i, j] > _TOUCH_M:
        return None
    x, y = (ends_p[i] + ends_q[j]) / 2
    return float(origin[0] + x / east), float(origin[1] + y / 110_950)


def _by_doors(book: Book, one: int, two: int) -> tuple[float, float, float, str] | None:
    a, b = book.of_road(one)[:_MOST], book.of_road(two)[:_MOST]
    if not len(a) or not len(b):
        return None
    places = [
        np.column_stack([book.segment.lon[book.thing[rows]], book.segment.lat[book.thing[rows]]])
        for rows in (a, b)
    ]
    scale = np.array([111_320 * np.cos(np.radians(places[0][0, 1])), 110_950])
    gap = (places[0][:, None] - places[1][None]) * scale
    apart = np.hypot(gap[..., 0], gap[..., 1])
    i, j = np.unravel_index(int(apart.argmin()), apart.shape)
    if apart[i, j] > _DOORS_M:
        return None
    lon, lat = (places[0][i] + places[1][j]) / 2
    return float(lon), float(lat), float(apart[i, j]) + 40.0, "doors"
