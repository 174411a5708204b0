"""Which grid holds each of many points: the same as asking for each of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.data.holders import Holders
from app.data.readers.shapes import point_wkb


@settings(max_examples=60)
@given(st.integers(0, 12), st.integers(0, 200), st.integers(0, 2**32 - 1), st.booleans())
def test_that_many_points_find_the_grid_that_each_finds_alone(areas, points, seed, at_corners):
    chance = np.random.default_rng(seed)
    corners = chance.integers(0, 6, (areas, 2)).astype(float)
    size = chance.integers(1, 4, (areas, 2))
    shapes = [shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, size, strict=True)]
    xy = chance.integers(-1, 10, (points, 2)) + (0.0 if at_corners else chance.random((points, 2)))
    holders = Holders([bytes([at]) * 16 for at in range(areas)], shapes)
    rows = {"grid_uid": pa.nulls(points, pa.binary()), "geom": point_wkb(xy[:, 0], xy[:, 1])}
    filled, missing = holders.filled(pa.RecordBatch.from_pydict(rows))
    wanted = [
        next((bytes([at]) * 16 for at, one in enumerate(shapes) if one.intersects(point)), None)
        for point in shapely.points(xy)
    ]
    assert filled.column("grid_uid").to_pylist() == wanted
    assert missing == sum(one is None for one in wanted)
