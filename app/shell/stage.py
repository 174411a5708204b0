"""The map as a station uses it: shows the store's cases and units, says where we are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.domain.areas import Area, Whereabouts
from app.services.questions import Locate, Search
from app.services.views import PlaceHit
from app.shell.bridge import Bridge
from app.store import Store, StoreDelta
from widgets.theme import Theme

_SETTLE_MS = 300
_DISTRICT_M, _STREET_M = 40.0, 8.0  # metres a pixel at which district and street are named
_STREET_VIEW, _DISTRICT_VIEW = 1.2, 18.0


class MapLike(Protocol):
    """What a station asks of the map widget (`widgets.map_view.MapView` fulfils it)."""

    part_picked: Any
    case_picked: Any
    area_picked: Any
    place_clicked: Any
    camera_changed: Any

    def set_cases(self, cases: Any) -> None: ...

    def set_units(self, units: Any) -> None: ...

    def select(self, uid: UUID | None) -> None: ...

    def set_theme(self, theme: Theme) -> None: ...

    def set_language(self, lang: str) -> None: ...


class Stage(QObject):
    """Between one map widget and its station.

    `case_picked` carries a uid, `place_clicked` degrees WGS 84, `pointed` words for the status
    strip, `went` the areas at the middle of the map once it rests.
    """

    case_picked = Signal(object)
    place_clicked = Signal(float, float)
    pointed = Signal(str)
    went = Signal(object)

    def __init__(self, view: Any, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self._bridge = bridge
        self._store: Store | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(40)
        self._soon.timeout.connect(self._redraw)
        view.case_picked.connect(self.case_picked)
        view.place_clicked.connect(self.place_clicked)
        view.camera_changed.connect(self._on_camera)

    @property
    def widget(self) -> QWidget:
        """The map widget itself."""
        widget: QWidget = self.view
        return widget

    def follow(self, delta: StoreDelta, store: Store) -> None:
        """Show what changed; many changes within a moment are drawn once."""
        self._store = store
        if (delta.cases or delta.gone or delta.units) and not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Draw the cases again because time has passed."""
        if not self._soon.isActive():
            self._soon.start()

    def select(self, case: UUID | None, store: Store) -> None:
        """Mark a case on the map, and bring it into view."""
        self.view.select(case)
        row = store.row(case) if case is not None else None
        if row is not None:
            self.view.show_place(row.lon, row.lat)

    def go_to(self, hit: PlaceHit) -> None:
        """Fly to something found."""
        if hit.lon is not None and hit.lat is not None:
            closer = {"area": _DISTRICT_VIEW}.get(hit.kind, _STREET_VIEW)
            self.view.fly_to(hit.lon, hit.lat, closer)

    def go_to_area(self, area: Area | None) -> None:
        """Show a whole area, or the whole city."""
        if area is None:
            self.view.fit_city()
        else:
            self.view.fit_area(area.uid)

    def search(self, text: str, done: Callable[[Any], None]) -> None:
        """Have places, parts, areas and cases looked for."""
        self._bridge.ask(Search(text), done)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self.view.set_theme(theme)

    def set_language(self, lang: str) -> None:
        """Write names in `lang`."""
        self.view.set_language(lang)

    def close(self) -> None:
        """Let all timers rest."""
        self._settle.stop()
        self._soon.stop()

    def _redraw(self) -> None:
        if self._store is not None:
            self.view.set_cases(self._store.map_cases(self._bridge.now_ms()))
            self.view.set_units(tuple(self._store.units.values()))

    def _on_camera(self, *_camera: object) -> None:
        self._settle.start()

    def _on_settled(self) -> None:
        lon, lat = self.view.centre_lonlat()
        self._bridge.ask(Locate(lon, lat), self._on_located)

    def _on_located(self, where: Whereabouts) -> None:
        scale = self.view.metres_per_pixel()
        path = [where.district] if scale < _DISTRICT_M else []
        if scale < _STREET_M:
            path.append(where.street)
        self.went.emit(tuple(area for area in path if area is not None))
