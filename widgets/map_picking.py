"""What a click on a map means: a tool's place, a case, a unit, a part, open ground."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from app.domain.camera import Camera
from app.engines.citystore import CityStore
from widgets.map_ground import Ground
from widgets.map_helm import Helm
from widgets.map_live import Live
from widgets.map_picks import CasePicked, PlaceClicked, UnitPicked, area_at, part_at
from widgets.map_wished import MapWished


class MapPicking(MapWished):
    """Holds the store and what lives on it, and tells what is picked there.

    The map that draws them gives `_ground` and `_helm`. Signals: see `MapView`.
    """

    part_picked = Signal(object)
    case_picked = Signal(object)
    unit_picked = Signal(object)
    area_picked = Signal(object)
    place_clicked = Signal(object)
    pointer_moved = Signal(object)
    looked_at = Signal(object)

    _helm: Helm

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._live = Live()
        self._store: CityStore | None = None
        self._ground: Ground | None = None

    @property
    def camera(self) -> Camera:
        """What the map shows now."""
        return self._helm.camera

    @property
    def store(self) -> CityStore | None:
        """The opened store."""
        return self._store

    def to_world(self, sx: float, sy: float) -> tuple[float, float]:
        """Return the local metres under a pixel."""
        return self.camera.to_world(sx, sy)

    def live_at(self, sx: float, sy: float) -> CasePicked | UnitPicked | None:
        """Return the case, else the unit, under a pixel."""
        return self._live.at(self.camera, sx, sy)

    def stacked_at(self, sx: float, sy: float) -> list[tuple[str, UUID, float, float]]:
        """Return every case and unit shown under a pixel: kind, uid, local metres."""
        shown = self._wishes.live(self.camera.m_per_px)
        return self._live.all_at(self.camera, sx, sy, shown)

    def live_near(
        self, x: float, y: float, radius: float, most: int
    ) -> list[tuple[str, UUID, float, float, float]]:
        """Return cases and units within `radius` metres of local metres; see `Live.near`."""
        return self._live.near(x, y, radius, most)

    @Slot(object)
    def _on_clicked(self, at: tuple[float, float]) -> None:
        store, ground = self._store, self._ground
        if store is None or ground is None:
            return
        if self.tools.click(self.hand_at(QPointF(*at))):
            return
        self.looked_at.emit(at)
        live = self._live.at(self.camera, *at)
        if live is not None:
            signal = self.case_picked if isinstance(live, CasePicked) else self.unit_picked
            signal.emit(live)
            return
        part = part_at(store, ground.look, self.camera, *at)
        if part is not None:
            self.part_picked.emit(part)
            return
        self.place_clicked.emit(self._place(*at))
        area = area_at(store, self.camera, *at)
        if area is not None:
            self.area_picked.emit(area)

    def _place(self, sx: float, sy: float) -> PlaceClicked:
        assert self._store is not None
        lon, lat = self._store.frame.to_lonlat(*self.camera.to_world(sx, sy))
        return PlaceClicked(float(lon), float(lat))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See `Gestures`; also tells where the pointer is."""
        super().mouseMoveEvent(event)
        if self._store is not None:
            self.pointer_moved.emit(self._place(event.position().x(), event.position().y()))
