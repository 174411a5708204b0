"""The map as the window shows it and the cases in view, as a sheet for paper."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QPixmap

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame
from app.domain.page_setup import PageSetup
from app.engines.qgis_protocol import Column, LegendEntry, Row, Shape, Sheet, View
from app.engines.qgis_protocol import SheetWords as Words
from app.services.changes import CaseRow
from app.services.views import CityFacts
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


def sheet_of(
    view: MapView, store: Store, facts: CityFacts, title: str, setup: PageSetup, now_ms: int
) -> Sheet:
    """Return what is printed: the picture, its scale, and the open cases in it."""
    camera = view.camera
    rows = [row for row in _open_rows(store) if _sees(camera, facts.lon0, facts.lat0, row)]
    return Sheet(
        title=setup.title or title,
        subtitle=tr("print.subtitle", n=len(rows)),
        date=f"{local(now_ms):%Y-%m-%d %H:%M}",
        view=View(extent_of(camera), facts.lon0, facts.lat0, camera.heading),
        image=_png(view.grab()),
        legend=_legend(),
        columns=tuple(Column(tr(f"print.{name}"), share) for name, share in _SHARES),
        rows=tuple(_row(row, now_ms) for row in rows),
        sample=facts.sample,
        tilted=camera.pitch > 0,
        paper=setup.paper or "A4",
        portrait=setup.portrait,
        dpi=setup.dpi,
        words=_words(),
    )


def _open_rows(store: Store) -> list[CaseRow]:
    return [store.row_at(int(slot)) for slot in store.order("open")]


def _sees(camera: Camera, lon0: float, lat0: float, row: CaseRow) -> bool:
    x, y = CityFrame(lon0, lat0).to_xy(row.lon, row.lat)
    sx, sy = camera.to_screen(float(x), float(y))
    return 0 <= sx <= camera.width and 0 <= sy <= camera.height


def extent_of(camera: Camera) -> tuple[float, float, float, float]:
    """Return the ground a camera shows before turning, local metres."""
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
