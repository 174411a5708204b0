"""Rules of what goes into tiles and where names may stand. Without Qt."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import layers
from app.domain.camera import Bounds, Camera
from app.domain.geodesy import SHANGHAI
from app.domain.layers import LAYERS
from app.domain.map_columns import PIPE_KINDS
from app.engines.citystore import CityStore
from app.engines.tiles import SIDE, TileKey
from app.engines.tiles_select import count_parts
from layers.cases.geometry import Points, hit, in_sight, points_of
from layers.labels.geometry import (
    DISTRICT,
    GREEN,
    GRID,
    MAIN,
    ROAD,
    Candidate,
    Placing,
    along,
    candidates,
)
from layers.labels.halo import haloed
from layers.look import Look, colour, look_of, mixed
from layers.parts.geometry import dot_radius, ramp, within
from layers.pipes.geometry import kind_colour
from layers.roads.geometry import ROADS, width_px
from layers.tiles import DRAWN, draw_overview, draw_tile, parts_at_most
from tests.support.map_theme import map_theme

LIGHT = map_theme("light")
STATIC = frozenset(DRAWN)


def measure(_style: int, text: str) -> tuple[float, float]:
    return 13.0 * len(text), 18.0


def look(store: CityStore, **other: object) -> Look:
    return replace(look_of(LIGHT, STATIC, density=parts_at_most(store)), **other)  # type: ignore[arg-type]


def middle(m_per_px: float) -> TileKey:
    return TileKey(1, m_per_px, -1, -1)


def test_that_every_layer_described_is_drawn_and_the_other_way_round() -> None:
    assert set(DRAWN) == {spec.key for spec in LAYERS if not spec.live}


def test_that_geometry_knows_no_qt() -> None:
    folder = Path(layers.__file__).parent
    for path in folder.rglob("*.py"):
        names = {
            getattr(node, "module", None) or node.names[0].name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        qt = any(name.startswith("PySide6") for name in names)
        assert qt == (path.name == "painter.py"), path


@pytest.mark.parametrize("m_per_px", [60.0, 8.0, 2.0, 0.5])
def test_that_a_tile_shows_something_at_each_scale(small_store: CityStore, m_per_px: float) -> None:
    image = draw_tile(small_store, look(small_store), middle(m_per_px))
    assert image.shape == (SIDE, SIDE)
    assert len(np.unique(image)) > 8
    assert (image >> 24 == 0xFF).all()


def test_that_a_tile_is_the_same_each_time(small_store: CityStore) -> None:
    first = draw_tile(small_store, look(small_store), middle(4.0))
    assert (draw_tile(small_store, look(small_store), middle(4.0)) == first).all()


def test_that_a_hidden_layer_leaves_no_trace(small_store: CityStore) -> None:
    bare = look(small_store, layers=frozenset({"base"}))
    with_roads = look(small_store, layers=frozenset({"base", "roads"}))
    ground = draw_tile(small_store, bare, middle(8.0))
    assert (ground != draw_tile(small_store, with_roads, middle(8.0))).any()
    allowed = {bare.land, bare.water, bare.green, bare.ground}
    values, counts = np.unique(ground & 0xFFFFFF, return_counts=True)
    assert set(values[counts > 300].tolist()) <= allowed


def test_that_no_wanted_class_means_no_dots(small_store: CityStore) -> None:
    none = look(small_store, want=np.zeros(256, np.uint8))
    bare = look(small_store, layers=STATIC - {"parts"})
    empty = draw_tile(small_store, none, middle(2.0))
    assert (empty == draw_tile(small_store, bare, middle(2.0))).all()


def test_that_outside_the_city_there_is_only_ground(small_store: CityStore) -> None:
    image = draw_tile(small_store, look(small_store), TileKey(1, 8.0, 40, 40))
    assert (image == 0xFF000000 | look(small_store).ground).all()


def test_that_the_overview_needs_no_kernel_and_shows_the_river(small_store: CityStore) -> None:
    shown = look(small_store)
    image = draw_overview(small_store, shown)
    h, w = image.shape
    assert max(h, w) == 1024
    assert (image == 0xFF000000 | shown.water).sum() > h * w * 0.01
    assert (image == 0xFF000000 | shown.land).sum() > h * w * 0.2


def test_that_roads_keep_their_order_and_grow_nearer() -> None:
    for scale in (100.0, 20.0, 5.0, 1.0, 0.2):
        widths = [width_px(road, scale) for road in ROADS.values()]
        assert widths == sorted(widths)
    for road in ROADS.values():
        widths = [width_px(road, scale) for scale in (100.0, 20.0, 5.0, 1.0, 0.2)]
        assert widths == sorted(widths)


def test_that_denser_is_stronger(small_store: CityStore) -> None:
    steps = ramp(look(small_store), 40.0, 1.0).alphas
    assert steps[0] == 0
    assert (np.diff(steps[1:].astype(int)) >= 0).all()
    assert dot_radius(0.2) > dot_radius(2.0) > dot_radius(4.5)


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF))
def test_that_mixing_goes_from_one_colour_to_the_other(a: int, b: int) -> None:
    assert mixed(a, b, 0) == a
    assert mixed(a, b, 1) == b
    assert colour(f"#{a:06X}") == a


def test_that_parts_within_a_box_are_all_that_are_counted_there(small_store: CityStore) -> None:
    box = Bounds(-310.0, -120.0, 290.0, 400.0)
    x, y, cls, _state = within(small_store, box)
    total, by_class = count_parts(small_store, box, np.ones(256, np.uint8))
    assert len(x) == len(y) == total > 0
    assert (np.bincount(cls, minlength=256) == by_class).all()
    assert x.min() >= box.x0
    assert y.max() <= box.y1


# pipes


@pytest.mark.parametrize("m_per_px", [60.0, 10.0, 4.0, 0.5])
def test_that_pipes_show_at_each_scale(small_store: CityStore, m_per_px: float) -> None:
    with_pipes = look(small_store, layers=frozenset({"base", "pipes"}))
    bare = look(small_store, layers=frozenset({"base"}))
    shown = draw_tile(small_store, with_pipes, middle(m_per_px))
    assert (shown != draw_tile(small_store, bare, middle(m_per_px))).sum() > 100


def test_that_kinds_of_pipes_have_colours_of_their_own(small_store: CityStore) -> None:
    for dark in (False, True):
        hues = {kind_colour(look(small_store, dark=dark), kind) for kind in PIPE_KINDS}
        assert len(hues) == len(PIPE_KINDS)


# names


def test_that_a_name_stands_where_the_line_is_straight() -> None:
    line = np.array([[0.0, 0.0], [1_000.0, 0.0]])
    assert list(along(line, 100.0, 2_000.0)) == [(500.0, 0.0, 0)]
    assert len(list(along(line, 100.0, 250.0))) == 4
    assert list(along(line, 950.0, 2_000.0)) == []


def test_that_a_name_is_never_upside_down() -> None:
    for turn in np.linspace(0, 2 * np.pi, 33):
        d = np.array([np.cos(turn), np.sin(turn)]) * 1_000
        ((_, _, angle),) = along(np.stack([-d, d]), 100.0, 5_000.0)
        assert -90 < angle <= 90


def test_that_no_name_stands_in_a_tight_bend() -> None:
    turn = np.linspace(0, np.pi, 30)
    assert not list(along(np.stack([np.cos(turn), np.sin(turn)], 1) * 50, 90.0, 5_000.0))


placed_at = st.tuples(st.integers(0, 600), st.integers(0, 400), st.sampled_from([0, 30, 75, -60]))


@given(st.lists(placed_at, max_size=40))
def test_that_names_never_collide(places: list[tuple[int, int, int]]) -> None:
    placing = Placing(1.0, measure, [])
    for n, (x, y, angle) in enumerate(places):
        placing.offer(Candidate(ROAD, f"名{n:02d}", x, y, angle))
    for n, a in enumerate(placing.placed):
        for b in placing.placed[n + 1 :]:
            if a.angle == b.angle == 0:
                apart = abs(a.x - b.x) >= 13 * 3 or abs(a.y - b.y) >= 18
                assert apart


def test_that_what_stands_keeps_standing_when_the_view_moves() -> None:
    old = Candidate(ROAD, "淮海中路", 100, 100)
    rival = Candidate(DISTRICT, "徐汇区", 110, 102)
    placing = Placing(1.0, measure, [old])
    assert placing.offer(rival)
    assert placing.placed[0] == old
    aside = placing.placed[1]
    assert abs(aside.x - 100) >= 13 * 3.5 or abs(aside.y - 100) >= 18


def test_that_names_leave_free_what_needs_a_hand() -> None:
    case = np.array([[100.0, 100.0]])
    placing = Placing(1.0, measure, [], case)
    assert not placing.offer(Candidate(ROAD, "淮海中路", 105, 100))
    assert placing.offer(Candidate(DISTRICT, "徐汇区", 105, 100))
    (name,) = placing.placed
    assert abs(name.y - 100) > 9 or abs(name.x - 100) > 13 * 1.5


def test_that_the_wall_names_only_what_matters(small_store: CityStore) -> None:
    part = Bounds(-900, -900, 900, 900)
    calm = {c.style for c in candidates(small_store, part, 0.5, False, measure, calm=True)}
    all_of_it = {c.style for c in candidates(small_store, part, 0.5, False, measure)}
    assert not calm & {GRID, GREEN, ROAD}
    assert {GRID, ROAD} <= all_of_it


def test_that_grids_are_named_only_from_near(small_store: CityStore) -> None:
    part = Bounds(-900, -900, 900, 900)
    for m_per_px, shown in ((0.4, True), (1.0, False)):
        styles = {c.style for c in candidates(small_store, part, m_per_px, False, measure)}
        assert (GRID in styles) == shown


def test_that_a_road_does_not_repeat_its_name_too_soon() -> None:
    placing = Placing(1.0, measure, [])
    assert placing.offer(Candidate(ROAD, "淮海中路", 0, 0))
    assert not placing.offer(Candidate(ROAD, "淮海中路", 200, 0))
    assert placing.offer(Candidate(ROAD, "淮海中路", 400, 0))


def test_that_districts_are_named_far_away_and_roads_near(small_store: CityStore) -> None:
    part = Bounds(-900, -900, 900, 900)
    far = {c.style for c in candidates(small_store, small_store.bounds, 30.0, False, measure)}
    near = {c.style for c in candidates(small_store, part, 2.0, False, measure)}
    assert DISTRICT in far
    assert near & {ROAD, MAIN}
    assert DISTRICT not in near


def test_that_names_come_in_the_language_of_the_window(small_store: CityStore) -> None:
    chinese = candidates(small_store, small_store.bounds, 30.0, False, measure)
    english = candidates(small_store, small_store.bounds, 30.0, True, measure)
    assert any(c.text == "第1区" for c in chinese)
    assert any(c.text.startswith("Area") for c in english)


def test_that_candidates_stand_on_the_ground_whatever_the_view(small_store: CityStore) -> None:
    small = Bounds(-700, -700, 700, 700)
    few = set(candidates(small_store, small, 2.0, False, measure))
    many = set(candidates(small_store, small.grown(500), 2.0, False, measure))
    assert few <= many


def test_that_a_halo_lies_around_the_ink_and_never_over_it() -> None:
    text = np.zeros((15, 15, 4), np.uint8)
    text[7, 7] = (10, 20, 30, 255)
    laid = haloed(text, 0xF0E0D0, 3.0)
    assert laid[7, 7].tolist() == [10, 20, 30, 255]
    assert laid[7, 9].tolist() == [0xD0, 0xE0, 0xF0, 255]
    assert laid[7, 12, 3] == 0
    assert laid[4, 4, 3] < 128


# cases


def some(marks: list[int], x: list[float]) -> Points:
    uids = tuple(UUID(int=n + 1) for n in range(len(x)))
    return Points(uids, np.array(x), np.zeros(len(x)), np.array(marks, np.uint8))


def test_that_only_what_is_in_sight_is_drawn() -> None:
    camera = Camera(width=200, height=100, m_per_px=1)
    _sx, _sy, rows = in_sight(some([0, 0, 0], [0, 90, 5_000]), camera)
    assert rows.tolist() == [0, 1]


def test_that_a_click_takes_the_worst_within_reach_then_the_nearest() -> None:
    camera = Camera(width=200, height=100, m_per_px=1)
    assert hit(some([0, 3], [0, 6]), camera, 100, 50, 11) == UUID(int=2)
    assert hit(some([1, 1], [0, 6]), camera, 105, 50, 11) == UUID(int=2)
    assert hit(some([1], [0]), camera, 150, 50, 11) is None


def test_that_cases_without_a_place_are_not_on_the_map() -> None:
    uids = [UUID(int=1), UUID(int=2)]
    points = points_of(
        SHANGHAI, uids, np.array([121.47, np.nan]), np.array([31.23, 31.2]), np.zeros(2, np.uint8)
    )
    assert points.uids == (UUID(int=1),)
    assert points.place_of(UUID(int=2)) is None
    assert points.mark_of(UUID(int=1)) == 0
