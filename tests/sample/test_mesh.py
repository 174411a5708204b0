"""Cuts leave neither gap nor overlap, whatever the shape and the order."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sample.grids import cut_grids, gather, reading_order, share_out
from app.sample.mesh import Mesh


def _star(seed: int, corners: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(400, 1_500, corners)
    return np.column_stack([reach * np.cos(turn), reach * np.sin(turn)])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), corners=st.integers(6, 24), cells=st.integers(1, 40),
    angle=st.floats(0, np.pi),
)  # fmt: skip
def test_that_cut_cells_tile_their_field_exactly(seed, corners, cells, angle):
    outline = _star(seed, corners)
    whole = shapely.Polygon(outline)
    mesh = Mesh(outline)
    if not whole.is_valid or whole.area < 50_000:
        return
    found, _ = cut_grids(
        mesh, [list(range(corners))], np.array([cells]), np.random.default_rng(seed)
    )
    xy = mesh.corners()
    shapes = [shapely.Polygon(xy[mesh.expand(cell.ring)]) for cell in found]
    assert len(shapes) == cells
    assert shapely.coverage_is_valid(shapes)
    assert abs(sum(s.area for s in shapes) / whole.area - 1) < 1e-6


def test_that_a_neighbour_learns_of_a_corner_put_on_its_edge():
    mesh = Mesh(np.array([(0, 0), (10, 0), (20, 0), (20, 30), (10, 30), (0, 30)], dtype=float))
    left, right = [0, 1, 4, 5], [1, 2, 3, 4]
    cut = mesh.halve(left, np.pi / 2, 0.5, 0.0)
    assert cut is not None
    assert len(mesh.expand(right)) == 5


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=50), st.integers(0, 1_000))
def test_that_shares_add_up_and_keep_their_least(weight, extra):
    least = np.arange(len(weight)) % 3
    total = int(least.sum()) + extra
    shares = share_out(np.array(weight), total, least)
    assert shares.sum() == total
    assert (shares >= least).all()


@given(st.integers(0, 1_000), st.integers(1, 60), st.integers(1, 60))
def test_that_no_group_is_empty(seed, points, groups):
    xy = np.random.default_rng(seed).normal(size=(points, 2))
    number = gather(xy[:, 0], xy[:, 1], np.ones(points), groups)
    assert len(np.unique(number)) == min(points, groups)


@given(st.integers(0, 1_000), st.integers(1, 40))
def test_that_grids_are_read_west_to_east_then_north_to_south(seed, points):
    x, y = np.random.default_rng(seed).uniform(0, 900, (2, points))
    order = reading_order(x, y, 100.0)
    band = np.floor((y.max() - y[order]) / 100.0)
    assert (np.diff(band) >= 0).all()
    assert all(x[order][i] < x[order][i + 1] for i in range(points - 1) if band[i] == band[i + 1])
