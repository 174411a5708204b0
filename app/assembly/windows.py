"""The window on a city, and the tour that walks through it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly.cities import export_parts_aside
from app.assembly.gazetteers import index_beside
from app.assembly.live import (
    KEY_VARIABLE,
    Live,
    build_core,
    load_signs,
    open_core,
    start_shift,
)
from app.assembly.stores import open_store, renewed_store, tend_store, to_log
from app.cli.wiring import Progress, Tour, Window
from app.runtime.clock import VirtualClock
from app.runtime.health import HealthItem

if TYPE_CHECKING:
    from app.data.settings import Preferences

_SWITCH_S = 0.001  # the window gets the interpreter back sooner than Python's 5 ms
log = logging.getLogger(__name__)


def run_window(wanted: Window) -> int:
    """Open the window and return its exit code."""
    from app.assembly.basemap_shelf import BaseMapShelf
    from app.data.city_folder import is_address
    from app.data.settings import Preferences, settings_folder
    from app.domain.errors import Unavailable
    from app.engines.qgis_start import start_qgis
    from app.shell.scale import ScreenLook

    preferences = Preferences(settings_folder())
    seen = preferences.begin(wanted.station, wanted.lang, wanted.theme)
    look = ScreenLook(seen.station)
    from app.shell.application import run_window as run_station
    from app.shell.map_keeping import Kept

    sys.setswitchinterval(_SWITCH_S)
    station = partial(
        run_station, station=seen.station, lang=seen.lang, theme=seen.theme, look=look,
        keep=preferences.keep, note=preferences.note, camera_folder=seen.camera_folder,
        kept=Kept(seen.saved_views, seen.map_states, settings_folder() / "views"), link=wanted.link,
        wall_view=partial(_wall_view, settings_folder()),
    )  # fmt: skip
    remote = is_address(wanted.city)
    if remote and wanted.simulate:
        raise Unavailable(
            "A window plays no shift on a remote city.",
            advice="Start `serve --simulate` on it.",
            field="simulate",
        )
    live = build_core(wanted.city, play=not remote)
    try:
        place = wanted.city if remote else Path(wanted.city)
        store = open_store(place, live.core.facts, to_log)
        qgis = start_qgis(live.core)
        index_beside(live.core, wanted.city, os.environ.get(KEY_VARIABLE))
        if wanted.simulate:
            live.core.aside(start_shift, live).add_done_callback(_log_failure)
        renew = partial(renewed_store, live.core, place)
        tend_store(live.core, place)
        blobs = live.keeping.blobs
        shelf = BaseMapShelf(live.core, wanted.city, preferences)
        live.core.add_health("settings", partial(_kept_health, preferences))
        return station(
            live.core, city_store=store, blobs=blobs, printer=qgis, renew=renew, shelf=shelf,
            export=partial(export_parts_aside, live.core, wanted.city),
        )  # fmt: skip
    finally:
        live.core.close()


def tour(wanted: Tour, progress: Progress) -> Mapping[str, Any]:
    """Walk the window through its faces on a copy of the city, with a shift by a fixed script.

    The city itself is not touched, so the same seed gives the same counts every time.
    """
    from tempfile import TemporaryDirectory

    from app.data.city_folder import is_address
    from app.data.scratch import scratch_copy
    from app.domain.errors import Unavailable
    from app.shell.scale import offer_fine_screen

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(_SWITCH_S)
    if is_address(wanted.city):
        raise Unavailable(
            "A tour walks on a copy of a city in a folder.", advice="Name a folder.", field="city"
        )
    city = Path(wanted.city)
    open_core(wanted.city).close()  # says clearly if it is no city
    with TemporaryDirectory(prefix="wangge-tour-") as parent:
        offer_fine_screen(Path(parent))
        folder = Path(parent) / "city"
        scratch_copy(city, folder, os.environ.get(KEY_VARIABLE))
        clock = VirtualClock(0)
        live = build_core(str(folder), now_ms=clock, dispatch=False)
        try:
            return _walk(wanted, live, folder, clock, progress)
        finally:
            live.core.close()


def _walk(
    wanted: Tour, live: Live, folder: Path, clock: VirtualClock, progress: Progress
) -> dict[str, Any]:
    from app.engines.qgis_start import start_qgis
    from app.sample import tour as tours
    from app.sample.present import present_of
    from app.sample.shift import Shift

    core = live.core
    clock.advance(present_of(core))
    store = open_store(folder, core.facts, progress)
    start_qgis(core)
    shift = Shift(
        core, folder, load_signs(), seed=wanted.seed, speed=tours.SPEED,
        reports_an_hour=tours.REPORTS_AN_HOUR,
    )  # fmt: skip
    core.on_close(shift.close)
    core.add_health("feeds", shift.health)
    faces = tours.Faces(wanted.sizes, wanted.langs, wanted.stations, wanted.themes)
    return tours.play_tour(
        core, shift, clock, wanted.out, faces, store, live.keeping.blobs, progress
    )


def _kept_health(preferences: Preferences) -> HealthItem:
    """Return whether this person's choices reach their file (any thread)."""
    if preferences.is_kept:
        return HealthItem("normal", "settings")
    return HealthItem("attention", "settings_not_kept")


def _wall_view(folder: Path) -> str:
    """Return the link that an operator of this machine last chose for the wall (any thread)."""
    from app.data.settings import load_settings

    return load_settings(folder).settings.map_states.get("wall", "")


def _log_failure(done: Future[Any]) -> None:
    error = done.exception()
    if error is not None:
        log.error("the simulated shift did not start", exc_info=error)
