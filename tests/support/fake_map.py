"""A map that only remembers what it is told, and paints dots so that pictures show something."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from app.domain.camera import Camera
from app.store import MapCases
from layers.look import Look
from widgets.map_wished import MapWished
from widgets.theme import load_theme


class FakeMap(MapWished):
    """Remembers what it is told; paints dots so that pictures show something."""

    part_picked = Signal(object)
    case_picked = Signal(object)
    area_picked = Signal(object)
    place_clicked = Signal(object)
    unit_picked = Signal(object)
    pointer_moved = Signal(object)
    camera_changed = Signal(object)
    looked_at = Signal(object)
    store = None
    settled = Signal()
    is_settled = True

    def __init__(self) -> None:
        super().__init__()
        self.cases: MapCases | None = None
        self.units: tuple[object, ...] = ()
        self.selected: UUID | None = None
        self.tool: object = None
        self.flights: list[tuple[object, ...]] = []
        self.theme = load_theme("light")
        self.lang = "zh"
        self.camera = Camera(0.0, 0.0, 5.0).sized(900, 700)

    def live_at(self, _sx: float, _sy: float) -> None:
        return None

    def stacked_at(self, _sx: float, _sy: float) -> list[object]:
        return []

    def live_near(self, _x: float, _y: float, _radius: float, _most: int) -> list[object]:
        return []

    def set_camera(self, camera: Camera) -> None:
        self.camera = camera

    @property
    def look(self) -> Look:
        return self._wishes.look(self.theme, 0.01, 1.0, 1.0)

    def set_cases(self, cases: MapCases) -> None:
        self.cases = cases
        self.update()

    def set_units(self, units: tuple[object, ...]) -> None:
        self.units = units

    def select(self, uid: UUID | None, label: str = "") -> bool:
        self.selected = uid
        return True

    def select_place(self, lon: float, lat: float, label: str = "", urgent: bool = False) -> None:
        self.flights.append(("ring", lon, lat, label))

    def fly_to(self, lon: float, lat: float, m_per_px: float | None = None) -> None:
        self.flights.append(("fly", lon, lat, m_per_px))

    def fit(self, box: object = None) -> None:
        self.flights.append(("fit", box))

    def set_animated(self, animated: bool) -> None:
        self.flights.append(("animated", animated))

    def set_type_scale(self, scale: float) -> None:
        self.flights.append(("type", scale))

    def set_insets(self, left: int, top: int, right: int, bottom: int) -> None:
        self.flights.append(("insets", left, top, right, bottom))

    def set_overlays(self, chip: bool, legend: bool) -> None:
        self.flights.append(("overlays", chip, legend))

    def wait_sharp(self, timeout_ms: int = 10_000) -> bool:
        return True

    def take_tool(self, tool: object) -> None:
        self.tool = tool

    def show_edits(self) -> None:
        self.flights.append(("edits",))

    def stop(self) -> None:
        self.flights.append(("stop",))

    def set_theme(self, theme: Any) -> None:
        self.theme = theme
        self.update()

    def set_language(self, tr: object, english: bool) -> None:
        self.lang = "en" if english else "zh"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.ground))
        if self.cases is not None:
            for lon, lat, state in zip(
                self.cases.lon, self.cases.lat, self.cases.state, strict=True
            ):
                names = ("normal", "attention", "bad", "critical", "unknown")
                x, y = (lon - 121.4) * 9000, (31.26 - lat) * 9000
                painter.fillRect(QRectF(x, y, 8, 8), self.theme.state(names[state]))
