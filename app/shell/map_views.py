"""Views of one map: back and forward, links, saved ones by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.domain.camera import Camera
from app.domain.camera_trail import CameraTrail
from app.domain.deep_links import ViewLink, read_link, write_link
from app.domain.geodesy import CityFrame
from app.domain.layers import LAYERS, with_only
from app.shell.session import Session
from widgets.i18n import tr
from widgets.map_view import MapView
from widgets.palette import Command

_REST_MS = 450
GO = "view:go:"


class MapViews(QObject):
    """Goes from view to view of one map.

    Signals:
        told: a sentence. saved: the views by name, str to str, after a change.
        filtered: (classes or None, states or None) that a view names.
    """

    told = Signal(str)
    saved = Signal(object)
    filtered = Signal(object, object)

    def __init__(self, view: MapView, frame: CityFrame, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._frame, self._session = view, frame, session
        self._trail = CameraTrail()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._on_rest)
        self.links: dict[str, str] = {}
        view.camera_changed.connect(self._on_camera)
        view.stepped.connect(self.step)

    def load(self, links: Mapping[str, str]) -> None:
        """Take the saved views."""
        self.links = dict(links)

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

    def link(self) -> str:
        """Return the link to what is shown now."""
        camera, wishes = self._view.camera, self._view.wishes
        lon, lat = self._frame.to_lonlat(camera.x, camera.y)
        shown = frozenset(s.key for s in wishes.layers if s.visible)
        usual = frozenset(s.key for s in LAYERS if s.visible)
        every_class, every_state = bool(wishes.want.all()), wishes.states == 0b1111
        classes = frozenset(int(c) for c in np.flatnonzero(wishes.want))
        states = frozenset(s for s in range(4) if wishes.states >> s & 1)
        return write_link(
            ViewLink(
                round(float(lon), 7), round(float(lat), 7), float(f"{camera.m_per_px:.6g}"),
                round(camera.heading, 2), round(camera.pitch, 2),
                None if shown == usual else shown,
                None if every_class else classes,
                None if every_state else states,
                case=self._session.case,
            )
        )  # fmt: skip

    def copy(self) -> None:
        """Put the link to this view on the clipboard."""
        QGuiApplication.clipboard().setText(self.link())
        self.told.emit(tr("view.copied"))

    def open(self, text: str) -> None:
        """Show the view that a link names; raises `InvalidInput`."""
        view = read_link(text)
        x, y = self._frame.to_xy(view.lon, view.lat)
        camera = self._view.camera.at(float(x), float(y), view.m_per_px)
        if view.case is not None:
            self._session.choose(view.case)
        keys = view.layers
        if keys is None:
            keys = frozenset(s.key for s in LAYERS if s.visible)
        wishes = self._view.wishes
        self._view.wish(replace(wishes, layers=with_only(wishes.layers, keys)))
        self.filtered.emit(view.classes, view.states)
        self._view.set_camera(camera.turned(view.heading, view.pitch))

    def save(self, name: str) -> None:
        """Keep this view under a name; an older one of that name is replaced."""
        self.links[name] = self.link()
        self.saved.emit(dict(self.links))
        self.told.emit(tr("view.saved", name=name))

    def forget(self, name: str) -> None:
        """Drop a saved view."""
        if self.links.pop(name, None) is not None:
            self.saved.emit(dict(self.links))
            self.told.emit(tr("view.dropped", name=name))

    def commands(self) -> list[Command]:
        """Return the saved views as the palette offers them."""
        return [Command(f"{GO}{name}", name, tr("view.kind")) for name in self.links]

    def _on_camera(self, _camera: Camera) -> None:
        self._rest.start()

    def _on_rest(self) -> None:
        self._rest.stop()
        self._trail.rest(self._view.camera)
