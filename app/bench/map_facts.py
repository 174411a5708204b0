"""What needs no window: picks, records, filters, selections, and whether counts are exact."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore
from app.runtime.core import Core
from app.services.questions import OpenPart

_PICKS, _RECORDS, _VIEWS = 200, 40, 8
_REACH = 9.0  # metres
_VIEW = 600.0  # metres along a side of the boxes that are counted twice
_GRAIN = 256.0 / 65_536  # metres: the store's places are whole ones


def measure(core: Core, store: CityStore, city: Path) -> dict[str, Any]:
    """Return counts of what there is and medians of what a person waits for."""
    from app.engines.tiles_select import count, nearest_parts, tally

    chance = np.random.default_rng(5)
    everything, one = np.ones(256, np.uint8), np.zeros(256, np.uint8)
    one[::7] = 1
    places = _places(store, chance)

    def pick(number: int) -> None:
        x, y = places[number % len(places)]
        nearest_parts(store, x, y, _REACH, everything)

    def record(number: int) -> None:
        fid = 1 + number * 7_919 % max(store.n_parts, 1)
        core.ask(OpenPart(fid)).result(10)

    lasso = _lasso(store)
    return {
        "parts": store.n_parts,
        "pipe_segments": pipe_segments(city),
        "grids": int((store.shapes["area"].kind == AREA_TIERS.index("grid")).sum()),
        "pick_us": round(_median_ms(pick, _PICKS) * 1e3, 1),
        "record_ms": round(_median_ms(record, _RECORDS), 2),
        "filter_ms": round(_median_ms(lambda _n: count(store, store.bounds, one), 20), 2),
        "select_ms": round(_median_ms(lambda _n: tally(store, [lasso]), 10), 2),
        "count_exact": counts_are_exact(store, city, chance),
        "memcpy_ms": memcpy_ms(1920, 1080),
    }


def pipe_segments(city: Path) -> int:
    """Return how many pipe segments the city's map has."""
    return int(pyogrio.read_info(city / "map.gpkg", layer="pipe")["features"])


def counts_are_exact(store: CityStore, city: Path, chance: np.random.Generator) -> bool:
    """Whether counts equal those of map.gpkg: of the whole city, and by class in some views.

    A view's edges lie between two places that the store can tell apart, so that its rounding
    (4 mm) moves no part across them.
    """
    from app.engines.tiles_select import count_parts

    everything = np.ones(256, np.uint8)
    total = pyogrio.read_info(city / "map.gpkg", layer="part")["features"]
    if count_parts(store, store.bounds.grown(1.0), everything)[0] != total:
        return False
    for x, y in _places(store, chance)[:_VIEWS]:
        box = _on_grain(store, Bounds(x - _VIEW / 2, y - _VIEW / 2, x + _VIEW / 2, y + _VIEW / 2))
        ours = count_parts(store, _shifted(box), everything)[1]
        if not np.array_equal(ours, counted_by_file(store, city, box)):
            return False
    return True


def counted_by_file(store: CityStore, city: Path, box: Bounds) -> NDArray[np.int64]:
    """Return how many parts of each class map.gpkg has in `x0 <= x < x1`, `y0 <= y < y1`."""
    xs = np.array([box.x0, box.x1, box.x0, box.x1])
    ys = np.array([box.y0, box.y0, box.y1, box.y1])
    lon, lat = store.frame.to_lonlat(xs, ys)
    around = (lon.min() - 1e-4, lat.min() - 1e-4, lon.max() + 1e-4, lat.max() + 1e-4)
    found = pyogrio.raw.read(city / "map.gpkg", layer="part", columns=["class"], bbox=around)
    points, (cls,) = shapely.from_wkb(found[2]), found[3]
    x, y = store.frame.to_xy(shapely.get_x(points), shapely.get_y(points))
    inside = (x >= box.x0) & (x < box.x1) & (y >= box.y0) & (y < box.y1)
    return np.bincount(cls[inside].astype(np.int64), minlength=256)


def memcpy_ms(width: int, height: int, times: int = 50) -> float:
    """Return what a copy of one picture costs: no frame can cost less."""
    source, target = np.ones((2, height, width), np.uint32)
    return round(_median_ms(lambda _n: np.copyto(target, source), times), 3)


def _median_ms(work: Callable[[int], object], times: int) -> float:
    took = []
    for number in range(times + 2):  # the first two fill caches
        began = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took[2:])


def _places(store: CityStore, chance: np.random.Generator) -> list[tuple[float, float]]:
    """Return places where parts are: the middles of streets' grids."""
    area = store.shapes["area"]
    rows = np.flatnonzero(area.kind == AREA_TIERS.index("grid"))
    if not len(rows):
        return [store.bounds.centre]
    some = chance.choice(rows, min(len(rows), _PICKS), replace=False)
    ox, oy = store.origin
    return [(float(x) + ox, float(y) + oy) for x, y in area.spot[some]]


def _on_grain(store: CityStore, box: Bounds) -> Bounds:
    ox, oy = store.origin
    x0, x1 = (ox + round((x - ox) / _GRAIN) * _GRAIN for x in (box.x0, box.x1))
    y0, y1 = (oy + round((y - oy) / _GRAIN) * _GRAIN for y in (box.y0, box.y1))
    return Bounds(x0, y0, x1, y1)


def _shifted(box: Bounds) -> Bounds:
    """Return the box whose edges lie just below those of `box`, between two places."""
    q = _GRAIN / 4
    return Bounds(box.x0 - q, box.y0 - q, box.x1 - q, box.y1 - q)


def _lasso(store: CityStore) -> NDArray[np.float64]:
    """Return a ring of 60 corners round most of the city, uneven as a hand draws it."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    reach = min(store.bounds.width, store.bounds.height) * (0.36 + 0.06 * np.sin(5 * angle))
    x, y = store.bounds.centre
    return np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=1)
