"""The map as a station uses it: shows the store's cases and units, says where we are."""

from __future__ import annotations

import csv
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.domain.areas import Area, Whereabouts
from app.domain.camera import Bounds, Camera
from app.domain.geodesy import CityFrame
from app.engines.citystore import CityStore
from app.services.questions import Locate
from app.services.searching import Search
from app.services.views import Geocoded, PlaceHit
from app.shell.bridge import Bridge
from app.store import Store, StoreDelta
from layers.look import FAMILIES
from widgets.i18n import tr
from widgets.map_picks import CasePicked, PlaceClicked
from widgets.map_view import MapView
from widgets.theme import Theme
from widgets.words import named

_CLASSES = Path(__file__).resolve().parents[2] / "resources" / "part_classes.csv"
_SETTLE_MS = 300
_DRAW_MS = 40
_DISTRICT_M, _STREET_M = 45.0, 9.0  # metres a pixel below which district and street are named
_STREET_VIEW, _DISTRICT_VIEW = 1.2, 18.0
_EDGE = 0.06  # of the view: what lies nearer to its edge is brought to the middle


def make_map(store: CityStore | None, theme: Theme, bridge: Bridge) -> MapView:
    """Return the map over an opened city store, or an empty one that says why."""
    view = MapView(store, theme, tr, bridge.core.run, empty_text=tr("map.empty"))
    view.set_part_families(*part_families())
    return view


@cache
def part_families() -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return the hue of each class of parts, by the first two figures of its code, and its icon."""
    family, icons = np.full(256, FAMILIES - 1, np.uint8), [""] * 256
    with _CLASSES.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            family[int(row["class"])] = min(int(row["code"][:2]) - 1, FAMILIES - 1)
            icons[int(row["class"])] = row["icon"].removeprefix("mdi6.")
    return family, tuple(icons)


class Stage(QObject):
    """Between one map widget and its station.

    `case_picked` carries a uid, `place_clicked` degrees WGS 84, `pointed` words for the status
    strip, `went` the areas at the middle of the map once it rests.
    """

    case_picked = Signal(object)
    place_clicked = Signal(float, float)
    pointed = Signal(str)
    went = Signal(object)
    city_known = Signal()
    told = Signal(str)
    failed = Signal(object)

    def __init__(self, view: MapView, bridge: Bridge, city_store: CityStore | None = None) -> None:
        super().__init__(view)
        self.view = view
        self._city = city_store
        self._bridge = bridge
        facts = bridge.core.facts
        self._frame = CityFrame(facts.lon0, facts.lat0)
        self._store: Store | None = None
        self._renew: Callable[[], Future[CityStore]] | None = None
        self._renewing = self._stale = False
        self.city: Area | None = None  # known once `learn_city` is answered
        self._settle = _once(self, _SETTLE_MS, self._on_settled)
        self._soon = _once(self, _DRAW_MS, self._redraw)
        view.case_picked.connect(self._on_case)
        view.place_clicked.connect(self._on_place)
        view.pointer_moved.connect(self._on_pointer)
        view.camera_changed.connect(self._on_camera)

    @property
    def widget(self) -> QWidget:
        """The map widget itself."""
        return self.view

    def learn_city(self) -> None:
        """Ask for the city's own area, which has its names."""
        facts = self._bridge.core.facts
        self._bridge.ask(Locate(facts.lon0, facts.lat0), self._on_city)

    def follow(self, delta: StoreDelta, store: Store) -> None:
        """Show what changed; many changes within a moment are drawn once."""
        self._store = store
        if delta.cases or delta.gone or delta.units:
            self.refresh()
        if (delta.parts or delta.map_changed) and self._city is not None:
            self._bridge.run(self._city.live.follow, self._on_edited)
        if delta.map_changed:
            self._renew_map()

    def renew_by(self, renew: Callable[[], Future[CityStore]]) -> None:
        """Let `renew` bring the drawing store up to date when the city's map has changed."""
        self._renew = renew

    def refresh(self) -> None:
        """Draw cases and units again soon."""
        if not self._soon.isActive():
            self._soon.start()

    def select(self, case: UUID | None, store: Store) -> None:
        """Ring a case, and bring it into view if it is out of sight."""
        row = store.row(case) if case is not None else None
        if row is None:
            self.view.select(None)
            return
        self._redraw()
        self.view.select(row.uid, named(row.address))
        x, y = self._frame.to_xy(row.lon, row.lat)
        if not self._sees(float(x), float(y)):
            self._fly(row.lon, row.lat)

    def ring(self, case: UUID | None) -> None:
        """Ring a case where it is, None for nothing; the map does not move."""
        row = self._store.row(case) if case is not None and self._store is not None else None
        if row is None:
            self.view.select(None)
        else:
            self.view.select(row.uid, named(row.address))

    def go_to(self, hit: PlaceHit) -> None:
        """Fly to something found, and ring it."""
        if hit.lon is None or hit.lat is None:
            return
        is_area = hit.kind.startswith("area")
        if is_area and hit.uid is not None and self._box_of(hit.uid) is not None:
            self._fit(self._box_of(hit.uid))
            return
        self._fly(hit.lon, hit.lat, _DISTRICT_VIEW if is_area else _STREET_VIEW)
        if not is_area:
            title = hit.title if hit.kind == "case" else named(hit.title)
            self.view.select_place(hit.lon, hit.lat, title)

    def show_found(self, found: Geocoded) -> None:
        """Fly to what the geocoder found, and ring it."""
        self._fly(found.lon, found.lat, _STREET_VIEW)
        self.view.select_place(found.lon, found.lat, named(found.title))

    def go_to_area(self, area: Area | None) -> None:
        """Show a whole area, or the whole city."""
        box = None if area is None else self._box_of(area.uid)
        if area is None or box is not None:
            self._fit(box)

    def show_street(self, lon: float, lat: float) -> None:
        """Fly to a place, as close as a street."""
        self._fly(lon, lat, _STREET_VIEW)

    def show_district(self, lon: float, lat: float) -> None:
        """Fly to a place, as near as a district."""
        self._fly(lon, lat, _DISTRICT_VIEW)

    @property
    def is_resting(self) -> bool:
        """Whether no flight is under way and nothing waits to be drawn or located."""
        return not self._settle.isActive() and not self._soon.isActive()

    def _fly(self, lon: float, lat: float, m_per_px: float | None = None) -> None:
        self._settle.start()
        self.view.fly_to(lon, lat, m_per_px)

    def _fit(self, box: Bounds | None) -> None:
        self._settle.start()
        self.view.fit(box)

    def search(self, text: str, done: Callable[[Any], None]) -> None:
        """Have places, parts, areas and cases looked for."""
        lon, lat = self._frame.to_lonlat(self.view.camera.x, self.view.camera.y)
        self._bridge.ask(Search(text, near=(float(lon), float(lat))), done)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self.view.set_theme(theme)

    def set_language(self, lang: str) -> None:
        """Write names in `lang`."""
        self.view.set_language(tr, lang == "en")

    def close(self) -> None:
        """Let all timers rest."""
        self._settle.stop()
        self._soon.stop()
        self.view.stop()

    def _sees(self, x: float, y: float) -> bool:
        camera: Camera = self.view.camera
        sx, sy = camera.to_screen(x, y)
        side, top = camera.width * _EDGE, camera.height * _EDGE
        return side < sx < camera.width - side and top < sy < camera.height - top

    def _box_of(self, area: UUID) -> Bounds | None:
        if self._city is None:
            return None
        shapes = self._city.shapes["area"]
        rows = np.flatnonzero((shapes.uid == np.frombuffer(area.bytes, np.uint8)).all(axis=1))
        if not rows.size:
            return None
        x0, y0, x1, y1 = (float(v) for v in shapes.box[int(rows[0])])
        ox, oy = self._city.origin
        return Bounds(x0 + ox, y0 + oy, x1 + ox, y1 + oy)

    def _on_city(self, where: Whereabouts) -> None:
        self.city = where.city
        self.city_known.emit()

    def _renew_map(self) -> None:
        if self._renew is None or self._renewing:
            self._stale = self._renewing
            return
        self._renewing, self._stale = True, False
        self.told.emit(tr("map.renewing"))
        self._bridge.follow(self._renew(), self._on_renewed, self._on_not_renewed)

    def _on_edited(self, _now: object) -> None:
        self.view.show_edits()

    def _on_renewed(self, city: CityStore) -> None:
        self._renewing = False
        self._city = city
        self.view.set_store(city)
        self._redraw()
        self.told.emit(tr("map.renewed"))
        if self._stale:
            self._renew_map()

    def _on_not_renewed(self, error: BaseException) -> None:
        self._renewing = False
        self.failed.emit(error)

    @Slot()
    def _redraw(self) -> None:
        if self._store is not None:
            self.view.set_cases(self._store.map_cases(self._bridge.now_ms()))
            self.view.set_units(self._store.units.values())

    @Slot(object)
    def _on_case(self, picked: CasePicked) -> None:
        self.case_picked.emit(picked.uid)

    @Slot(object)
    def _on_place(self, place: PlaceClicked) -> None:
        self.place_clicked.emit(place.lon, place.lat)

    @Slot(object)
    def _on_pointer(self, place: PlaceClicked) -> None:
        where = tr("status.position", lon=place.lon, lat=place.lat)
        self.pointed.emit(f"{where}    {tr('status.crs')}")

    @Slot(object)
    def _on_camera(self, _camera: Camera) -> None:
        self._settle.start()

    @Slot()
    def _on_settled(self) -> None:
        camera: Camera = self.view.camera
        if camera.m_per_px >= _DISTRICT_M:
            self.went.emit(())
            return
        lon, lat = self._frame.to_lonlat(camera.x, camera.y)
        self._bridge.ask(Locate(float(lon), float(lat)), self._on_located)

    def _on_located(self, where: Whereabouts) -> None:
        close = self.view.camera.m_per_px < _STREET_M
        path = (where.district, where.street if close else None)
        self.went.emit(tuple(area for area in path if area is not None))


def _once(owner: QObject, after_ms: int, do: Callable[[], None]) -> QTimer:
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(do)
    return timer
