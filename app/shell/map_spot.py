"""The place that is meant on one map: under the pointer, picked last, or the middle; its menu."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from app.domain.geodesy import CityFrame
from widgets.i18n import tr
from widgets.map_view import MapView

HERE = ("identify", "nearest", "card", "report", "select", "buffer", "copy", "centre")


class MapSpot(QObject):
    """Knows the place. `chosen` carries one of `HERE` from the menu, `told` a sentence."""

    chosen = Signal(str)
    told = Signal(str)

    def __init__(self, view: MapView, frame: CityFrame, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._frame = view, frame
        self.picked: tuple[float, float] | None = None  # local metres of the last place picked
        view.menu_wanted.connect(self.open_menu)

    def now(self) -> tuple[float, float, str]:
        """Return the place that is meant now, local metres, and which it is."""
        pointer, camera = self._view.pointer, self._view.camera
        if pointer is not None:
            return (*camera.to_world(pointer.x(), pointer.y()), "pointer")
        if self.picked is not None:
            return (*self.picked, "picked")
        return camera.x, camera.y, "middle"

    def open_menu(self, at: QPoint) -> None:
        """Offer what can be done at a place of the map."""
        self.picked = self._view.camera.to_world(at.x(), at.y())
        menu = QMenu(self._view)
        for name in HERE:
            menu.addAction(tr(f"here.{name}")).setData(name)
        menu.triggered.connect(self._on_action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._view.mapToGlobal(at))

    def copy(self, x: float, y: float) -> None:
        """Put longitude and latitude of local metres on the clipboard."""
        lon, lat = self.lonlat(x, y)
        QGuiApplication.clipboard().setText(f"{lon:.6f}, {lat:.6f}")
        self.told.emit(tr("place.copied", lon=f"{lon:.6f}", lat=f"{lat:.6f}"))

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """Return degrees of local metres."""
        lon, lat = self._frame.to_lonlat(float(x), float(y))
        return float(lon), float(lat)

    def take(self, lon: float, lat: float) -> None:
        """Mean a place in degrees."""
        x, y = self._frame.to_xy(lon, lat)
        self.picked = float(x), float(y)

    def _on_action(self, action: QAction) -> None:
        self.chosen.emit(str(action.data()))
