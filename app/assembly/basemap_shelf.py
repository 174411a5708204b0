"""Base maps for a window: the user's list, a QGIS process of their own, the tiles on disk.

The process is another one than that which prints, so that a server that hangs holds up no print.
It is started with the first base map that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly.basemaps import basemap_folder
from app.runtime.health import HealthItem
from app.runtime.spawn import spawn_thread

if TYPE_CHECKING:
    from concurrent.futures import Future

    from app.data.basemap_book import BaseMaps
    from app.data.settings import Preferences
    from app.domain.basemaps import BaseMap
    from app.domain.camera import Bounds
    from app.engines.basemap import BaseMapTiles
    from app.engines.basemap_cache import BaseMapCache
    from app.engines.basemap_keep import BaseMapKeeper, KeepPlan, Kept
    from app.engines.basemap_trial import Held, Trial
    from app.engines.qgis_client import QgisProcess
    from app.engines.qgis_protocol import Atlas
    from app.runtime.core import Core
    from app.shell.printing import PrintWish


class BaseMapShelf:
    """Opens base maps for one window on `core`; ends with it."""

    def __init__(self, core: Core, place: str, preferences: Preferences) -> None:
        self._core, self._place, self._preferences = core, place, preferences
        self._cache = self._cache_now()
        self._qgis: QgisProcess | None = None
        self._tiles: BaseMapTiles | None = None
        self._retired: list[BaseMapTiles] = []  # their threads are on their way out
        self._unsaved: BaseMaps | None = None
        self._keeping: tuple[int, int] | None = None
        self._closed = False
        core.add_health("basemap", self.health)
        core.on_close(self.close)

    def maps(self) -> BaseMaps:
        """Return the user's base maps; raises what reading them raises."""
        from app.data.basemap_book import load_basemaps
        from app.data.settings import settings_folder

        return self._unsaved or load_basemaps(settings_folder())

    def choose(self, name: str) -> BaseMap | None:
        """Remember which one is shown (empty: none) and return it."""
        maps = self.maps()
        if name:
            maps.named(name)
        chosen = replace(maps, shown=name)
        self.save(chosen)
        return chosen.chosen

    def open(self, base: BaseMap | None, *, dark: bool) -> BaseMapTiles | None:
        """Close the tiles that were open and return those of `base`, if one is given."""
        from app.engines.basemap import BaseMapTiles

        self._close_tiles()
        if base is None or self._closed:
            return None
        facts = self._core.facts
        self._tiles = BaseMapTiles(
            base, self._process(), self._cache, facts.lon0, facts.lat0, lambda: None,
            spawn_thread, dark=dark,
        )  # fmt: skip
        return self._tiles

    def plan(self, base: BaseMap, box: Bounds, levels: Sequence[int]) -> Future[KeepPlan]:
        """Find out what keeping a piece for use offline takes."""
        return self._core.aside(self._keeper(base).plan, box, levels)

    def keep(self, base: BaseMap, plan: KeepPlan, progress: Callable[[], None]) -> Future[Kept]:
        """Keep a piece; `progress` is called now and then, `health` tells how far it is."""
        self._keeping = (0, len(plan.keys))

        def step(done: int, total: int) -> None:
            self._keeping = (done, total)
            progress()

        def work() -> Kept:
            try:
                return self._keeper(base).keep(plan, step, lambda: self._keeping is None)
            finally:
                self._keeping = None

        return self._core.aside(work)

    def plan_print(self, wish: PrintWish) -> Future[Atlas]:
        """Find out what is to be printed, the base map shown under it."""
        from app.assembly.prints import plan_atlas, templates
        from app.cli.wiring import Print
        from app.data.city_folder import is_address
        from app.domain.errors import InvalidInput

        if is_address(self._place):
            raise InvalidInput("Only a city in a folder is printed.", field="content")
        template = templates().get(wish.template) or Path(wish.template)
        wanted = Print(
            self._place, wish.area, Path(), wish.tier, template,
            self.maps().shown if wish.with_base else "", wish.lang, wish.setup, wish.extent,
            wish.heading, wish.shape,
        )  # fmt: skip
        return self._core.aside(plan_atlas, wanted, self._core.facts)

    def templates(self) -> Sequence[str]:
        """Return the names of the templates: ours, then this user's own."""
        from app.assembly.prints import templates

        return tuple(templates())

    def kept_so_far(self) -> tuple[int, int]:
        """Return how many tiles are kept, and of how many; (0, 0) when nothing is."""
        return self._keeping or (0, 0)

    def save(self, maps: BaseMaps) -> None:
        """Save the user's base maps, on another thread: a disk may be slow."""
        self._unsaved = maps
        self._preferences.write(self._write, maps)

    def _write(self, maps: BaseMaps) -> None:
        from app.data.basemap_book import save_basemaps
        from app.data.settings import settings_folder

        save_basemaps(settings_folder(), maps)
        if self._unsaved is maps:
            self._unsaved = None

    def test(self, base: BaseMap, x: float, y: float, m_per_px: float) -> Future[Trial]:
        """Open a base map anew and draw it at a place (local metres); fails as drawing does."""
        from app.engines.basemap_trial import tried

        facts, process = self._core.facts, self._process()
        return self._core.aside(tried, base, process, (x, y), m_per_px, (facts.lon0, facts.lat0))

    def found_in(self, folder: str, imagery: bool) -> Future[list[BaseMap]]:
        """Find the files of a folder that can be base maps; fails where there are none."""
        from app.engines.basemap_trial import maps_in

        return self._core.aside(maps_in, Path(folder), imagery)

    def held(self) -> Future[Held]:
        """Find out what lies on disk."""
        return self._core.aside(self._held)

    def clear(self) -> Future[Held]:
        """Remove the tiles that are not kept for use offline."""

        def work() -> Held:
            self._cache.clear()
            return self._held()

        return self._core.aside(work)

    def recall(self, name: str) -> Any:
        """Return what a person prefers, by the setting's name."""
        return getattr(self._preferences.settings, name)

    def remember(self, **changes: Any) -> None:
        """Keep what a person prefers; tiles go to another place from the next map on."""
        self._preferences.keep(**changes)
        if "cache_folder" in changes:
            self._cache = self._cache_now()
        self._cache.set_limit(self.recall("cache_mb") << 20)

    def _cache_now(self) -> BaseMapCache:
        from app.engines.basemap_cache import BaseMapCache

        folder = basemap_folder(self.recall("cache_folder"))
        return BaseMapCache(folder, self.recall("cache_mb") << 20)

    def _held(self) -> Held:
        from app.engines.basemap_trial import Held

        total, kept = self._cache.held()
        folder = basemap_folder(self.recall("cache_folder"))
        return Held(total, kept, self.recall("cache_mb"), folder)

    def stop_keeping(self) -> None:
        """Keep no more; what is kept stays."""
        self._keeping = None

    @property
    def is_keeping(self) -> bool:
        """Whether a piece is being kept."""
        return self._keeping is not None

    def health(self) -> HealthItem:
        """Return what the status strip says; nothing while all is well."""
        if self._keeping is not None:
            return HealthItem("unknown", "basemap_keeping", *self._keeping)
        state = self._tiles.state if self._tiles is not None else None
        if state is None or state.code != "gone":
            return HealthItem("normal", "basemap")
        code = "basemap_gone_cached" if state.from_cache else "basemap_gone"
        since = int(state.since_s * 1000)
        return HealthItem("attention", code, since_ms=since, detail=state.reason)

    def close(self) -> None:
        """End tiles and process."""
        self._closed, self._keeping = True, None
        self._close_tiles()
        for tiles in self._retired:
            tiles.close()
        if self._qgis is not None:
            self._qgis.close()

    def _close_tiles(self) -> None:
        tiles, self._tiles = self._tiles, None
        if tiles is not None:
            tiles.retire()
            self._retired = [one for one in self._retired if not one.ended]
            self._retired.append(tiles)

    def _keeper(self, base: BaseMap) -> BaseMapKeeper:
        from app.engines.basemap_keep import BaseMapKeeper

        facts = self._core.facts
        return BaseMapKeeper(base, self._process(), self._cache, facts.lon0, facts.lat0)

    def _process(self) -> QgisProcess:
        from app.engines.qgis_client import QgisProcess

        if self._qgis is None:
            self._qgis = QgisProcess(spawn_thread=spawn_thread)
            if self._qgis.available()[0]:
                self._qgis.start()
        return self._qgis
