"""The page of preferences: base maps in order, tried, kept, taken away and brought back."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.data.basemap_book import BaseMaps
from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput, Unavailable
from app.engines.basemap_keep import KeepPlan, Kept
from app.engines.basemap_trial import Held, Trial, maps_in
from app.engines.qgis_protocol import BaseReport
from app.shell.basemaps import BaseMapChoice
from app.shell.preferences import PreferencesLook

ONE = BaseMap("航拍", "geotiff", "/maps/a.tif", imagery=True)
TWO = BaseMap("街图", "xyz", "https://tiles.example/{z}/{x}/{y}.png", attribution="© 某院")
REPORT = BaseReport(("xyz",), (), (), macros=False)


def done(value: Any) -> Future[Any]:
    made: Future[Any] = Future()
    if isinstance(value, BaseException):
        made.set_exception(value)
    else:
        made.set_result(value)
    return made


@dataclass
class Shelf:
    """Two base maps in memory."""

    book: BaseMaps = field(default_factory=lambda: BaseMaps((ONE, TWO)))
    answer: Any = field(default_factory=lambda: Trial(REPORT, 0.1, 0.2, 51_000, 1.0))
    kept: dict[str, Any] = field(default_factory=dict)
    opened: list[BaseMap | None] = field(default_factory=list)
    is_keeping: bool = False

    def maps(self) -> BaseMaps:
        return self.book

    def save(self, maps: BaseMaps) -> None:
        self.book = maps

    def choose(self, name: str) -> BaseMap | None:
        self.book = BaseMaps(self.book.maps, name)
        return self.book.chosen

    def open(self, base: BaseMap | None, *, dark: bool) -> None:
        self.opened.append(base)

    def test(self, _base: BaseMap, _x: float, _y: float, _m_per_px: float) -> Future[Any]:
        return done(self.answer)

    def plan(self, _base: BaseMap, _box: Any, _levels: Any) -> Future[Any]:
        return done(KeepPlan((), 0, 2_000_000))

    def keep(self, _base: BaseMap, _plan: Any, _progress: Any) -> Future[Any]:
        return done(Kept(9, 0, 1_900_000, cancelled=False))

    def kept_so_far(self) -> tuple[int, int]:
        return (0, 0)

    def held(self) -> Future[Any]:
        return done(Held(30_000_000, 10_000_000, 512, Path("/tiles")))

    clear = held

    def found_in(self, folder: str, imagery: bool) -> Future[Any]:
        return done(maps_in(Path(folder), imagery))

    def recall(self, name: str) -> Any:
        return {"station": "desk"}.get(name)

    def remember(self, **changes: Any) -> None:
        self.kept |= changes

    def stop_keeping(self) -> None:
        self.is_keeping = False


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def look(open_desk: Any, shelf: Shelf) -> PreferencesLook:
    desk = open_desk()
    desk.stage.view.set_base_map = lambda _under: None
    base = BaseMapChoice(shelf, desk.bridge, desk.stage.view, desk)  # type: ignore[arg-type]
    made = PreferencesLook(
        shelf, base, desk.bridge, desk.session, desk.stage.view, desk  # type: ignore[arg-type]
    )  # fmt: skip
    made.open()
    return made


def press(qtbot: Any, look: PreferencesLook, key: Qt.Key, control: bool = False) -> None:
    held = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(look.page._list, key, held)


def test_that_maps_are_shown_moved_removed_and_brought_back_by_keys(
    look: PreferencesLook, shelf: Shelf, qtbot: Any
) -> None:
    press(qtbot, look, Qt.Key.Key_Return)
    assert shelf.book.shown == "航拍"
    press(qtbot, look, Qt.Key.Key_Down, control=True)
    assert shelf.book.maps == (TWO, ONE)
    assert look.page.chosen == "航拍"
    press(qtbot, look, Qt.Key.Key_Delete)
    assert shelf.book == BaseMaps((TWO,))
    assert shelf.opened[-1] is None  # it is no longer under the map either
    press(qtbot, look, Qt.Key.Key_Z, control=True)
    assert shelf.book == BaseMaps((TWO, ONE), "航拍")
    assert shelf.opened[-1] == ONE


def test_that_a_trial_says_what_came_or_what_is_wrong_and_how_to_mend_it(
    look: PreferencesLook, shelf: Shelf, qtbot: Any
) -> None:
    press(qtbot, look, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: "51 KB" in look.page.said)
    assert "100%" in look.page.said
    said = "This base map cannot be had: the server refuses the connection."
    shelf.answer = Unavailable(said, advice="Is the server running, and is the port right?")
    press(qtbot, look, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: "拒绝连接" in look.page.said)
    assert "端口" in look.page.said


def test_that_the_view_is_kept_for_use_offline(look: PreferencesLook, qtbot: Any) -> None:
    press(qtbot, look, Qt.Key.Key_O)
    qtbot.waitUntil(lambda: "9 块" in look.page.said)


def test_that_a_map_is_added_with_what_its_kind_needs_and_refused_by_the_field(
    look: PreferencesLook, shelf: Shelf
) -> None:
    look.do("add", "")
    form = look.form
    form._kind.choose("postgis")
    assert form._texts["layer"].isVisibleTo(form)
    assert not form._texts["matrix_set"].isVisibleTo(form)
    form._texts["name"].setText("道路")
    form._texts["address"].setText("postgresql://db.example/city")
    form.save()
    assert form.isVisible()
    assert "图层" in form._wrong.text()
    form._texts["layer"].setText("public.roads")
    form.save()
    assert not form.isVisible()
    assert shelf.book.named("道路").layer == "public.roads"


def test_that_an_edited_map_keeps_its_place_and_takes_no_other_name(
    look: PreferencesLook, shelf: Shelf
) -> None:
    look.do("edit", "航拍")
    look.form._texts["name"].setText("街图")
    look.form.save()
    assert "同名" in look.form._wrong.text()
    look.form._texts["name"].setText("航拍二〇二六")
    look.form.save()
    assert [one.name for one in shelf.book.maps] == ["航拍二〇二六", "街图"]


def test_that_a_folder_gives_a_map_for_each_file(
    look: PreferencesLook, shelf: Shelf, qtbot: Any, tmp_path: Path
) -> None:
    for name in ("b.tif", "c.mbtiles", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    look.form.folder_saved.emit(str(tmp_path), True)
    qtbot.waitUntil(lambda: len(shelf.book.maps) == 4)
    assert shelf.book.named("b").imagery
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput):
        maps_in(tmp_path / "empty", imagery=False)


def test_that_opacity_station_and_the_limit_on_disk_are_kept(
    look: PreferencesLook, shelf: Shelf, qtbot: Any
) -> None:
    look.page._opacity.setValue(10)
    qtbot.waitUntil(lambda: shelf.book.named("航拍").opacity == 0.5)
    look.page._choices["station"].choose("wall")
    qtbot.waitUntil(lambda: "30" in look.page._held.text())
    look.page._limit.choose("2048")
    assert shelf.kept == {"station": "wall", "cache_mb": 2048}
