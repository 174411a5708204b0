"""Cutting and joining grids leaves no gap and no overlap, whatever the shape and the line."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon

from app.data.part_geometry import merge_shapes, split_shape

LON, LAT, SIZE = 121.47, 31.23, 0.004


@st.composite
def stars(draw: st.DrawFn) -> Polygon:
    """Star-shaped cells of 5 to 14 corners, about 400 m wide."""
    count = draw(st.integers(5, 14))
    radii = [draw(st.floats(0.25, 1.0)) for _ in range(count)]
    turn = draw(st.floats(0, 6.28))
    return Polygon([
        (LON + SIZE * r * math.cos(turn + i * 2 * math.pi / count),
         LAT + SIZE * r * math.sin(turn + i * 2 * math.pi / count))
        for i, r in enumerate(radii)
    ])  # fmt: skip


@given(
    stars(), st.lists(st.tuples(st.floats(-2, 2), st.floats(-1, 1)), min_size=0, max_size=4),
    st.floats(0, 3.14),
)  # fmt: skip
def test_that_pieces_of_a_cut_cover_the_whole_and_nothing_twice(
    cell: Polygon, bends: list[tuple[float, float]], turn: float
):
    assume(cell.is_valid)
    way = [(-3.0, 0.0), *sorted(bends), (3.0, 0.0)]
    line = [(LON + SIZE * (x * math.cos(turn) - y * math.sin(turn)),
             LAT + SIZE * (x * math.sin(turn) + y * math.cos(turn))) for x, y in way]  # fmt: skip
    pieces = shapely.from_wkb(split_shape(MultiPolygon([cell]).wkb, line))
    assert math.isclose(sum(one.area for one in pieces), cell.area, rel_tol=1e-9)
    assert shapely.union_all(pieces).symmetric_difference(cell).area < cell.area * 1e-9
    for at, one in enumerate(pieces):
        assert one.is_valid
        for other in pieces[at + 1 :]:
            assert one.intersection(other).area < cell.area * 1e-9
    if len(pieces) == 2:
        joined = merge_shapes([one.wkb for one in pieces])
        assert joined is not None
        assert shapely.from_wkb(joined).symmetric_difference(cell).area < cell.area * 1e-9


@pytest.mark.parametrize(
    "line",
    [[], [(LON, LAT)], [(LON, LAT)] * 2, [(LON, LAT), (LON + 1, LAT)], [(0.0, 0.0), (1.0, 1.0)]],
)
def test_that_a_line_which_does_not_cut_through_leaves_one_piece(line: list[tuple[float, float]]):
    whole = MultiPolygon([shapely.box(LON - SIZE, LAT - SIZE, LON + SIZE, LAT + SIZE)])
    assert len(split_shape(whole.wkb, line)) == 1


def test_that_cells_that_touch_in_a_corner_do_not_merge():
    one, other = (MultiPolygon([shapely.box(x, x, x + 1, x + 1)]).wkb for x in (0, 1))
    assert merge_shapes([one, other]) is None
