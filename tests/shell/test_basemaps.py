"""A base map at the desk: chosen in the palette, and no server makes the window wait."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from app.data.basemap_book import BaseMaps
from app.domain.basemaps import BaseMap
from app.engines.basemap import BaseMapTiles
from app.engines.basemap_cache import BaseKey, BaseMapCache
from app.engines.basemap_keep import KeepPlan, Kept
from app.engines.citystore import CityStore
from app.engines.qgis_client import Frame, QgisProcess
from app.runtime.spawn import spawn_thread
from app.shell.basemaps import BaseMapChoice
from tests.support.logs import ExpectedLogs
from tests.support.map_store import small_folder, small_map, small_store, submit
from tests.support.tile_server import tile_server
from widgets.map_base import BaseUnder
from widgets.map_view import MapView
from widgets.theme import load_theme

__all__ = ["small_folder", "small_map", "small_store", "submit"]
BASE = BaseMap("航拍", "geotiff", "/a.tif", attribution="© 测绘", imagery=True)
BLUE = np.full((512, 512, 4), (255, 0, 0, 255), np.uint8)


class Blue:
    """Draws everything blue, at once."""

    def render_base(self, _base: BaseMap, _view: Any, _width: int, _height: int) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(Frame(BLUE, 0.0))
        return future


@pytest.fixture
def view(qtbot: Any, small_store: CityStore, submit: Any) -> Generator[MapView]:
    shown = MapView(small_store, load_theme("light"), lambda key: key, submit)
    shown.set_animated(False)
    shown.resize(640, 420)
    qtbot.addWidget(shown, before_close_func=MapView.stop)
    shown.show()
    yield shown
    shown.stop()


@pytest.fixture
def tiles_of(tmp_path: Path) -> Generator[Callable[..., BaseMapTiles]]:
    made: list[BaseMapTiles] = []

    def open_tiles(base: BaseMap, draws: Any) -> BaseMapTiles:
        cache = BaseMapCache(tmp_path)
        made.append(BaseMapTiles(base, draws, cache, 121.0, 31.0, lambda: None, spawn_thread))
        return made[-1]

    yield open_tiles
    for tiles in made:
        tiles.close()


def test_that_a_base_map_lies_under_the_city_and_goes_again(
    view: MapView, qtbot: Any, tiles_of: Any
) -> None:
    view.wait_sharp()
    before = view.grab().toImage()
    view.set_base_map(BaseUnder(tiles_of(BASE, Blue())))

    def blue() -> float:
        image = view.grab().toImage()
        asked = [image.pixelColor(x, y) for x in range(5, 640, 30) for y in range(60, 420, 30)]
        return sum(one.blue() > 200 and one.red() < 60 for one in asked) / len(asked)

    qtbot.waitUntil(lambda: blue() > 0.3, timeout=10_000)
    assert blue() < 0.99  # the city's own layers are over it
    view.set_base_map(None)
    view.wait_sharp()
    assert view.grab().toImage() == before


@pytest.mark.qgis
def test_that_the_window_goes_on_while_a_server_hangs(
    view: MapView, qtbot: Any, tiles_of: Any, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("did not answer")
    qgis = QgisProcess(spawn_thread=spawn_thread)
    qgis.start()
    qgis.hello().result(30)
    view.wait_sharp()
    turned: list[str] = []  # what was so each time the loop came round
    loop = QTimer(view)
    with tile_server() as server:
        base = BaseMap("t", "wms", server.url("hang"), layer="city", timeout_s=1.0)
        tiles = tiles_of(base, qgis)
        loop.timeout.connect(lambda: turned.append(tiles.state.code))
        view.set_base_map(BaseUnder(tiles))
        view.wait_sharp()
        loop.start(10)
        qtbot.waitUntil(lambda: tiles.state.code == "gone", timeout=20_000)
        loop.stop()
        view.set_base_map(None)
        tiles.close()
    qgis.close()
    # Whoever waits for the server comes round once; how long each round takes the bench tells.
    assert turned.count("loading") > 10


@pytest.mark.qgis
def test_that_a_base_map_that_went_away_is_said_to_be_gone_and_comes_back_by_itself(
    view: MapView, qtbot: Any, tiles_of: Any, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("answered 503")
    qgis = QgisProcess(spawn_thread=spawn_thread)
    qgis.start()
    with tile_server() as server:
        base = BaseMap("t", "xyz", server.url("good") + "/{z}/{x}/{y}.png", timeout_s=5.0)
        tiles = tiles_of(base, qgis)
        view.set_base_map(BaseUnder(tiles))
        qtbot.waitUntil(lambda: tiles.state.code == "ok" and tiles.idle, timeout=60_000)
        server.away = True
        tiles.want([BaseKey(1, 40, 40)])
        qtbot.waitUntil(lambda: tiles.state.code == "gone", timeout=60_000)
        assert "503" in tiles.state.reason
        assert tiles.state.from_cache
        server.away = False
        qtbot.waitUntil(lambda: tiles.state.code == "ok", timeout=60_000)
        assert tiles.get(BaseKey(1, 40, 40)) is not None
        view.set_base_map(None)
        tiles.close()
    qgis.close()


@dataclass
class FakeShelf:
    """Remembers what was chosen."""

    shown: str = ""
    is_keeping: bool = False

    def maps(self) -> BaseMaps:
        return BaseMaps((BASE,), self.shown)

    def choose(self, name: str) -> BaseMap | None:
        self.shown = name
        return self.maps().chosen

    def open(self, _base: BaseMap | None, *, dark: bool) -> None:
        return None

    def plan(self, _base: BaseMap, _box: Any, levels: Any) -> Future[KeepPlan]:
        assert len(levels) == 3
        done: Future[KeepPlan] = Future()
        done.set_result(KeepPlan((), 0, 1_500_000))
        return done

    def keep(self, _base: BaseMap, _plan: Any, _progress: Any) -> Future[Kept]:
        done: Future[Kept] = Future()
        done.set_result(Kept(12, 0, 1_400_000, cancelled=False))
        return done

    def kept_so_far(self) -> tuple[int, int]:
        return (0, 0)

    def save(self, maps: BaseMaps) -> None:
        self.shown = maps.shown

    def found_in(self, _folder: str, _imagery: bool) -> Future[Any]:
        return Future()

    held = clear = test = found_in

    def recall(self, _name: str) -> Any:
        return {}

    def remember(self, **_changes: Any) -> None:
        return None

    def plan_print(self, _wish: Any) -> Future[Any]:
        return Future()

    def templates(self) -> tuple[str, ...]:
        return ("atlas",)

    def stop_keeping(self) -> None:
        self.is_keeping = False


def test_that_the_palette_offers_maps_and_says_how_much_before_keeping(
    open_desk: Any, view: MapView, qtbot: Any
) -> None:
    desk, shelf = open_desk(), FakeShelf()
    parent = QWidget()
    qtbot.addWidget(parent)
    choice = BaseMapChoice(shelf, desk.bridge, view, parent)
    assert [one.text for one in choice.commands()] == ["底图：航拍"]
    assert choice.take(choice.commands()[0].name)
    assert shelf.shown == "航拍"
    keep = next(one for one in choice.commands() if one.name.endswith("keep"))
    with qtbot.waitSignal(choice.offered) as offered:
        choice.take(keep.name)
    (go,) = offered.args[0]
    assert "1.5 MB" in go.text
    with qtbot.waitSignal(choice.told, check_params_cb=lambda text: "可离线" in text):
        choice.take(go.name)
    assert not choice.take("print")
