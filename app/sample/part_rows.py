"""Parts as rows of the map: assigned to their grids, sorted by street, coded, batched."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.sample.areas import Areas
from app.sample.furniture import Stand
from app.sample.part_kinds import PartKind
from app.sample.tables import batch, digits, fixed_bytes, fixed_text, point_wkb, uids

Ints = NDArray[np.int64]
_BATCH = 65_536
_LARGEST_SEQUENCE = 999_999
_SPECIES = ("悬铃木", "香樟", "银杏", "栾树", "榉树", "女贞", "广玉兰", "无患子")


def grid_of(areas: Areas, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Ints:
    """Return the grid that holds each point (degrees), -1 outside the city; shape (n,)."""
    found = np.full(len(lon), -1, dtype=np.int64)
    tree = shapely.STRtree(areas.shape)
    for start in range(0, len(lon), 1_000_000):
        part = slice(start, start + 1_000_000)
        point, grid = tree.query(shapely.points(lon[part], lat[part]), predicate="intersects")
        found[start + point[::-1]] = grid[::-1]
    return found


def part_batches(
    areas: Areas,
    frame: CityFrame,
    stand: Stand,
    kinds: tuple[PartKind, ...],
    count: int | None,
    rng: np.random.Generator,
) -> Iterator[pa.RecordBatch]:
    """Yield parts in batches, grouped by street; exactly `count` of them if it is given.

    Raises ValueError if fewer than `count` stand within the city.
    """
    lon, lat = frame.to_lonlat(stand.x, stand.y)
    grid = grid_of(areas, lon, lat)
    kept = np.flatnonzero(grid >= 0)
    kept = rng.permutation(kept)
    kept = kept[_sequence(areas.county()[grid[kept]], stand.cls[kept]) <= _LARGEST_SEQUENCE]
    if count is not None:
        if len(kept) < count:
            raise ValueError(f"only {len(kept)} of {count} parts stand within the city")
        kept = kept[:count]
    kept = kept[np.lexsort((stand.cls[kept], grid[kept]))]
    lon, lat, grid, cls = lon[kept], lat[kept], grid[kept], stand.cls[kept]
    sequence = _sequence(areas.county()[grid], cls).astype(np.int32)
    trees = next(kind.index for kind in kinds if kind.code == "0402")
    for start in range(0, len(kept), _BATCH):
        part = slice(start, start + _BATCH)
        code = _codes(areas.county()[grid[part]], cls[part], sequence[part], kinds)
        yield _rows(areas, lon[part], lat[part], grid[part], cls[part], code, trees, rng)


def _codes(
    county: Ints,
    cls: NDArray[np.uint8],
    sequence: NDArray[np.int32],
    kinds: tuple[PartKind, ...],
) -> NDArray[np.uint8]:
    """Return 16-digit codes (county 6, class 2+2, sequence 6) as ASCII, shape (n, 16)."""
    class_code = np.zeros(256, dtype=np.int64)
    class_code[[kind.index for kind in kinds]] = [int(kind.code) for kind in kinds]
    return np.concatenate(
        [digits(county, 6), digits(class_code[cls], 4), digits(sequence.astype(np.int64), 6)],
        axis=1,
    )


def _sequence(county: Ints, cls: NDArray[np.uint8]) -> Ints:
    """Number the parts of each class in each county from 1."""
    key = county * 256 + cls
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    fresh = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    first = np.repeat(fresh, np.diff(np.append(fresh, len(key))))
    sequence = np.empty(len(key), dtype=np.int64)
    sequence[order] = np.arange(len(key)) - first + 1
    return sequence


def _rows(
    areas: Areas,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    grid: Ints,
    cls: NDArray[np.uint8],
    code: NDArray[np.uint8],
    trees: int,
    rng: np.random.Generator,
) -> pa.RecordBatch:
    n = len(lon)
    state = np.searchsorted([0.968, 0.991, 0.996], rng.random(n), side="right")
    day = np.datetime64("2015-01-01") + rng.integers(0, 3_900, n)
    species = pa.array([f'{{"species":"{name}"}}' for name in _SPECIES])
    which = np.minimum(rng.geometric(0.45, n) - 1, len(_SPECIES) - 1)
    attrs = species.take(pa.array(which, mask=cls != trees))
    return batch(
        "part",
        {
            "uid": fixed_bytes(uids(rng, n)), "code": fixed_text(code), "class": pa.array(cls),
            "state": pa.array(state.astype(np.uint8)), "grid_uid": fixed_bytes(areas.uid[grid]),
            "source": pa.array(["普查", "实测", "人工上报"]).take(
                pa.array(np.searchsorted([0.85, 0.97], rng.random(n), side="right"))
            ),
            "initial_date": pa.array(day.astype("datetime64[D]")).cast(pa.string()),
            "accuracy": pa.array(["A", "B", "C"]).take(
                pa.array(np.searchsorted([0.7, 0.95], rng.random(n), side="right"))
            ),
            "attrs": attrs, "geom": point_wkb(lon, lat),
        },
    )  # fmt: skip
