"""Rules of the map view: what hands do, what it tells, when it is sharp."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.camera import Bounds, rung_step
from app.engines.citystore import CityStore
from app.services.changes import UnitRow
from app.store import MapCases
from tests.support.small_map import SmallMap
from widgets.map_motion import eased
from widgets.map_overlays import scale_bar
from widgets.map_picks import (
    AreaPicked,
    CasePicked,
    PartPicked,
    PlaceClicked,
    area_holding,
    part_xy,
)
from widgets.map_view import MapView
from widgets.theme import load_theme

Submit = Callable[[Callable[[], None]], object]
LEFT = Qt.MouseButton.LeftButton


@dataclass
class Heard:
    """What a map has told."""

    things: list[object]


@pytest.fixture
def view(qtbot: QtBot, small_store: CityStore, submit: Submit) -> Generator[MapView]:
    shown = MapView(small_store, load_theme("light"), lambda key: key, submit)
    shown.set_animated(False)
    shown.resize(640, 420)
    qtbot.addWidget(shown, before_close_func=MapView.stop)
    shown.show()
    yield shown
    shown.stop()


@pytest.fixture
def heard(view: MapView) -> Heard:
    all_of_it = Heard([])
    for signal in (view.part_picked, view.case_picked, view.area_picked, view.place_clicked,
                   view.unit_picked):  # fmt: skip
        signal.connect(all_of_it.things.append)
    return all_of_it


def mouse(view: MapView, kind: QEvent.Type, x: float, y: float, at_ms: int = 0) -> None:
    buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
    place = QPointF(x, y)
    event = QMouseEvent(
        kind, place, view.mapToGlobal(place), LEFT, buttons, Qt.KeyboardModifier.NoModifier
    )
    event.setTimestamp(at_ms)
    QApplication.sendEvent(view, event)


def click(view: MapView, x: float, y: float) -> None:
    mouse(view, QEvent.Type.MouseButtonPress, x, y)
    mouse(view, QEvent.Type.MouseButtonRelease, x, y)


def cases_at(view: MapView, small_store: CityStore, *pixels: tuple[float, float]) -> MapCases:
    xy = np.array([view.camera.to_world(*p) for p in pixels])
    lon, lat = small_store.frame.to_lonlat(xy[:, 0].copy(), xy[:, 1].copy())
    uids = tuple(UUID(int=n + 1) for n in range(len(pixels)))
    return MapCases(uids, lon, lat, np.full(len(pixels), 3, np.uint8))


def picture(view: MapView) -> QImage:
    return view.grab_sharp().toImage()


def lightness(image: QImage) -> float:
    """Return the mean lightness of a picture, 0 to 255."""
    places = [(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    return float(np.mean([image.pixelColor(x, y).lightness() for x, y in places]))


def test_that_it_opens_on_the_whole_city(view: MapView, small_store: CityStore) -> None:
    box, shown = small_store.bounds, view.camera.bounds()
    assert (shown.x0, shown.y0) <= (box.x0, box.y0)
    assert (shown.x1, shown.y1) >= (box.x1, box.y1)


def test_that_it_becomes_sharp_and_says_so(qtbot: QtBot, view: MapView) -> None:
    with qtbot.waitSignal(view.settled, timeout=20_000):
        view.update()
    assert view.is_settled


def test_that_the_counts_are_exact(view: MapView) -> None:
    assert view.wait_sharp()
    assert view.counts == (20_000, 20_000)
    view.set_camera(view.camera.at(0.0, 0.0, 2.0))
    assert view.wait_sharp()
    box, xy = view.camera.bounds(), SmallMap().part_xy()
    inside = (xy >= [box.x0, box.y0]).all(axis=1) & (xy <= [box.x1, box.y1]).all(axis=1)
    assert view.counts == (20_000, int(inside.sum()))


def test_that_the_picture_shows_water_land_and_more(view: MapView) -> None:
    image = picture(view)
    colours = {image.pixelColor(x, y).name() for x in range(0, 640, 4) for y in range(0, 420, 4)}
    assert load_theme("light").water.lower() in colours
    assert len(colours) > 20


def test_that_a_drag_moves_the_ground_with_the_hand(view: MapView) -> None:
    x, y = view.camera.to_world(320, 210)
    mouse(view, QEvent.Type.MouseButtonPress, 320, 210, 0)
    mouse(view, QEvent.Type.MouseMove, 340, 210, 10)
    mouse(view, QEvent.Type.MouseMove, 400, 260, 20)
    mouse(view, QEvent.Type.MouseButtonRelease, 400, 260, 400)
    assert view.camera.to_screen(x, y) == pytest.approx((400, 260), abs=0.01)


def test_that_a_throw_goes_on_and_comes_to_rest(qtbot: QtBot, view: MapView) -> None:
    view.set_animated(True)
    mouse(view, QEvent.Type.MouseButtonPress, 320, 210, 0)
    for step in range(1, 6):
        mouse(view, QEvent.Type.MouseMove, 320 + step * 20, 210, step * 10)
    held = view.camera.x
    mouse(view, QEvent.Type.MouseButtonRelease, 420, 210, 52)
    qtbot.waitUntil(lambda: view.camera.x < held - 20 * view.camera.m_per_px)
    qtbot.waitUntil(lambda: view.is_still, timeout=5_000)


def test_that_the_wheel_zooms_about_the_pointer(view: MapView) -> None:
    before, scale = view.camera.to_world(100, 100), view.camera.m_per_px
    event = QWheelEvent(
        QPointF(100, 100), view.mapToGlobal(QPointF(100, 100)), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
    assert view.camera.m_per_px == pytest.approx(rung_step(scale, -2))
    assert view.camera.to_world(100, 100) == pytest.approx(before, abs=1e-6)


def test_that_the_eased_zoom_ends_where_the_quick_one_does(qtbot: QtBot, view: MapView) -> None:
    view.set_animated(True)
    scale = view.camera.m_per_px
    qtbot.mouseDClick(view, LEFT, pos=QPoint(200, 200))
    qtbot.waitUntil(
        lambda: view.camera.m_per_px == pytest.approx(rung_step(scale, -4)), timeout=5_000
    )
    assert eased(0) == 0
    assert eased(1) == 1


@pytest.mark.parametrize(
    ("key", "check"),
    [
        (Qt.Key.Key_Plus, lambda a, b: b.m_per_px < a.m_per_px),
        (Qt.Key.Key_Minus, lambda a, b: b.m_per_px > a.m_per_px),
        (Qt.Key.Key_Left, lambda a, b: b.x < a.x),
        (Qt.Key.Key_Right, lambda a, b: b.x > a.x),
        (Qt.Key.Key_Up, lambda a, b: b.y > a.y),
        (Qt.Key.Key_Down, lambda a, b: b.y < a.y),
    ],
)
def test_that_the_map_is_moved_by_keys(
    qtbot: QtBot, view: MapView, key: Qt.Key, check: Callable[..., bool]
) -> None:
    before = view.camera
    qtbot.keyClick(view, key)
    assert check(before, view.camera)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.camera.m_per_px == pytest.approx(before.m_per_px)


def test_that_a_click_on_a_case_tells_the_case(
    view: MapView, heard: Heard, small_store: CityStore
) -> None:
    view.set_cases(cases_at(view, small_store, (300, 200), (400, 300)))
    click(view, 403, 298)
    assert heard.things == [CasePicked(UUID(int=2))]


def test_that_a_click_on_a_part_tells_the_part(
    view: MapView, heard: Heard, small_store: CityStore
) -> None:
    x, y = SmallMap().part_xy()[1234]
    view.set_camera(view.camera.at(x, y, 0.5))
    click(view, 320, 210)
    (part,) = heard.things
    assert isinstance(part, PartPicked)
    near = np.hypot(*(SmallMap().part_xy()[part.fid - 1] - [x, y]))
    assert near < 0.1
    assert part.cls == (part.fid - 1) * 7 % 121
    assert part.lon == pytest.approx(small_store.frame.to_lonlat(x, y)[0], abs=1e-6)


def test_that_a_click_on_open_ground_tells_place_and_area(
    view: MapView, heard: Heard, small_store: CityStore
) -> None:
    view.set_camera(view.camera.at(1_000.0, 1_000.0, 30.0))
    click(view, 320, 210)
    place, area = heard.things
    assert isinstance(place, PlaceClicked)
    assert isinstance(area, AreaPicked)
    assert (place.lon, place.lat) == pytest.approx(small_store.frame.to_lonlat(1_000.0, 1_000.0))
    assert (area.tier, area.name) == ("district", "第4区")
    assert area == area_holding(small_store, 1_000.0, 1_000.0, "district")


def test_that_a_selected_case_is_ringed_wherever_it_goes(
    view: MapView, small_store: CityStore
) -> None:
    view.set_cases(cases_at(view, small_store, (300, 200)))
    assert view.select(UUID(int=1), "汾阳路 150 号")
    assert not view.select(UUID(int=9))
    view.select(UUID(int=1))
    ring = picture(view).pixelColor(300 + 12, 200)
    assert ring.red() > 180
    assert ring.green() < 140
    view.set_cases(cases_at(view, small_store, (100, 200)))
    assert picture(view).pixelColor(100 + 12, 200).green() < 140
    view.select(None)
    assert picture(view).pixelColor(100 + 12, 200).green() > 140


def test_that_units_are_drawn_and_picked(
    view: MapView, heard: Heard, small_store: CityStore
) -> None:
    view.set_camera(view.camera.at(0.0, 0.0, 2.0))  # over a whole city units fade
    lon, lat = small_store.frame.to_lonlat(*view.camera.to_world(200, 150))
    view.set_units([UnitRow(UUID(int=7), "车 7", "car", float(lon), float(lat), 90.0, 0)])
    image = picture(view)
    assert image.pixelColor(200, 150).name() == load_theme("light").accent.lower()
    click(view, 202, 150)
    assert len(heard.things) == 1


def test_that_another_theme_is_another_picture(view: MapView) -> None:
    light = lightness(picture(view))
    view.set_theme(load_theme("dark"))
    assert lightness(picture(view)) < light / 2
    corner = picture(view).pixelColor(2, 415)
    assert view._ground is not None
    assert corner == QColor(view._ground.look.ground)  # the map's own, calmer than the panels'


def test_that_a_hidden_layer_is_gone(view: MapView) -> None:
    before = picture(view)
    view.set_layer_visible("base", False)
    after = picture(view)
    assert before != after


def test_that_names_stay_while_panning(view: MapView) -> None:
    view.set_camera(view.camera.at(0.0, 0.0, 2.0))
    assert view.wait_sharp()
    before = set(view._names.labels)
    assert before
    for _ in range(4):
        view.set_camera(view.camera.pan(-60, 0))
        assert view.wait_sharp()
    box = view.camera.bounds()
    still = {n for n in before if box.holds(n.x, n.y)}
    assert still
    assert still <= set(view._names.labels)


def test_that_the_pixels_of_a_settled_map_do_not_change(view: MapView) -> None:
    assert picture(view) == picture(view)


def test_that_a_turned_map_is_drawn_turned(view: MapView) -> None:
    level = picture(view)
    view.set_camera(view.camera.turned(90, 0))
    turned = picture(view)
    assert turned != level


def test_that_what_moves_does_not_draw_the_ground_again(view: MapView) -> None:
    assert view.wait_sharp()
    view.grab()
    ground = view._ground
    assert ground is not None
    painted: list[object] = []
    kept = ground.paint
    ground.paint = lambda *given: painted.append(given) or kept(*given)  # type: ignore[method-assign,func-returns-value]
    x, y = view.camera.to_world(300, 200)
    lon, lat = view._store.frame.to_lonlat(x, y)  # type: ignore[union-attr]
    view.set_units([UnitRow(UUID(int=4), "巡查车", "car", float(lon), float(lat), 0.0, 0)])
    view.grab()
    assert painted == []


def test_that_the_city_is_shown_in_what_panels_leave_free(view: MapView) -> None:
    view.set_insets(200, 100, 0, 0)
    x, y = view.camera.to_world(200 + 440 / 2, 100 + 320 / 2)
    middle = view._store.bounds.centre  # type: ignore[union-attr]
    assert (x, y) == pytest.approx(middle, abs=view.camera.m_per_px)
    left, _ = view.camera.to_screen(view._store.bounds.x0, 0)  # type: ignore[union-attr]
    assert left >= 199


def test_that_large_type_makes_everything_larger(view: MapView) -> None:
    before = picture(view)
    view.set_type_scale(2.0)
    after = picture(view)
    assert before != after
    assert view._ground is not None
    assert view._ground.look.unit == 2.0 * view.devicePixelRatioF()


def test_that_parts_become_icons_only_when_near(view: MapView, small_store: CityStore) -> None:
    family, ground = np.zeros(256, np.uint8), view._ground
    view.set_part_families(family, ("circle-double",) * 256)
    assert ground is not None
    canvas = QImage(640, 420, QImage.Format.Format_RGB32)
    painter = QPainter(canvas)
    x, y = part_xy(small_store, 0)
    near, far = view.camera.at(x, y, 0.2), view.camera.at(x, y, 1.0)
    try:
        assert ground._icons.paint(painter, small_store, ground.look, near) > 0
        assert ground._icons.paint(painter, small_store, ground.look, far) == 0
    finally:
        painter.end()


def test_that_an_empty_map_says_how_to_get_one(qtbot: QtBot, submit: Submit) -> None:
    empty = MapView(None, load_theme("light"), lambda key: key, submit, empty_text="还没有地图")
    qtbot.addWidget(empty)
    empty.resize(400, 300)
    empty.show()
    image = empty.grab().toImage()
    ink = sum(image.pixelColor(x, 150).lightness() < 200 for x in range(400))
    assert ink > 3
    click(empty, 10, 10)
    qtbot.keyClick(empty, Qt.Key.Key_0)
    empty.set_cases(MapCases((), np.empty(0), np.empty(0), np.empty(0, np.uint8)))


def test_that_a_rebuilt_store_takes_the_place_of_the_old(
    view: MapView, small_store: CityStore
) -> None:
    assert view.wait_sharp()
    view.set_camera(view.camera.at(500.0, 500.0, 4.0))
    camera = view.camera
    view.set_store(small_store)
    assert view.camera == camera
    assert view.wait_sharp()


def test_that_the_map_fits_a_box_and_flies_to_a_place(
    view: MapView, small_store: CityStore
) -> None:
    view.fit(Bounds(0, 0, 100, 100))
    assert view.camera.m_per_px < 0.5
    lon, lat = small_store.frame.to_lonlat(900.0, -300.0)
    view.fly_to(float(lon), float(lat), 3.0)
    assert (view.camera.x, view.camera.y, view.camera.m_per_px) == pytest.approx((900, -300, 3))


def test_that_a_closed_map_leaves_the_pool_alone(
    qtbot: QtBot, small_store: CityStore, submit: Submit
) -> None:
    shown = MapView(small_store, load_theme("dark"), lambda key: key, submit)
    qtbot.addWidget(shown)
    shown.resize(500, 400)
    shown.show()
    shown.close()
    assert shown._ground is not None
    qtbot.waitUntil(lambda: shown._ground is not None and shown._ground.idle)


@pytest.mark.parametrize("m_per_px", [0.05, 0.7, 21.0, 333.0, 2_000.0])
def test_that_the_scale_bar_is_round_and_fits(m_per_px: float) -> None:
    metres, pixels = scale_bar(m_per_px)
    assert pixels <= 120.01
    assert pixels >= 120 / 2.6
    assert f"{metres:.6e}"[0] in "125"


def test_that_a_zoom_that_ends_becomes_sharp_though_it_was_painted_twice(view: MapView) -> None:
    assert view.wait_sharp()
    start = view.camera
    for step in range(12):
        view.set_camera(start.at(start.x, start.y, start.m_per_px * 0.97**step))
        view.grab()
        view.grab()
    assert view.wait_sharp()
    assert view.frames.is_sharp


def test_that_tiles_that_got_lost_are_asked_for_again(qtbot: QtBot, view: MapView) -> None:
    assert view.wait_sharp()
    ground = view._ground
    assert ground is not None
    view.set_camera(view.camera.at(700.0, 300.0, 1.5))
    ground._service._wanted.clear()
    qtbot.waitUntil(lambda: view.frames.is_sharp, timeout=8_000)


@pytest.mark.parametrize("heading", [5.0, 45.0, 170.0])
def test_that_a_turned_map_becomes_sharp(view: MapView, heading: float) -> None:
    """What is laid beyond the turned view's own box would never be asked for."""
    view.resize(1_400, 300)
    view.set_camera(replace(view.camera.at(700.0, 300.0, 0.5), heading=heading))
    assert view.wait_sharp()
    assert view.frames.is_sharp


def test_that_a_flight_that_is_stopped_between_two_late_steps_comes_to_rest(
    qtbot: QtBot, view: MapView
) -> None:
    assert view.wait_sharp()
    view.set_animated(True)
    view.fly_to(121.47, 31.23, 0.7)
    qtbot.waitUntil(lambda: not view.frames.is_sharp, timeout=1_000)
    view._helm._rest.stop()  # it rang while the flight was on, and was not heeded
    click(view, 5, 5)
    qtbot.waitUntil(lambda: view.frames.is_sharp, timeout=3_000)
