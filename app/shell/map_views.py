"""Views of one map: back and forward, links, saved ones by name, with undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.domain.camera import Camera
from app.domain.camera_trail import CameraTrail
from app.domain.deep_links import ViewLink, read_link, write_link
from app.domain.geodesy import CityFrame
from app.domain.layers import LAYERS, LayerSpec, usual, with_only, with_opacity, with_range
from app.shell.map_layers import MapLayers
from app.shell.session import Session
from widgets.i18n import tr
from widgets.map_picks import PartPicked, UnitPicked
from widgets.map_view import MapView
from widgets.palette import Command

_REST_MS = 450
_MOST_UNDO = 50
GO = "view:go:"


class MapViews(QObject):
    """Goes from view to view of one map.

    Signals:
        told: a sentence. saved: the views by name, str to str, in their order, after a change.
        opened: `ViewLink`, once it is shown.
    """

    told = Signal(str)
    saved = Signal(object)
    opened = Signal(object)

    def __init__(
        self, view: MapView, frame: CityFrame, session: Session, layers: MapLayers, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._frame, self._session, self._layers = view, frame, session, layers
        self._trail = CameraTrail()
        self._before: list[dict[str, str]] = []
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._on_rest)
        self.links: dict[str, str] = {}
        self.part: int | None = None  # the one on show, for links
        self.unit: UUID | None = None  # so of a live unit
        view.camera_changed.connect(self._on_camera)
        view.stepped.connect(self.step)
        view.part_picked.connect(self._on_part)
        view.unit_picked.connect(self._on_unit)
        for other in (view.case_picked, view.place_clicked):
            other.connect(self._on_neither)

    def load(self, links: Mapping[str, str]) -> None:
        """Take the saved views."""
        self.links = dict(links)

    # ---- where one was ----------------------------------------------------------------------

    def back(self) -> None:
        """Go to the view before."""
        self.step(-1)

    def forward(self) -> None:
        """Go to the view after."""
        self.step(1)

    def step(self, by: int) -> None:
        """Go back (-1) or forward (1)."""
        if self._rest.isActive():
            self._on_rest()
        camera = self._trail.back() if by < 0 else self._trail.forward()
        if camera is None:
            self.told.emit(tr("view.no_back" if by < 0 else "view.no_forward"))
            return
        self._view.set_camera(camera)
        self._rest.stop()

    def stop(self) -> None:
        """Let timers rest."""
        self._rest.stop()

    # ---- links --------------------------------------------------------------------------------

    def link(self) -> str:
        """Return the link to what is shown now."""
        camera, wishes = self._view.camera, self._view.wishes
        lon, lat = self._frame.to_lonlat(camera.x, camera.y)
        shown = frozenset(s.key for s in wishes.layers if s.visible)
        plain = frozenset(s.key for s in LAYERS if s.visible)
        every_class, every_state = bool(wishes.want.all()), wishes.states == 0b1111
        classes = frozenset(int(c) for c in np.flatnonzero(wishes.want))
        states = frozenset(s for s in range(4) if wishes.states >> s & 1)
        return write_link(
            ViewLink(
                round(float(lon), 7), round(float(lat), 7), float(f"{camera.m_per_px:.6g}"),
                round(camera.heading, 2), round(camera.pitch, 2),
                None if shown == plain else shown,
                None if every_class else classes,
                None if every_state else states,
                part=self.part, case=self._session.case, unit=self.unit,
                opacity={s.key: round(s.opacity * 100) for s in wishes.layers if s.opacity < 1},
                ranges={s.key: _range(s) for s in wishes.layers if _range(s) != _usual(s)},
                fill=self._layers.fill if "values" in shown else "",
                hour=self._layers.hour if "heat" in shown else None,
            )
        )  # fmt: skip

    def copy(self) -> None:
        """Put the link to this view on the clipboard."""
        QGuiApplication.clipboard().setText(self.link())
        self.told.emit(tr("view.copied"))

    def open(self, text: str, *, camera: bool = True) -> None:
        """Show what a link names, without moving if `camera` is off; raises `InvalidInput`."""
        view = read_link(text)
        if view.case is not None and camera:
            self._session.choose(view.case)
        keys = view.layers
        if keys is None:
            keys = frozenset(s.key for s in LAYERS if s.visible)
        layers = with_only(LAYERS, keys)
        for key, per_cent in view.opacity.items():
            layers = with_opacity(layers, key, per_cent / 100)
        for key, (least, most) in view.ranges.items():
            layers = with_range(layers, key, least, most)
        self._view.wish(replace(self._view.wishes, layers=layers))
        self._layers.set_values(view.fill, view.hour)
        self._layers.filter_to(view.classes, view.states)
        if camera:
            x, y = self._frame.to_xy(view.lon, view.lat)
            there = self._view.camera.at(float(x), float(y), view.m_per_px)
            self._view.set_camera(there.turned(view.heading, view.pitch))
            self.part, self.unit = view.part, view.unit
            self.opened.emit(view)

    # ---- saved ones ---------------------------------------------------------------------------

    def save(self, name: str) -> None:
        """Keep this view under a name; an older one of that name is replaced."""
        self._change({**self.links, name: self.link()}, tr("view.saved", name=name))

    def rename(self, name: str, to: str) -> None:
        """Give a saved view another name, in its place; one that has that name already goes."""
        if name in self.links and to and to != name:
            others = {n: link for n, link in self.links.items() if n != to}
            renamed = {(to if n == name else n): link for n, link in others.items()}
            self._change(renamed, tr("view.renamed", name=to))

    def forget(self, name: str) -> None:
        """Drop a saved view."""
        if name in self.links:
            left = {n: link for n, link in self.links.items() if n != name}
            self._change(left, tr("view.dropped", name=name))

    def move(self, name: str, by: int) -> None:
        """Put a saved view further up (-1) or down (1)."""
        names = list(self.links)
        at = names.index(name) if name in names else -1
        if at >= 0 and 0 <= at + by < len(names):
            names.insert(at + by, names.pop(at))
            self._change({n: self.links[n] for n in names})

    def undo(self) -> bool:
        """Take back what was done last to the saved views; returns whether there was something."""
        if not self._before:
            return False
        self.links = self._before.pop()
        self.saved.emit(dict(self.links))
        self.told.emit(tr("view.undone"))
        return True

    def commands(self) -> list[Command]:
        """Return the saved views as the palette offers them."""
        return [Command(f"{GO}{name}", name, tr("view.kind")) for name in self.links]

    def _change(self, links: dict[str, str], words: str = "") -> None:
        self._before = [*self._before, self.links][-_MOST_UNDO:]
        self.links = links
        self.saved.emit(dict(links))
        if words:
            self.told.emit(words)

    def _on_camera(self, _camera: Camera) -> None:
        self._rest.start()

    def _on_part(self, part: PartPicked) -> None:
        self.part, self.unit = part.fid, None

    def _on_unit(self, unit: UnitPicked) -> None:
        self.part, self.unit = None, unit.uid

    def _on_neither(self, _picked: object) -> None:
        self.part = self.unit = None

    def _on_rest(self) -> None:
        self._rest.stop()
        self._trail.rest(self._view.camera)


def _range(spec: LayerSpec) -> tuple[float, float]:
    return spec.min_m_per_px, spec.max_m_per_px


def _usual(spec: LayerSpec) -> tuple[float, float]:
    return _range(usual(spec.key))
