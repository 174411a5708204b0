"""Base maps for the command line: the user's list, the QGIS process, the tiles on disk."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly.live import KEY_VARIABLE
from app.cli.wiring import BaseMapWish, Progress

if TYPE_CHECKING:
    from app.data.basemap_book import BaseMaps
    from app.domain.basemaps import BaseMap
    from app.domain.camera import Bounds
    from app.engines.qgis_client import QgisProcess

_MIDDLE = (121 + 28 / 60, 31.2304)  # where a map is tried when no city is named
_TRIED_LEVEL = 2


def basemap_folder(chosen: str = "") -> Path:
    """Return the folder of this user's tiles, below the one that was chosen if any."""
    import platformdirs

    if chosen:
        return Path(chosen) / "wangge-basemaps"
    return platformdirs.user_cache_path("wangge") / "basemaps"


def basemaps(wish: BaseMapWish, progress: Progress) -> Mapping[str, Any]:
    """Do what `basemap add|list|show|remove|test|fetch` asks; returns what is to be told."""
    from app.data.basemap_book import load_basemaps
    from app.data.settings import settings_folder

    verbs = {
        "add": _add, "list": _list, "show": _show, "remove": _remove, "test": _test,
        "fetch": _fetch,
    }  # fmt: skip
    return verbs[wish.verb](wish, load_basemaps(settings_folder()), progress)


def _save(maps: BaseMaps) -> None:
    from app.data.basemap_book import save_basemaps
    from app.data.settings import settings_folder

    save_basemaps(settings_folder(), maps)


def _add(wish: BaseMapWish, maps: BaseMaps, _progress: Progress) -> Mapping[str, Any]:
    from app.data.basemap_book import base_from

    base = base_from(dict(wish.values))
    _save(maps.with_map(base))
    return _told(base)


def _list(_wish: BaseMapWish, maps: BaseMaps, _progress: Progress) -> Mapping[str, Any]:
    return {"shown": maps.shown, "maps": [dict(_told(one)) for one in maps.maps]}


def _show(wish: BaseMapWish, maps: BaseMaps, _progress: Progress) -> Mapping[str, Any]:
    from dataclasses import replace

    if wish.name:
        maps.named(wish.name)
    _save(replace(maps, shown=wish.name))
    return {"shown": wish.name}


def _remove(wish: BaseMapWish, maps: BaseMaps, _progress: Progress) -> Mapping[str, Any]:
    _save(maps.without(wish.name))
    return {"removed": wish.name}


def _test(wish: BaseMapWish, maps: BaseMaps, progress: Progress) -> Mapping[str, Any]:
    from app.engines.basemap_trial import tried

    base = maps.named(wish.name)
    with qgis_process() as qgis:
        progress("draw", 0.2)
        tested = tried(base, qgis, (1.0, 1.0), 2.0**_TRIED_LEVEL, _middle(wish.city))
    return asdict(tested.report) | {
        "name": base.name, "open_seconds": round(tested.open_s, 3),
        "seconds": round(tested.seconds, 3), "received_kb": round(tested.received / 1000, 1),
        "filled": round(tested.filled, 3),
    }  # fmt: skip


def _fetch(wish: BaseMapWish, maps: BaseMaps, progress: Progress) -> Mapping[str, Any]:
    from app.data.settings import load_settings, settings_folder
    from app.engines.basemap_cache import BaseMapCache
    from app.engines.basemap_keep import BaseMapKeeper

    settings = load_settings(settings_folder()).settings
    cache = BaseMapCache(basemap_folder(settings.cache_folder), settings.cache_mb << 20)
    base = maps.named(wish.name)
    (lon0, lat0), box = _middle(wish.city), _box(wish)
    with qgis_process() as qgis:
        keeper = BaseMapKeeper(base, qgis, cache, lon0, lat0)
        plan = keeper.plan(box, wish.levels)
        told = {
            "name": base.name, "tiles": len(plan.keys), "there": plan.there,
            "estimate_mb": round(plan.bytes / 1e6, 1),
        }  # fmt: skip
        if wish.only_plan:
            return told
        progress(f"{len(plan.keys)} tiles, about {plan.bytes / 1e6:.1f} MB", 0.0)
        kept = keeper.keep(plan, lambda done, total: progress("tiles", done / total))
    return told | {"drawn": kept.drawn, "written_mb": round(kept.bytes / 1e6, 1)}


def _told(base: BaseMap) -> Mapping[str, Any]:
    """Return a base map as it may be shown: no password, no token."""
    plain = asdict(base) | {"address": base.shown_address}
    plain["password"] = "***" if base.password else ""
    return plain


def _middle(city: str) -> tuple[float, float]:
    if not city:
        return _MIDDLE
    from app.data.city_folder import open_city

    with closing(open_city(city, os.environ.get(KEY_VARIABLE))) as opened:
        return opened.facts.lon0, opened.facts.lat0


def _box(wish: BaseMapWish) -> Bounds:
    """Return the box of an area by its code, or around a place (local metres)."""
    from app.domain.camera import Bounds
    from app.domain.errors import InvalidInput
    from app.domain.geodesy import CityFrame

    frame = CityFrame(*_middle(wish.city))
    if wish.area:
        from app.data.print_areas import area_named

        return area_named(Path(wish.city), frame, wish.area).box
    lon, lat = wish.at or (frame.lon0, frame.lat0)
    x, y = (float(v) for v in frame.to_xy(lon, lat))
    half = wish.metres / 2
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InvalidInput(f"{lon}, {lat} is no place.", field="at")
    return Bounds(x - half, y - half, x + half, y + half)


@contextmanager
def qgis_process() -> Iterator[QgisProcess]:
    """Start a QGIS process for a while; raises `Unavailable` where it is not installed."""
    from app.domain.errors import Unavailable
    from app.engines.qgis_client import QgisProcess
    from app.runtime.spawn import spawn_thread

    process = QgisProcess(spawn_thread=spawn_thread)
    if not process.available()[0]:
        raise Unavailable(
            "QGIS is not installed.",
            advice="Install it with: apt-get install python3-qgis. Everything else goes on.",
        )
    process.start()
    try:
        yield process
    finally:
        process.close()
