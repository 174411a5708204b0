"""The full city keeps its totals (`make prove NAME=full_city`); in `make test` one district does.

Totals that are promised are checked while the city is built, which fails if one is missed; here
what comes out is counted again.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import shapely

from app.sample.build import build_city

PROMISED = {
    "parts": 15_000_000, "pipes": 5_000_000, "pipe_km": 85_000, "drain_km": 27_493,
    "grids": 40_625, "compounds": 14_020, "curtain_walls": 13_000, "historic": 3_000,
    "tall_buildings": 50_000, "sites": 4_000, "floor_m2": 1.4e9,
}  # fmt: skip


def test_that_the_full_city_has_the_totals_it_promises(request: pytest.FixtureRequest) -> None:
    full = request.config.getoption("--prove")
    city = build_city("full" if full else "district", 7)
    totals = {name: total.value for name, total in city.totals.items()}
    areas = pa.Table.from_batches(list(city.tables["area"]))
    buildings = pa.Table.from_batches(list(city.tables["building"]))
    tiers = Counter(areas["tier"].to_pylist())
    grids = areas.filter(pa.compute.equal(areas["tier"], "grid"))
    shapes = shapely.from_wkb(np.array(grids["geom"].to_pylist(), dtype=object))
    assert shapely.coverage_is_valid(shapes)
    assert tiers["grid"] == totals["grids"]
    assert tiers["compound"] == totals["compounds"]
    assert pa.compute.sum(buildings["curtain_wall"]).as_py() == totals["curtain_walls"]
    assert pa.compute.sum(buildings["floor_m2"]).as_py() == pytest.approx(totals["floor_m2"])
    row = {uid: i for i, uid in enumerate(grids["uid"].to_pylist())}
    parts = sum(_checked(batch, shapes, row) for batch in city.tables["part"])
    metres = sum(pa.compute.sum(b["length_m"]).as_py() for b in city.tables["pipe"])
    assert metres / 1000 == pytest.approx(totals["pipe_km"])
    if not full:
        assert parts > 400_000
        return
    assert parts == totals["parts"]
    assert tiers["community"] == 6_509
    for name, promised in PROMISED.items():
        assert totals[name] == pytest.approx(promised, rel=0.005 if "_" in name else 1e-9)


def _checked(batch: pa.RecordBatch, shapes: np.ndarray, row: dict[bytes, int]) -> int:
    """Count a batch of parts after looking at some of them."""
    some = batch.slice(0, 500)
    points = shapely.from_wkb(np.array(some["geom"].to_pylist(), dtype=object))
    grid = [row[uid] for uid in some["grid_uid"].to_pylist()]
    assert shapely.intersects(shapes[grid], points).all()
    return int(batch.num_rows)
