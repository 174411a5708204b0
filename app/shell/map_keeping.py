"""What a station's map remembers across restarts: layers, filters, saved views, the wall's view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.domain.errors import AppError
from app.shell.map_work import MapWork

WALL = "wall"
_SOON_MS = 800

Keep = Callable[..., None]  # remembers preferences by the field's name, off this thread


@dataclass(frozen=True)
class Kept:
    """What was kept.

    `views` are saved links by name, by station; `states` the link that each station's map was left
    with; `pictures` the folder of small pictures, None for none.
    """

    views: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    pictures: Path | None = None


class MapKeeping(QObject):
    """Gives a map what was kept for its station, and keeps what a person changes.

    Layers, strengths, scales and filters come back; the map itself begins with the whole city. A
    state that cannot be read any more is left out: the layers are as usual.
    """

    def __init__(self, work: MapWork, station: str, kept: Kept, keep: Keep | None) -> None:
        super().__init__(work)
        self._work, self._station, self._keep = work, station, keep
        self._views, self._states = dict(kept.views), dict(kept.states)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._on_soon)
        work.views.load(self._views.get(station, {}))
        if kept.pictures is not None:
            work.bookmarks.keep_pictures(kept.pictures)
        self._restore()
        work.views.saved.connect(self._on_views)
        work.bookmarks.wall_chosen.connect(self._on_wall)
        work.view.wished.connect(self._soon.start)

    def close(self) -> None:
        """Keep at once what still waits."""
        if self._soon.isActive():
            self._on_soon()

    def _restore(self) -> None:
        link = self._states.get(self._station, "")
        if link:
            try:
                self._work.views.open(link, camera=False)
            except AppError:
                self._states.pop(self._station)

    def _on_views(self, links: Mapping[str, str]) -> None:
        self._views = {**self._views, self._station: dict(links)}
        if self._keep is not None:
            self._keep(saved_views=self._views)

    def _on_wall(self, link: str) -> None:
        self._keep_state(WALL, link)

    def _on_soon(self) -> None:
        self._soon.stop()
        self._keep_state(self._station, self._work.views.link())

    def _keep_state(self, station: str, link: str) -> None:
        self._states = {**self._states, station: link}
        if self._keep is not None:
            self._keep(map_states=self._states)
