"""Rules of tiles: what kernels draw and count, and how tiles are asked for, kept and dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.camera import Bounds
from app.engines.citystore import CityStore, Shapes
from app.engines.citystore.pieces import blocks
from app.engines.citystore.shapes import shape_columns
from app.engines.tiles import SIDE, Image, TileKey, TileService, keys_over
from app.engines.tiles_canvas import Canvas, Ramp
from app.engines.tiles_kernels import KERNELS, compile_all
from app.engines.tiles_select import count_parts, nearest_parts
from tests.support.small_map import SmallMap, shapes_of, square

ALL = np.ones(256, np.uint8)
INK = 0x204060


def shapes_from(
    rings: list[np.ndarray], *, closed: bool, holes: list[bool] | None = None
) -> Shapes:
    frame = SmallMap().frame
    flags = [holes] if holes else None
    made = shape_columns(
        shapes_of(frame, [rings], [0], holes=flags), frame, (-1_000, -1_000), closed=closed
    )
    return Shapes(**made, block=blocks(made["box"]), texts={})  # type: ignore[arg-type]


def blank(store: CityStore, size: int = 64, m_per_px: float = 1.0) -> Canvas:
    canvas = Canvas(store, -32.0, 32.0, m_per_px, size, size)
    canvas._x0, canvas._y1 = -32.0 + 1_000, 32.0 + 1_000
    canvas.clear(0xFFFFFF)
    return canvas


def covered(canvas: Canvas) -> np.ndarray:
    """Return how much of each pixel was painted black, 0 to 1."""
    return 1 - (canvas.image & 255) / 255


def test_that_all_kernels_are_compiled_with_explicit_signatures() -> None:
    assert compile_all() == len(KERNELS)
    assert all(len(kernel.signatures) == 1 for kernel in KERNELS)


@settings(max_examples=60)
@given(
    st.floats(-50, 40), st.floats(-50, 40), st.floats(0.3, 60), st.floats(0.3, 60)
)  # fmt: skip
def test_that_a_filled_box_covers_its_own_area(x: float, y: float, w: float, h: float) -> None:
    canvas = blank(store_of())
    canvas.fill(shapes_from([square(x, y, w, h)], closed=True), ALL, 0x000000)
    inside = max(0, min(x + w, 32) - max(x, -32)) * max(0, min(y + h, 32) - max(y, -32))
    assert covered(canvas).sum() == pytest.approx(inside, rel=0.01, abs=1.5)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), min_size=3, max_size=3))
def test_that_a_filled_triangle_covers_its_own_area(points: list[tuple[float, float]]) -> None:
    shapely = pytest.importorskip("shapely")
    ring = np.array([*points, points[0]])
    true = shapely.Polygon(ring)
    canvas = blank(store_of())
    canvas.fill(shapes_from([ring], closed=True), ALL, 0x000000)
    inside = true.intersection(shapely.box(-32, -32, 32, 32)).area
    assert covered(canvas).sum() == pytest.approx(inside, rel=0.02, abs=2.0)


def test_that_a_hole_stays_open_and_overlaps_count_once() -> None:
    canvas = blank(store_of())
    ring = shapes_from(
        [square(-20, -20, 40), square(-10, -10, 20)], closed=True, holes=[False, True]
    )
    canvas.fill(ring, ALL, 0x000000)
    assert covered(canvas).sum() == pytest.approx(1_200, rel=0.01)
    twice = blank(store_of())
    twice.fill(shapes_from([square(-20, -20, 30), square(-10, -10, 30)], closed=True), ALL, 0)
    assert covered(twice).sum() == pytest.approx(1_400, rel=0.01)


@settings(max_examples=40)
@given(st.floats(0, 6.28), st.floats(1, 9))
def test_that_a_stroke_is_as_wide_as_it_should_at_any_angle(angle: float, width: float) -> None:
    d = np.array([np.cos(angle), np.sin(angle)])
    canvas = blank(store_of())
    line = shapes_from([np.stack([-20 * d, 3 * d, 20 * d])], closed=False)
    canvas.stroke(line, ALL, np.full(256, width, np.float32), 0x000000)
    area = 40 * width + np.pi * width**2 / 4
    assert covered(canvas).sum() == pytest.approx(area, rel=0.05, abs=3)


def test_that_a_thin_stroke_is_pale_instead_of_wide() -> None:
    canvas = blank(store_of())
    line = shapes_from([np.array([[-30.0, 0.5], [30.0, 0.5]])], closed=False)
    canvas.stroke(line, ALL, np.full(256, 0.4, np.float32), 0x000000)
    assert covered(canvas).max() == pytest.approx(0.4, abs=0.03)


def test_that_dashes_leave_gaps() -> None:
    canvas = blank(store_of())
    line = shapes_from([np.array([[-30.0, 0.5], [30.0, 0.5]])], closed=False)
    canvas.stroke(line, ALL, np.full(256, 1.0, np.float32), 0, dash=(6.0, 6.0))
    row = covered(canvas).max(axis=0)[4:60]
    assert (row > 0.9).sum() > 20
    assert (row < 0.1).sum() > 15


def test_that_repeated_vertices_do_no_harm() -> None:
    canvas = blank(store_of())
    twice = np.repeat(square(-20, -20, 40), 2, axis=0)
    shapes = shapes_from([twice], closed=True)
    canvas.stroke(shapes, ALL, np.full(256, 1.0, np.float32), 0, closed=True, dash=(3.5, 3.5))
    assert 50 < covered(canvas).sum() < 150
    canvas.fill(shapes, ALL, 0)
    assert covered(canvas).sum() == pytest.approx(1_600, rel=0.05)


def test_that_tiles_side_by_side_make_one_picture(small_store: CityStore) -> None:
    """Fills, strokes and dots run over the seam as if it were not there."""

    def picture(x0: float, width: int) -> Image:
        canvas = Canvas(small_store, x0, 900.0, 3.0, width, 256)
        canvas.clear(0xFFFFFF)
        canvas.fill(small_store.shapes["water"], ALL, 0x0000FF)
        canvas.stroke(small_store.shapes["road"], ALL, np.full(256, 3.0, np.float32), 0x222222)
        canvas.dots(ALL, np.full(256, 0x990000, np.uint32), 2.0, 0.0, 1.0)
        return canvas.image

    whole = picture(300.0, 512)
    halves = np.concatenate([picture(300.0, 256), picture(300.0 + 256 * 3, 256)], axis=1)
    channels = np.abs(whole.view(np.uint8).astype(int) - halves.view(np.uint8).astype(int))
    assert channels.max() <= 3


def test_that_density_counts_every_part_once(small_store: CityStore) -> None:
    m_per_px = small_store.bounds.width / 256
    ramp = Ramp(np.full(256, INK, np.uint32), np.full(256, 255, np.uint8))
    canvas = Canvas(small_store, small_store.bounds.x0, small_store.bounds.y1, m_per_px, 257, 257)
    assert canvas.density(ALL, ramp) == len(small_store.parts)


@settings(max_examples=30)
@given(st.data())
def test_that_the_count_in_a_box_is_exact(data: st.DataObject) -> None:
    store, xy = store_of(), SmallMap().part_xy()
    x, y = data.draw(st.floats(-4_200, 4_000)), data.draw(st.floats(-4_200, 4_000))
    w, h = data.draw(st.floats(1, 5_000)), data.draw(st.floats(1, 5_000))
    total, by_class = count_parts(store, Bounds(x, y, x + w, y + h), ALL)
    inside = (xy >= [x, y]).all(axis=1) & (xy <= [x + w, y + h]).all(axis=1)
    near = (np.abs(xy - [x, y]) < 0.01).any(axis=1) | (np.abs(xy - [x + w, y + h]) < 0.01).any(
        axis=1
    )
    assert abs(total - inside.sum()) <= near.sum()
    assert by_class.sum() == total


def test_that_a_mask_counts_only_its_classes(small_store: CityStore) -> None:
    want = np.zeros(256, np.uint8)
    want[[3, 50]] = 1
    total, by_class = count_parts(small_store, small_store.bounds, want)
    assert total == np.isin(small_store.parts.cls, [3, 50]).sum()
    assert set(np.flatnonzero(by_class)) == {3, 50}


def test_that_the_nearest_part_is_the_nearest(small_store: CityStore) -> None:
    xy = SmallMap().part_xy()
    for x, y in np.random.default_rng(8).uniform(-3_500, 3_500, (200, 2)):
        away = np.hypot(*(xy - [x, y]).T)
        found = nearest_parts(small_store, x, y, 40.0, ALL, most=5)
        if away.min() > 40.01:
            assert not found
        else:
            told = [part.distance for part in found]
            assert told == pytest.approx(sorted(away[away <= 40.0])[:5], abs=0.02)
            assert away[found[0].fid - 1] == pytest.approx(away.min(), abs=0.02)


def test_that_keys_cover_the_view_nearest_first() -> None:
    box = Bounds(-100, -100, 2_000, 1_500)
    keys = keys_over(1, 1.0, box)
    assert len(keys) == len(set(keys)) == 5 * 4
    assert keys[0].bounds.grown(1e-6).holds(950 // SIDE * SIDE, 700 // SIDE * SIDE)
    x0, y0 = min(k.bounds.x0 for k in keys), min(k.bounds.y0 for k in keys)
    assert (x0, y0) <= (-100, -100)


class Desk:
    """A tile service whose jobs run when told."""

    def __init__(self, lanes: int = 1, budget: int = 10**9) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.drawn: list[TileKey] = []
        self.told: list[TileKey] = []
        self.service = TileService(
            self.draw, self.jobs.append, self.told.append, lanes=lanes, budget=budget
        )

    def draw(self, key: TileKey) -> Image:
        self.drawn.append(key)
        return np.zeros((4, 4), np.uint32)

    def run(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()


def key(n: int) -> TileKey:
    return TileKey(1, 1.0, n, 0)


def test_that_the_most_urgent_tile_is_drawn_first_and_each_once() -> None:
    desk = Desk()
    desk.service.want([key(1), key(2), key(3)])
    desk.run()
    assert desk.drawn == desk.told == [key(1), key(2), key(3)]
    desk.service.want([key(2), key(4)])
    desk.run()
    assert desk.drawn[3:] == [key(4)]
    assert desk.service.idle


def test_that_wishes_of_an_earlier_view_are_forgotten() -> None:
    desk = Desk()
    desk.service.want([key(n) for n in range(50)])
    desk.service.want([key(99)])
    desk.run()
    assert desk.drawn == [key(99)]


def test_that_the_cache_keeps_to_its_budget_and_drops_what_was_not_used() -> None:
    desk = Desk(budget=3 * 64)
    desk.service.want([key(1), key(2), key(3)])
    desk.run()
    assert desk.service.get(key(1)) is not None
    desk.service.want([key(4)])
    desk.run()
    assert desk.service.get(key(2)) is None
    assert desk.service.get(key(1)) is not None
    assert desk.service.cached_bytes <= 3 * 64


def test_that_no_more_lanes_are_used_than_given() -> None:
    desk = Desk(lanes=2)
    desk.service.want([key(n) for n in range(9)])
    assert len(desk.jobs) == 2
    desk.run()
    assert len(desk.drawn) == 9


def test_that_a_closed_service_takes_no_wish_and_tells_nothing() -> None:
    desk = Desk()
    desk.service.want([key(1)])
    desk.service.close()
    desk.run()
    desk.service.want([key(2)])
    desk.run()
    assert desk.told == []


def test_that_a_tile_that_fails_does_not_stop_the_others() -> None:
    desk = Desk()
    real = desk.draw

    def failing(wanted: TileKey) -> Image:
        if wanted == key(1):
            raise RuntimeError("no")
        return real(wanted)

    desk.service._draw = failing
    desk.service.want([key(1), key(2)])
    with pytest.raises(RuntimeError):
        desk.run()
    desk.run()
    assert desk.told == [key(2)]
    assert desk.service.idle


def test_that_a_tile_that_is_there_does_not_make_room_before_it_is_laid() -> None:
    desk = Desk(budget=3 * 64)
    desk.service.want([key(1), key(2), key(3)])
    desk.run()
    desk.service.want([key(1), key(4), key(5)])  # 1 is the oldest, and wanted
    desk.run()
    assert all(desk.service.get(key(n)) is not None for n in (1, 4, 5))


def test_that_many_threads_draw_each_tile_once(
    submit: Callable[[Callable[[], None]], object],
) -> None:
    drawn: list[TileKey] = []
    done = threading.Event()

    def draw(wanted: TileKey) -> Image:
        drawn.append(wanted)
        if len(drawn) == 40:
            done.set()
        return np.zeros((4, 4), np.uint32)

    service = TileService(draw, submit, lambda _key: None, lanes=2)
    service.want([key(n) for n in range(40)])
    assert done.wait(10)
    assert sorted(k.col for k in drawn) == list(range(40))


_STORES: list[CityStore] = []


def store_of() -> CityStore:
    return _STORES[0]


@pytest.fixture(autouse=True, scope="module")
def _remember(small_store: CityStore) -> None:
    _STORES[:] = [small_store]  # Hypothesis calls tests without fixtures of their own
