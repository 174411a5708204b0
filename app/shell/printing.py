"""Print 打印: the map as the window shows it and the cases in view, as a PDF made by QGIS.

The window grabs its own map (the city layers are ours, not QGIS's) and hands picture, scale and
list to the QGIS process; nothing here waits. Without QGIS a person is told what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame
from app.engines.qgis_protocol import Column, LegendEntry, Printed, Row, Shape, Sheet, View
from app.engines.qgis_protocol import SheetWords as Words
from app.services.changes import CaseRow
from app.shell.bridge import Bridge
from app.store import STATES, Store, state_of
from widgets.i18n import tr, tr_or
from widgets.map_view import MapView
from widgets.theme import load_theme
from widgets.words import local, remaining

_SHAPES: dict[str, Shape] = {
    "normal": "circle",
    "attention": "triangle",
    "bad": "square",
    "critical": "diamond",
    "unknown": "hollow",
}
_SHARES = (("case", 20.0), ("what", 30.0), ("place", 28.0), ("step", 10.0), ("due", 12.0))


class SheetPrinter(Protocol):
    """What prints: `app.engines.qgis_client.QgisProcess` fulfils it."""

    def print_sheet(self, sheet: Sheet, path: Path) -> Future[Printed]: ...


class Printing(QObject):
    """Prints the current view. `told` carries a sentence, `failed` an error."""

    told = Signal(str)
    failed = Signal(object)

    def __init__(
        self, printer: SheetPrinter | None, bridge: Bridge, view: MapView, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._printer = printer
        self._bridge = bridge
        self._view = view
        self._window = parent

    def ask_and_print(self, store: Store, title: str) -> None:
        """Ask for a file and print the view into it."""
        if self._printer is None:
            self.told.emit(tr("print.missing"))
            return
        stamp = f"{local(self._bridge.now_ms()):%Y%m%d-%H%M}"
        proposal = str(Path.home() / f"{tr('print.file')}-{stamp}.pdf")
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, tr("help.print"), proposal, "PDF (*.pdf);;PNG (*.png)"
        )
        if chosen:
            self.print_to(Path(chosen), store, title)

    def print_to(self, path: Path, store: Store, title: str) -> None:
        """Print the view as it stands now into `path`."""
        if self._printer is None:
            self.told.emit(tr("print.missing"))
            return
        sheet = self.sheet(store, title)
        self.told.emit(tr("print.begun"))
        self._bridge.follow(
            self._printer.print_sheet(sheet, path), self._on_printed, self._on_failed
        )

    def sheet(self, store: Store, title: str) -> Sheet:
        """Return what is printed: the picture, its scale, and the open cases in it."""
        now = self._bridge.now_ms()
        facts = self._bridge.core.facts
        camera: Camera = self._view.camera
        rows = [row for row in _open_rows(store) if _sees(camera, facts.lon0, facts.lat0, row)]
        return Sheet(
            title=title,
            subtitle=tr("print.subtitle", n=len(rows)),
            date=f"{local(now):%Y-%m-%d %H:%M}",
            view=View(_extent(camera), facts.lon0, facts.lat0, camera.heading),
            image=_png(self._view.grab()),
            legend=_legend(),
            columns=tuple(Column(tr(f"print.{name}"), share) for name, share in _SHARES),
            rows=tuple(_row(row, now) for row in rows),
            sample=facts.sample,
            tilted=camera.pitch > 0,
            words=_words(),
        )

    def _on_printed(self, printed: Printed) -> None:
        files = ", ".join(str(path) for path in printed.files)
        self.told.emit(tr("print.done", n=printed.pages, files=files))

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)


def _open_rows(store: Store) -> list[CaseRow]:
    return [store.row_at(int(slot)) for slot in store.order("open")]


def _sees(camera: Camera, lon0: float, lat0: float, row: CaseRow) -> bool:
    x, y = CityFrame(lon0, lat0).to_xy(row.lon, row.lat)
    sx, sy = camera.to_screen(float(x), float(y))
    return 0 <= sx <= camera.width and 0 <= sy <= camera.height


def _extent(camera: Camera) -> tuple[float, float, float, float]:
    half_w = camera.width * camera.m_per_px / 2
    half_h = camera.height * camera.m_per_px / 2
    return (camera.x - half_w, camera.y - half_h, camera.x + half_w, camera.y + half_h)


def _png(picture: QPixmap) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(data.data())


def _legend() -> tuple[LegendEntry, ...]:
    return tuple(_mark(state) for state in STATES)


def _mark(state: str) -> LegendEntry:
    colour = load_theme("light").state(state).name()
    return LegendEntry(tr(f"state.{state}"), _SHAPES[state], colour)


def _row(row: CaseRow, now_ms: int) -> Row:
    state = state_of(row, now_ms)
    cells = (
        row.number or row.receipt,
        row.title or row.matter_name,
        row.address or row.grid_code,
        tr_or(f"step.{row.step}", row.step),
        remaining(row.due_ms, now_ms),
    )
    return Row(cells, _mark(state))


def _words() -> Words:
    names: tuple[str, ...] = (
        "legend", "list", "made", "page", "sample", "sample_note", "empty", "tilted",
        "kilometre", "metre",
    )  # fmt: skip
    said: Callable[[str], str] = tr
    return Words(**{name: said(f"print.sheet_{name}") for name in names})
