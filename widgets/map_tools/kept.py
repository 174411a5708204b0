"""Shows finished measurements, whatever tool is in hand; takes nothing."""

from __future__ import annotations

from PySide6.QtGui import QPainter

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_tools.draw import Drawing, Label, paint_label, paint_shape
from widgets.map_tools.tool import Idle


class KeptTool(Idle):
    """Holds drawings; `label` says what each is, `lit` is the one that is meant, -1 for none."""

    def __init__(self, label: Label) -> None:
        self._label = label
        self.drawings: tuple[Drawing, ...] = ()
        self.lit = -1

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw all of them, each with what it measures."""
        for at, drawing in enumerate(self.drawings):
            closed, xy = drawing.closed, drawing.xy
            paint_shape(painter, xy, closed, camera, theme, corners=at == self.lit)
            place = xy.mean(axis=0) if closed else xy[-1]
            sx, sy = camera.to_screen(float(place[0]), float(place[1]))
            if 0 <= sx <= camera.width and 0 <= sy <= camera.height:
                paint_label(painter, self._label(xy, closed), place, camera, theme)
