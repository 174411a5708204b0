"""Tools of the map as a person uses them: tree, saved views, what is here, measuring, windows."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.assembly.live import open_core
from app.assembly.stores import open_store
from app.domain.deep_links import read_link
from app.domain.layers import STOPS
from app.runtime.core import Core
from app.services.views import PlaceHit
from app.shell.application import build_station, close_station
from app.shell.desk import Desk
from app.shell.field import Field
from app.shell.map_keeping import Kept, MapKeeping
from app.shell.more_windows import MoreWindows
from app.shell.station import Station
from app.shell.wall import Wall
from tests.support.part_city import part_city
from widgets.map_picks import PartPicked, PlaceClicked, UnitPicked
from widgets.tree_rows import TreeRow

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part_city(tmp_path_factory.mktemp("tools") / "city")


@pytest.fixture
def core(folder: Path) -> Generator[Core]:
    opened = open_core(str(folder))
    yield opened
    opened.close()


def start(name: str, core: Core, folder: Path, qtbot: QtBot) -> Station:
    store = open_store(folder, core.facts, lambda _stage, _share: None)
    window = build_station(name, core, city_store=store)
    window.resize(1400, 900)
    window.show()
    window.open()
    window.stage.view.set_animated(False)
    qtbot.waitUntil(lambda: window.feed.is_open and window.bridge.waiting == 0, timeout=20_000)
    window.stage.view.fly_to(121.45, 31.15, 4.0)
    return window


@pytest.fixture
def desk(core: Core, folder: Path, qtbot: QtBot) -> Generator[Desk]:
    window = start("desk", core, folder, qtbot)
    assert isinstance(window, Desk)
    assert window.stage.view.wait_sharp(20_000)
    yield window
    close_station(window)


def row(desk: Desk, name: str) -> TreeRow:
    return next(one for one in desk.map.layers.tree.rows if one.name == name)


def go_to(desk: Desk, name: str) -> None:
    rows = desk.map.layers.tree._rows
    rows.at = [one.name for one in rows.rows].index(name)


@pytest.fixture
def tree(desk: Desk, qtbot: QtBot) -> Desk:
    desk.map.take("layers")
    qtbot.waitUntil(lambda: desk.bridge.waiting == 0, timeout=20_000)
    return desk


def test_that_scales_and_strength_of_a_layer_are_set_by_keys(tree: Desk) -> None:
    rows, view = tree.map.layers.tree._rows, tree.stage.view
    go_to(tree, "layer:roads")
    QTest.keyClick(rows, Qt.Key.Key_Right)
    go_to(tree, "scales:roads")
    QTest.keyClick(rows, Qt.Key.Key_Left, SHIFT)
    QTest.keyClick(rows, Qt.Key.Key_Right)
    go_to(tree, "opacity:roads")
    QTest.keyClick(rows, Qt.Key.Key_Left)
    roads = next(s for s in view.wishes.layers if s.key == "roads")
    assert (roads.min_m_per_px, roads.max_m_per_px) == (STOPS[1], STOPS[-2])
    assert roads.opacity == pytest.approx(0.95)
    assert "1:" in row(tree, "range:roads").words
    go_to(tree, "reset:roads")
    QTest.keyClick(rows, Qt.Key.Key_Space)
    roads = next(s for s in view.wishes.layers if s.key == "roads")
    assert (roads.min_m_per_px, roads.opacity) == (0.0, 1.0)


def test_that_a_layer_out_of_its_scales_is_faint_and_says_how_to_see_it(tree: Desk) -> None:
    tree.map.layers._on_slid("scales:roads", 0.0, 1 / (len(STOPS) - 1))
    roads = row(tree, "layer:roads")
    assert roads.faint
    assert roads.note == "放大可见"


def test_that_only_and_all_but_narrow_to_a_class_and_back(tree: Desk) -> None:
    rows, view = tree.map.layers.tree._rows, tree.stage.view
    go_to(tree, "family:0")
    QTest.keyClick(rows, Qt.Key.Key_Right)
    name = next(one.name for one in rows.rows if one.name.startswith("class:"))
    cls = int(name.partition(":")[2])
    go_to(tree, name)
    QTest.keyClick(rows, Qt.Key.Key_O)
    assert np.flatnonzero(view.wishes.want).tolist() == [cls]
    QTest.keyClick(rows, Qt.Key.Key_X)
    assert np.flatnonzero(view.wishes.want == 0).tolist() == [cls]
    assert row(tree, "family:0").on is None
    go_to(tree, "unfilter")
    QTest.keyClick(rows, Qt.Key.Key_Space)
    assert view.wishes.want.all()


def test_that_classes_are_found_by_name_and_by_code(tree: Desk) -> None:
    for text in ("雨水井盖", "storm-water manhole", "0103"):
        tree.map.layers.tree.seek(text)
        found = [one.words for one in tree.map.layers.tree.rows if one.name.startswith("class:")]
        assert found == ["雨水井盖"]


def test_that_saved_views_are_renamed_ordered_dropped_and_had_back(desk: Desk) -> None:
    work, panel = desk.map, desk.map.bookmarks.panel
    for name in ("一", "二", "三"):
        work.bookmarks.answer("save", name)
    work.take("views")
    panel.choose("三")
    QTest.keyClick(panel, Qt.Key.Key_Up, ALT)
    assert panel.names == ("一", "三", "二")
    QTest.keyClick(panel, Qt.Key.Key_F2)
    work.ask.fill("夜班")
    assert panel.names == ("一", "夜班", "二")
    QTest.keyClick(panel, Qt.Key.Key_Delete)
    assert panel.names == ("一", "二")
    QTest.keyClick(panel, Qt.Key.Key_Z, CONTROL)
    assert panel.names == ("一", "夜班", "二")
    assert work.bookmarks.pictures.get(work.views.links["一"]) is not None


def test_that_a_view_brings_back_strength_scales_fill_and_hour(desk: Desk) -> None:
    work, view = desk.map, desk.stage.view
    work.layers._on_slid("opacity:roads", 0.0, 0.5)
    work.layers._on_slid("scales:pipes", 0.0, 0.5)
    work.layers.fill_by("signs")
    work.layers._on_switched("layer:heat", True)
    work.layers._on_slid("hour", 0.0, 8 / 23)
    link = work.views.link()
    work.layers.reset()
    work.layers.fill_by("cases")
    work.open_link(link)
    assert work.views.link() == link
    assert (work.layers.fill, work.layers.hour) == ("signs", 8)
    assert view.wishes.opacity("roads") == pytest.approx(0.55)
    assert read_link(link).ranges.keys() == {"pipes"}


def test_that_layers_and_filters_come_back_at_the_next_start(desk: Desk) -> None:
    kept: dict[str, object] = {}
    keeping = MapKeeping(desk.map, "desk", Kept(), kept.update)
    desk.map.layers.filter_to(frozenset({3}), None)
    before = desk.stage.view.camera
    keeping.close()
    desk.map.layers.reset()
    states = kept["map_states"]
    assert isinstance(states, dict)
    MapKeeping(desk.map, "desk", Kept(states=states), None)
    assert np.flatnonzero(desk.stage.view.wishes.want).tolist() == [3]
    assert desk.stage.view.camera == before


def test_that_a_damaged_state_leaves_the_layers_as_usual(desk: Desk) -> None:
    MapKeeping(desk.map, "desk", Kept(states={"desk": "wangge://view?at=x"}), None)
    assert desk.stage.view.wishes.want.all()


def test_that_nearest_starts_from_the_pointer_else_from_the_picked_place(desk: Desk) -> None:
    work, view = desk.map, desk.stage.view
    view.pointer = QPointF(200, 200)
    work.find_nearest()
    assert work.card.title == "离指针最近"
    at = view.camera.to_world(200, 200)
    parts = [one for one in work.looking.found if one is not None and one.kind == "part"]
    away = [float(np.hypot(one.x - at[0], one.y - at[1])) for one in parts]
    assert away == sorted(away)
    view.pointer = None
    work.spots.take(121.44, 31.14)
    work.find_nearest()
    assert work.card.title == "离所点之处最近"


def test_that_a_place_has_a_card_from_which_a_case_is_reported(desk: Desk, qtbot: QtBot) -> None:
    work = desk.map
    work.open_place(PlaceHit("place", "某处", "", 121.45, 31.15))
    qtbot.waitUntil(lambda: desk.bridge.waiting == 0, timeout=20_000)
    said = {one.detail for one in work.card.rows}
    assert {"坐标", "所属"} <= said
    assert work.card.height() >= 30 * min(8, len(work.card.rows))
    work.do_button("here:report")
    assert desk.form.isVisible()


def test_that_measurements_stay_until_they_are_deleted(desk: Desk) -> None:
    work, view = desk.map, desk.stage.view
    for _ in range(2):
        work.take("length")
        for at in ((300, 200), (400, 300)):
            QTest.mouseClick(view, LEFT, NONE, QPoint(*at))
        QTest.keyClick(view, Qt.Key.Key_Return)
        work.put_away()
    assert len(work.card.rows) == 2
    assert work.card._note.y() >= work.card._rows.geometry().bottom()
    work.card.setFocus()
    QTest.keyClick(work.card, Qt.Key.Key_Delete)
    assert len(work.measuring.kept.drawings) == 1
    desk.escape()
    assert len(work.measuring.kept.drawings) == 1
    work.do_button("measure:clear")
    assert not work.measuring.kept.drawings


def test_that_an_area_is_selected_by_a_click_and_steps_are_taken_back(
    desk: Desk, qtbot: QtBot
) -> None:
    work = desk.map
    work.spots.take(121.45, 31.15)
    with qtbot.waitSignal(work.selecting.changed, timeout=20_000):
        work.do_here("select")
    assert work.selecting.selected is not None
    first = work.selecting.selected.total
    assert first > 0
    store = desk.stage.view.store
    assert store is not None
    with qtbot.waitSignal(work.selecting.changed, timeout=20_000):
        work.selecting.buffer(500.0, store)
    with qtbot.waitSignal(work.selecting.changed, timeout=20_000):
        work.undo_selection()
    assert work.selecting.selected.total == first
    work.undo_selection()
    assert work.selecting.shape is None


def test_that_coordinates_of_the_pointer_are_copied(desk: Desk) -> None:
    view = desk.stage.view
    view.pointer = QPointF(view.width() / 2, view.height() / 2)
    desk.map.copy_place()
    lon, lat = map(float, QGuiApplication.clipboard().text().split(","))
    assert (lon, lat) == pytest.approx((121.45, 31.15), abs=1e-4)


def test_that_the_field_has_tools_as_large_as_gloves_need(
    core: Core, folder: Path, qtbot: QtBot
) -> None:
    window = start("field", core, folder, qtbot)
    assert isinstance(window, Field)
    window.show_face("map")
    sizes = [button.sizeHint() for button in window.map.strip._buttons.values()]
    assert len(sizes) == 6
    assert all(min(size.width(), size.height()) >= 44 for size in sizes)
    assert window.map.layers.tree._rows.row_height >= 44
    close_station(window)


def test_that_the_wall_shows_the_view_an_operator_chose(
    core: Core, folder: Path, qtbot: QtBot, desk: Desk
) -> None:
    chosen: list[str] = []
    desk.map.bookmarks.wall_chosen.connect(chosen.append)
    desk.map.layers.filter_to(frozenset({2}), None)
    desk.map.bookmarks.answer("save", "防汛")
    desk.map.take("views")
    QTest.keyClick(desk.map.bookmarks.panel, Qt.Key.Key_W)
    window = start("wall", core, folder, qtbot)
    assert isinstance(window, Wall)
    window.follow_view(partial(chosen.__getitem__, 0))
    window._look_for_view()
    qtbot.waitUntil(lambda: np.count_nonzero(window.stage.view.wishes.want) == 1, timeout=5_000)
    assert window.stage.view.camera.m_per_px == pytest.approx(4.0, rel=0.01)
    window.show_view("wangge://view?broken")
    assert np.count_nonzero(window.stage.view.wishes.want) == 1
    close_station(window)


def test_that_a_second_window_looks_elsewhere_in_the_same_language(
    desk: Desk, core: Core, folder: Path, qtbot: QtBot
) -> None:
    store = desk.stage.view.store
    more = MoreWindows(desk, partial(build_station, "desk", core, city_store=store))
    second = more.open()
    qtbot.waitUntil(lambda: second.feed.is_open and second.bridge.waiting == 0, timeout=20_000)
    second.stage.view.set_animated(False)
    second.stage.view.fly_to(121.42, 31.12, 1.0)
    assert desk.stage.view.camera.m_per_px == pytest.approx(4.0, rel=0.01)
    desk.session.turn_language()
    assert "New window" in [deed.text() for deed in second.deeds]
    second.session.turn_theme()
    assert desk.session.theme.name == second.session.theme.name == "dark"
    desk.session.set_language("zh")
    desk.session.set_theme("light")
    second.close()
    assert more.windows == []
    more.close()


def test_that_a_link_names_the_part_or_unit_on_show_and_no_stale_one(desk: Desk) -> None:
    work, view, unit = desk.map, desk.stage.view, uuid4()
    view.part_picked.emit(PartPicked(7, 0, 0, 121.47, 31.23))
    assert read_link(work.views.link()).part == 7
    view.unit_picked.emit(UnitPicked(unit))
    link = read_link(work.views.link())
    assert (link.part, link.unit) == (None, unit)
    view.place_clicked.emit(PlaceClicked(121.47, 31.23))
    link = read_link(work.views.link())
    assert (link.part, link.unit) == (None, None)
