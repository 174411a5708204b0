"""Rules of pipes in the store and in tiles: no metre is lost, none drawn too wide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.camera import Bounds
from app.engines.citystore import CityStore
from app.engines.citystore.morton import unmorton
from app.engines.tiles_canvas import Canvas, Ramp
from tests.support.small_map import SmallMap

ALL = np.ones(256, np.uint8)
RAMP = Ramp(np.zeros(256, np.uint32), np.full(256, 255, np.uint8))


def kinds(*wanted: int) -> np.ndarray:
    mask = np.zeros(256, np.uint8)
    mask[list(wanted)] = 1
    return mask


def ends(store: CityStore) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of all pieces in local metres."""
    pipes = store.pipes
    i, j = (np.repeat(v, pipes.index.num) for v in unmorton(pipes.key))
    middle = (np.stack([i, j], axis=1) + 0.5) * 256 + store.origin
    a = middle + np.stack([pipes.ax, pipes.ay], axis=1) / 128
    return a, middle + np.stack([pipes.bx, pipes.by], axis=1) / 128


def lengths(store: CityStore) -> np.ndarray:
    a, b = ends(store)
    return np.hypot(*(b - a).T)


def test_that_each_pipe_keeps_its_length_kind_and_size(
    small_map: SmallMap, small_store: CityStore
) -> None:
    pipes, long = small_store.pipes, lengths(small_store)
    lines = small_map.pipe_lines()
    for number, line in enumerate(lines):
        mine = pipes.fid == number + 1
        true = np.hypot(*np.diff(line, axis=0).T).sum()
        assert long[mine].sum() == pytest.approx(true, abs=0.01 * mine.sum() + 0.02)
        assert set(pipes.kind[mine]) == {number % 6 + 1}
        assert set(pipes.size[mine]) == {(number % 10 + 1) * 100}
    assert long.max() < 240.1


def test_that_pieces_lie_on_their_lines(small_map: SmallMap, small_store: CityStore) -> None:
    shapely = pytest.importorskip("shapely")
    a, b = ends(small_store)
    lines = [shapely.LineString(line) for line in small_map.pipe_lines()]
    mine = np.array(lines)[np.asarray(small_store.pipes.fid) - 1]
    for end in (a, (a + b) / 2, b):
        assert shapely.distance(shapely.points(end), mine).max() < 0.02


def test_that_a_middle_lies_in_its_cell(small_store: CityStore) -> None:
    pipes = small_store.pipes
    for low, high in ((pipes.ax, pipes.bx), (pipes.ay, pipes.by)):
        assert np.abs((low.astype(int) + high) / 2).max() <= 128 * 128 + 1


def test_that_the_bins_hold_all_metres(small_store: CityStore) -> None:
    assert small_store.pipes.sub.sum() == pytest.approx(lengths(small_store).sum(), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.floats(10.5, 400.0), st.sampled_from([ALL, kinds(2, 5)]))
def test_that_density_holds_every_metre_at_every_scale(m_per_px: float, want: np.ndarray) -> None:
    store = store_of()
    size = int(store.bounds.width / m_per_px) + 4
    b = store.bounds
    canvas = Canvas(store, b.x0 - m_per_px, b.y1 + m_per_px, m_per_px, size, size)
    canvas.clear(0xFFFFFF)
    true = lengths(store)[want[store.pipes.kind] > 0].sum()
    assert canvas.pipe_metres(want, RAMP, 1.0) == pytest.approx(true, rel=1e-4)


def test_that_tiles_side_by_side_hold_all_metres_once(small_store: CityStore) -> None:
    b, total = small_store.bounds, 0.0
    for row in range(5):
        for col in range(5):
            x0, y1 = b.x0 - 100 + col * 2_000.0, b.y1 + 100 - row * 2_000.0
            total += Canvas(small_store, x0, y1, 20.0, 100, 100).pipe_metres(ALL, RAMP, 1.0)
    assert total == pytest.approx(lengths(small_store).sum(), rel=1e-4)


def test_that_as_many_pieces_are_drawn_as_meet_the_view(small_store: CityStore) -> None:
    shapely = pytest.importorskip("shapely")
    a, b = ends(small_store)
    pieces = shapely.linestrings(np.stack([a, b], axis=1))
    radius = small_store.pipes.size.astype(float) / 2_000
    for x, y in np.random.default_rng(3).uniform(-3_500, 3_500, (25, 2)):
        canvas = Canvas(small_store, x, y, 1.0, 256, 256)
        drawn = canvas.pipes(ALL, 0)
        view = Bounds(x, y - 256, x + 256, y)
        boxes = shapely.bounds(pieces)
        grown = np.maximum(radius, 0.5) + 0.5
        meet = (boxes[:, 0] - grown <= view.x1) & (boxes[:, 2] + grown >= view.x0)
        meet &= (boxes[:, 1] - grown <= view.y1) & (boxes[:, 3] + grown >= view.y0)
        assert drawn == meet.sum()


def test_that_a_pipe_is_as_wide_as_it_is_and_never_under_a_pixel(small_store: CityStore) -> None:
    a, b = ends(small_store)
    row = int(np.argmax(lengths(small_store)))
    middle, d = (a[row] + b[row]) / 2, (b[row] - a[row]) / np.hypot(*(b[row] - a[row]))
    size = small_store.pipes.size[row] / 1000
    only = kinds(int(small_store.pipes.kind[row]))
    for m_per_px in (0.02, 0.5, 2.0):
        canvas = Canvas(small_store, middle[0] - 64 * m_per_px, middle[1] + 64 * m_per_px,
                        m_per_px, 128, 128)  # fmt: skip
        canvas.clear(0xFFFFFF)
        canvas.pipes(only, 0)
        # along the normal through the middle, coverage adds up to the width
        steps = np.arange(-60, 60, 0.05)
        x = (64 + steps * -d[1]).astype(int)
        y = (64 - steps * d[0]).astype(int)
        covered = (1 - (canvas.image[y, x] & 255) / 255).sum() * 0.05
        assert covered == pytest.approx(max(size / m_per_px, 1.0), rel=0.25, abs=0.35)


def test_that_sites_and_stations_keep_place_and_name(small_store: CityStore) -> None:
    sites = small_store.points["site"]
    assert len(sites) == 7
    assert len(small_store.points["station"]) == 5
    assert sites.name(3) == "site3"
    x, y = sites.xy[3] + np.array(small_store.origin)
    assert (x, y) == pytest.approx((0.0, 800.0), abs=0.01)


_STORE: list[CityStore] = []


def store_of() -> CityStore:
    return _STORE[0]


@pytest.fixture(autouse=True)
def keep_store(small_store: CityStore) -> None:
    _STORE[:] = [small_store]
