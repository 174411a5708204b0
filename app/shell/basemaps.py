"""The base map at a desk: chosen in the palette, laid under the map, kept for use offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from app.domain.basemaps import BaseMap
from app.domain.camera import Bounds
from app.domain.errors import AppError
from app.engines.basemap import BaseMapTiles
from app.engines.basemap_cache import FINEST, level_for
from app.engines.qgis_protocol import Atlas
from app.shell.bridge import Bridge
from app.shell.printing import PrintWish
from widgets.i18n import tr
from widgets.map_base import BaseUnder
from widgets.map_view import MapView
from widgets.palette import Command
from widgets.theme import Theme

_SHOW, _NONE, _KEEP, _GO, _STOP = (
    "basemap:show:", "basemap:none", "basemap:keep", "basemap:go", "basemap:stop",
)  # fmt: skip
_FINER = 2  # levels beyond the view's own that are kept with it


class Shelf(Protocol):
    """What opens base maps: `app.assembly.basemap_shelf.BaseMapShelf` fulfils it."""

    @property
    def is_keeping(self) -> bool:
        """Whether a piece is being kept."""

    def maps(self) -> Any:
        """Return the user's base maps, with `maps` and `chosen`."""

    def choose(self, name: str) -> BaseMap | None:
        """Remember which is shown."""

    def open(self, base: BaseMap | None, *, dark: bool) -> BaseMapTiles | None:
        """Open the tiles of one, closing those before."""

    def plan(self, base: BaseMap, box: Bounds, levels: Sequence[int]) -> Future[Any]:
        """Find out what keeping a piece takes."""

    def keep(self, base: BaseMap, plan: Any, progress: Callable[[], None]) -> Future[Any]:
        """Keep it."""

    def stop_keeping(self) -> None:
        """Keep no more."""

    def kept_so_far(self) -> tuple[int, int]:
        """Return how many tiles are kept, and of how many; (0, 0) when nothing is."""

    def save(self, maps: Any) -> None:
        """Save the user's base maps."""

    def test(self, base: BaseMap, x: float, y: float, m_per_px: float) -> Future[Any]:
        """Open it anew and draw it at a place (local metres)."""

    def found_in(self, folder: str, imagery: bool) -> Future[Any]:
        """Find the files of a folder that can be base maps."""

    def held(self) -> Future[Any]:
        """Find out what lies on disk."""

    def clear(self) -> Future[Any]:
        """Remove tiles that are not kept; what is held then."""

    def recall(self, name: str) -> Any:
        """Return what a person prefers, by the setting's name."""

    def remember(self, **changes: Any) -> None:
        """Keep what a person prefers."""

    def plan_print(self, wish: PrintWish) -> Future[Atlas]:
        """Find out what is to be printed, the base map shown under it."""

    def templates(self) -> Sequence[str]:
        """Return the names of the templates."""


class BaseMapChoice(QObject):
    """Between the palette and the map. `told` carries a sentence, `failed` an error.

    `offered` carries commands to choose from.
    """

    told = Signal(str)
    failed = Signal(object)
    offered = Signal(object)

    def __init__(self, shelf: Shelf, bridge: Bridge, view: MapView, parent: QObject) -> None:
        super().__init__(parent)
        self._shelf, self._bridge, self._view = shelf, bridge, view
        self._base: BaseMap | None = None
        self._tiles: BaseMapTiles | None = None
        self._dark = False
        self._plan: Any = None

    def open(self, theme: Theme) -> None:
        """Show the base map that was shown last."""
        self._dark = theme.dark
        try:
            self._lay(self._shelf.maps().chosen)
        except AppError as error:
            self.failed.emit(error)

    def show(self, name: str) -> None:
        """Show one by its name, empty for none, and remember it."""
        self._lay(self._shelf.choose(name))

    def reopen(self) -> None:
        """Show anew what is to be shown: its entry has changed."""
        base = self._shelf.maps().chosen
        self._tiles = self._shelf.open(base, dark=self._dark)
        self._base = base
        self._view.set_base_map(BaseUnder(self._tiles) if self._tiles is not None else None)

    def plan(self, base: BaseMap) -> Future[Any]:
        """Find out what keeping the view of a base map takes."""
        camera = self._view.camera
        level = level_for(camera.m_per_px / self._view.devicePixelRatioF())
        levels = [one for one in range(level, level - _FINER - 1, -1) if one >= FINEST]
        return self._shelf.plan(base, camera.bounds(), levels)

    def on_theme(self, theme: Theme) -> None:
        """Take the tone of another theme."""
        self._dark = theme.dark
        if self._tiles is not None:
            self._tiles.dress(dark=theme.dark)

    def commands(self) -> list[Command]:
        """Return what the palette offers now."""
        try:
            maps = self._shelf.maps().maps
        except AppError:
            return []
        made = [
            Command(_SHOW + one.name, tr("basemap.show", name=one.name))
            for one in maps
            if one != self._base
        ]
        if self._base is not None:
            made.append(Command(_NONE, tr("basemap.none")))
            made.append(
                Command(_STOP, tr("basemap.stop")) if self._shelf.is_keeping
                else Command(_KEEP, tr("basemap.keep"))
            )  # fmt: skip
        return made

    def take(self, name: str) -> bool:
        """Do what a command of ours says; returns whether it was one."""
        if not name.startswith("basemap:"):
            return False
        try:
            self._do(name)
        except AppError as error:
            self.failed.emit(error)
        return True

    def _do(self, name: str) -> None:
        if name == _KEEP:
            self._ask_to_keep()
        elif name == _GO:
            self._keep()
        elif name == _STOP:
            self._shelf.stop_keeping()
        else:
            self._lay(self._shelf.choose(name.removeprefix(_SHOW) if name != _NONE else ""))

    def _lay(self, base: BaseMap | None) -> None:
        if base is None and self._base is None:
            return
        self._base = base
        self._tiles = self._shelf.open(base, dark=self._dark)
        self._view.set_base_map(BaseUnder(self._tiles) if self._tiles is not None else None)

    def _ask_to_keep(self) -> None:
        assert self._base is not None
        planned = self.plan(self._base)
        self._bridge.follow(planned, self._on_planned, self._on_failed)

    def _on_planned(self, plan: Any) -> None:
        self._plan = plan
        words = tr("basemap.go", n=len(plan.keys) - plan.there, mb=f"{plan.bytes / 1e6:.1f}")
        self.offered.emit([Command(_GO, words)])

    def _keep(self) -> None:
        if self._base is None or self._plan is None:
            return
        plan, self._plan = self._plan, None
        self.told.emit(tr("basemap.begun", n=len(plan.keys)))
        kept = self._shelf.keep(self._base, plan, _nothing)
        self._bridge.follow(kept, self._on_kept, self._on_failed)

    def _on_kept(self, kept: Any) -> None:
        said = "basemap.stopped" if kept.cancelled else "basemap.kept"
        self.told.emit(tr(said, n=kept.drawn + kept.there, mb=f"{kept.bytes / 1e6:.1f}"))

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)


def _nothing() -> None:
    """Progress is told by the status strip."""
