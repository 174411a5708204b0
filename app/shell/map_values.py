"""What areas are filled by and what is warm: open cases, worst signs, cases by hour.

Counts are by the area that each case says it lies in, so they add up to the open cases.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore
from app.engines.tiles_clusters import hour_weights, quantile_limits
from app.store import Store
from layers.look import Heat, Values, mixed
from widgets.theme import Theme
from widgets.words import local

_CLASSES = 5
_STATES = ("normal", "attention", "bad", "critical")
_UID = "V16"


def open_cases(cases: Store, store: CityStore, theme: Theme) -> Values:
    """Return open cases by district, street and grid, in steps of one hue."""
    by_row = np.full(len(store.shapes["area"]), np.nan, np.float32)
    counts = case_counts(cases)
    _put(by_row, store, counts)
    some = by_row[by_row > 0]
    limits = tuple(float(v) for v in (1.0, *quantile_limits(some, _CLASSES) + 0.5) if v >= 1.0)
    low, high = int(theme.panel.lstrip("#"), 16), int(theme.accent.lstrip("#"), 16)
    steps = len(limits)
    hues = tuple(mixed(low, high, 0.25 + 0.75 * (n + 1) / steps) for n in range(steps))
    return Values(by_row, limits, (None, *hues))


def case_counts(cases: Store) -> Mapping[bytes, int]:
    """Return how many open cases lie in each grid, street and district, by the area's uid."""
    counts: dict[bytes, int] = {}
    for slot in cases.order("open"):
        row = cases.row_at(int(slot))
        for area in (row.grid, row.street, row.district):
            if area is not None:
                counts[area.bytes] = counts.get(area.bytes, 0) + 1
    return counts


def worst_signs(cases: Store, store: CityStore, theme: Theme) -> Values:
    """Return the worst state of the signs of each area, in the colours of the states."""
    shapes = store.shapes["area"]
    worst: dict[str, int] = {}
    for sign in cases.signs.values():
        if sign.state in _STATES:
            worst[sign.area] = max(worst.get(sign.area, 0), _STATES.index(sign.state))
    by_row = np.full(len(shapes), np.nan, np.float32)
    coarse = [AREA_TIERS.index(tier) for tier in ("district", "street")]
    for row in np.flatnonzero(np.isin(shapes.kind, coarse)):
        state = worst.get(shapes.text("code", int(row)))
        if state is not None:
            by_row[row] = state
    hues = tuple(int(getattr(theme, name).lstrip("#"), 16) for name in _STATES)
    return Values(by_row, (1.0, 2.0, 3.0), hues)


def heat_at(cases: Store, hour: int, frame: CityFrame) -> Heat:
    """Return the open cases, weighted by how near to `hour` they were reported."""
    rows = [cases.row_at(int(slot)) for slot in cases.order("open")]
    lon, lat = (np.array([getattr(row, name) for row in rows], np.float64) for name in _PLACE)
    moments = [local(row.reported_ms) for row in rows]
    hours = np.array([at.hour + at.minute / 60 for at in moments], np.float64)
    x, y = frame.to_xy(lon, lat)
    return Heat(np.stack([x, y], axis=1).reshape(-1, 2), hour_weights(hours, hour + 0.5, 2.0))


_PLACE = ("lon", "lat")


def _put(by_row: NDArray[np.float32], store: CityStore, counts: Mapping[bytes, int]) -> None:
    """Set the rows of areas that have platforms and of grids: their count, else 0."""
    shapes = store.shapes["area"]
    tiers = [AREA_TIERS.index(tier) for tier in ("district", "street", "grid")]
    by_row[np.isin(shapes.kind, tiers)] = 0.0
    if not counts or not len(shapes.uid):
        return
    uids = np.ascontiguousarray(shapes.uid).view(_UID).ravel()
    order = np.argsort(uids.view("S16"), kind="stable")
    keys = np.array(list(counts), "V16").view("S16")
    at = np.minimum(np.searchsorted(uids.view("S16")[order], keys), len(order) - 1)
    rows = order[at]
    hit = uids[rows] == np.array(list(counts), _UID)
    by_row[rows[hit]] = np.array(list(counts.values()), np.float32)[hit]
