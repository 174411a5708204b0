"""Working on the map of a desk: select, identify, measure, export, views; by mouse and by keys."""

from __future__ import annotations

import csv
from collections.abc import Generator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.assembly.cities import export_parts_aside
from app.assembly.live import open_core
from app.assembly.stores import open_store
from app.domain.deep_links import read_link
from app.domain.errors import AppError, InvalidInput
from app.shell.application import build_station, close_station
from app.shell.desk import Desk
from app.shell.map_selecting import fids_of
from tests.support.part_city import part_city

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part_city(tmp_path_factory.mktemp("work") / "city")


@pytest.fixture
def desk(folder: Path, qtbot: QtBot) -> Generator[Desk]:
    core = open_core(str(folder))
    store = open_store(folder, core.facts, lambda _stage, _share: None)
    export = partial(export_parts_aside, core, str(folder))
    window = build_station("desk", core, city_store=store, export=export)
    assert isinstance(window, Desk)
    window.resize(1400, 900)
    window.show()
    window.open()
    view = window.stage.view
    view.set_animated(False)
    qtbot.waitUntil(lambda: window.feed.is_open and window.bridge.waiting == 0, timeout=20_000)
    view.fly_to(121.45, 31.15, 4.0)
    assert view.wait_sharp(20_000)
    yield window
    close_station(window)
    core.close()


def drag(desk: Desk, a: tuple[int, int], b: tuple[int, int]) -> None:
    view = desk.stage.view
    QTest.mousePress(view, LEFT, SHIFT, QPoint(*a))
    QTest.mouseMove(view, QPoint((a[0] + b[0]) // 2, (a[1] + b[1]) // 2))
    QTest.mouseRelease(view, LEFT, SHIFT, QPoint(*b))


def select(desk: Desk, qtbot: QtBot, a: tuple[int, int], b: tuple[int, int]) -> int:
    with qtbot.waitSignal(desk.map.selecting.changed, timeout=20_000):
        drag(desk, a, b)
    assert desk.map.selecting.selected is not None
    return desk.map.selecting.selected.total


def test_that_a_second_box_with_shift_adds_without_counting_twice(desk: Desk, qtbot: QtBot) -> None:
    one = select(desk, qtbot, (150, 100), (350, 300))
    assert one > 0
    assert select(desk, qtbot, (150, 100), (350, 300)) == one
    assert select(desk, qtbot, (350, 100), (500, 300)) > one
    rows = desk.map.card.rows
    assert sum(int(row.figures[0].replace(",", "")) for row in rows) == (
        desk.map.selecting.selected.total  # type: ignore[union-attr]
    )


def test_that_a_click_on_a_class_keeps_only_that_one(desk: Desk, qtbot: QtBot) -> None:
    select(desk, qtbot, (150, 100), (500, 400))
    first = int(desk.map.card.rows[0].figures[0])
    with qtbot.waitSignal(desk.map.selecting.changed, timeout=20_000):
        desk.map.card.row_opened.emit(0)
    assert desk.map.selecting.selected.total == first  # type: ignore[union-attr]


def test_that_escape_clears_the_selection(desk: Desk, qtbot: QtBot) -> None:
    select(desk, qtbot, (150, 100), (500, 400))
    desk.escape()
    assert desk.map.selecting.shape is None
    assert not desk.map.card.isVisible()


def test_that_a_buffer_widens_what_is_selected(desk: Desk, qtbot: QtBot) -> None:
    before = select(desk, qtbot, (250, 200), (400, 350))
    desk.map.ask_radius()
    with qtbot.waitSignal(desk.map.selecting.changed, timeout=20_000):
        desk.map.ask.fill("400")
    assert desk.map.selecting.selected.total > before  # type: ignore[union-attr]


@pytest.mark.parametrize("ending", ["csv", "gpkg", "geojson", "xlsx"])
def test_that_an_export_holds_as_many_parts_as_the_card_says(
    desk: Desk, qtbot: QtBot, tmp_path: Path, ending: str
) -> None:
    total = select(desk, qtbot, (150, 100), (500, 400))
    selected, store = desk.map.selecting.selected, desk.stage.view.store
    assert selected is not None
    assert store is not None
    out, told = tmp_path / f"parts.{ending}", list[str]()
    desk.map.told.connect(told.append)
    desk.map.exporting.export_to(out, fids_of(store, selected))
    qtbot.waitUntil(lambda: bool(told) and f"{total:,}" in told[-1], timeout=30_000)
    if ending == "csv":
        with out.open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.DictReader(file))) == total


def test_that_a_click_lists_what_lies_there_and_keys_walk_it(desk: Desk) -> None:
    view = desk.stage.view
    QTest.mouseClick(view, LEFT, NONE, QPoint(300, 300))
    kinds = [row.detail for row in desk.map.card.rows]
    assert "区" in kinds
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not desk.map.card.isVisible()


def test_that_a_link_brings_back_view_layers_and_filter(desk: Desk) -> None:
    work, view = desk.map, desk.stage.view
    work.layers.filter_to(frozenset({1, 2}), frozenset({0}))
    view.set_layer_visible("roads", False)
    link = work.views.link()
    work.layers.filter_to(None, None)
    view.set_layer_visible("roads", True)
    view.fly_to(121.42, 31.12, 1.0)
    desk._on_asked(link)
    assert work.views.link() == link
    assert read_link(link).classes == frozenset({1, 2})


def test_that_a_bad_link_is_one_clear_error(desk: Desk) -> None:
    errors: list[AppError] = []
    desk.map.failed.connect(errors.append)
    desk._on_asked("wangge://view?at=1,2")
    assert [type(error) for error in errors] == [InvalidInput]
    assert errors[0].field == "scale"


def test_that_views_go_back_and_forward(desk: Desk) -> None:
    view, views = desk.stage.view, desk.map.views
    first = view.camera
    views._on_rest()
    view.fly_to(121.42, 31.12, 1.0)
    views.back()
    assert np.allclose((view.camera.x, view.camera.m_per_px), (first.x, first.m_per_px))
    views.forward()
    assert view.camera.m_per_px == pytest.approx(1.0)


def test_that_a_saved_view_stands_in_the_palette(desk: Desk) -> None:
    kept: list[dict[str, str]] = []
    desk.map.views.saved.connect(kept.append)
    desk.map.ask_name()
    desk.map.ask.fill("早高峰")
    assert list(kept[0]) == ["早高峰"]
    assert "早高峰" in [command.text for command in desk.map.views.commands()]
    assert desk.map.do("view:go:早高峰")


def test_that_open_cases_fill_areas_and_heat_and_clusters_are_drawn(desk: Desk) -> None:
    view = desk.stage.view
    desk.map.take("layers")
    for key in ("heat", "clusters"):
        desk.map.layers._on_switched(f"layer:{key}", True)
    for what in ("cases", "signs"):
        desk.map.layers.fill_by(what)
        assert view.wait_sharp(20_000)
    assert view.wishes.values is not None
    assert desk.map.layers.tree.isVisible()
