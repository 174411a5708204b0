"""Rules of tools on the map: who gets the hand and the keys, what a drawing is."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engines.citystore import CityStore
from widgets.map_tools.box import BoxTool
from widgets.map_tools.draw import Drawing, DrawTool
from widgets.map_view import MapView
from widgets.theme import load_theme

Submit = Callable[[Callable[[], None]], object]
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(qtbot: QtBot, small_store: CityStore, submit: Submit) -> Generator[MapView]:
    shown = MapView(small_store, load_theme("light"), lambda key: key, submit)
    shown.set_animated(False)
    shown.resize(640, 420)
    qtbot.addWidget(shown, before_close_func=MapView.stop)
    shown.show()
    yield shown
    shown.stop()


def drawn(view: MapView, tool: DrawTool | BoxTool) -> list[Drawing]:
    heard: list[Drawing] = []
    tool.finished.connect(heard.append)
    tool.changed.connect(view.update)
    return heard


def clicks(view: MapView, *places: tuple[int, int]) -> None:
    for place in places:
        QTest.mouseClick(view, LEFT, NONE, QPoint(*place))


def test_that_clicks_make_corners_and_enter_ends_a_line(view: MapView) -> None:
    tool = DrawTool(view)
    heard = drawn(view, tool)
    view.take_tool(tool)
    clicks(view, (100, 100), (200, 100), (200, 200))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert len(heard) == 1
    assert not heard[0].closed
    assert np.allclose(heard[0].xy[2], view.camera.to_world(200, 200))
    view.grab()


def test_that_backspace_takes_the_last_corner_back(view: MapView) -> None:
    tool = DrawTool(view)
    view.take_tool(tool)
    clicks(view, (100, 100), (200, 100), (200, 200))
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert len(tool.corners) == 2


def test_that_escape_drops_the_drawing_then_says_it_wants_to_leave(view: MapView) -> None:
    tool = DrawTool(view)
    asked: list[bool] = []
    tool.cancelled.connect(lambda: asked.append(True))
    view.take_tool(tool)
    clicks(view, (100, 100), (200, 100))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert (len(tool.corners), asked) == (0, [])
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert asked == [True]


def test_that_a_polygon_needs_three_corners(view: MapView) -> None:
    tool = DrawTool(view, closed=True)
    heard = drawn(view, tool)
    view.take_tool(tool)
    clicks(view, (100, 100), (200, 100))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert heard == []


def test_that_the_map_still_drags_while_a_line_is_drawn(view: MapView) -> None:
    tool = DrawTool(view)
    view.take_tool(tool)
    clicks(view, (100, 100))
    before = view.camera
    QTest.mousePress(view, LEFT, NONE, QPoint(300, 200))
    QTest.mouseMove(view, QPoint(330, 200))
    QTest.mouseMove(view, QPoint(360, 200))
    QTest.mouseRelease(view, LEFT, NONE, QPoint(360, 200))
    assert view.camera.x < before.x
    assert len(tool.corners) == 1


def test_that_a_lasso_follows_the_hand_and_leaves_the_map_still(view: MapView) -> None:
    tool = DrawTool(view, closed=True, freehand=True)
    heard = drawn(view, tool)
    view.take_tool(tool)
    before = view.camera
    QTest.mousePress(view, LEFT, NONE, QPoint(100, 100))
    for place in ((150, 100), (200, 150), (150, 200), (100, 150)):
        QTest.mouseMove(view, QPoint(*place))
    QTest.mouseRelease(view, LEFT, NONE, QPoint(100, 150))
    assert view.camera == before
    assert len(heard) == 1
    assert len(heard[0].xy) == 5


def test_that_shift_and_drag_make_a_box_at_any_time(view: MapView) -> None:
    tool = BoxTool(view)
    heard = drawn(view, tool)
    view.tools.add(tool)
    view.grab()
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(view, LEFT, shift, QPoint(100, 100))
    QTest.mouseMove(view, QPoint(200, 200))
    QTest.mouseRelease(view, LEFT, shift, QPoint(300, 260))
    assert len(heard) == 1
    assert np.allclose(heard[0].xy[2], view.camera.to_world(300, 260))


def test_that_a_drag_without_shift_moves_the_map(view: MapView) -> None:
    tool = BoxTool(view)
    heard = drawn(view, tool)
    view.tools.add(tool)
    before = view.camera
    QTest.mousePress(view, LEFT, NONE, QPoint(100, 100))
    QTest.mouseMove(view, QPoint(150, 100))
    QTest.mouseRelease(view, LEFT, NONE, QPoint(150, 100))
    assert heard == []
    assert view.camera != before
