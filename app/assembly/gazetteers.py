"""Brings the gazetteer and a city's map together: opened at the first search, kept up to date.

A window or `serve` never builds the index on the database thread: what is missing or older than
the map is built by a process beside (`Renewal`), the old index answers until then, and the new
one is put in its place when it is open. What has no such process (a command of one question)
builds it where it stands.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain.errors import Unavailable
from app.runtime.health import HealthItem
from app.runtime.jobs import guarded, log_unexpected

if TYPE_CHECKING:
    from app.data.city import SqlCity
    from app.domain.addresses.register import Entry
    from app.engines.gazetteer.opened import Gazetteer
    from app.runtime.core import Core
    from app.services.views import Geocoded, NearPlace, PlaceHit

Found = Callable[["Gazetteer | None"], None]


class CityGazetteer:
    """The gazetteer of one open city; opened anew when its map has changed.

    `open_it` opens the index that fits the map, building it where that is needed. `token` changes
    with every change of the map. With `renew_by` all building and opening is done elsewhere.
    """

    def __init__(self, open_it: Callable[[], Gazetteer], token: Callable[[], str]) -> None:
        self._open = open_it
        self._token = token
        self._seen = ""
        self._opened: Gazetteer | None = None
        self._renewal: Renewal | None = None

    def renew_by(self, renewal: Renewal) -> None:
        """Let `renewal` bring the index up to date from now on, beside this thread."""
        self._renewal = renewal

    def apply(self, revision: int, entries: Callable[[], Sequence[Entry]]) -> None:
        """Take what is ready, ask for what is missing, and let the register's changes count.

        Raises `Unavailable` while the first index of the city is being built beside.
        """
        token = self._token()
        if self._renewal is not None:
            self._opened = self._renewal.newest(token) or self._opened
        elif self._opened is None or token != self._seen:
            self._opened, self._seen = self._open(), token
        self._ready.apply(revision, entries)

    def search(
        self, text: str, limit: int, near: tuple[float, float] | None = None
    ) -> Sequence[PlaceHit]:
        """See `ports.Gazetteer`."""
        return self._ready.search(text, limit, near)

    def geocode(self, text: str, limit: int = 5) -> Sequence[Geocoded]:
        """See `ports.Gazetteer`."""
        return self._ready.geocode(text, limit)

    def nearest(self, lon: float, lat: float, limit: int = 3) -> Sequence[NearPlace]:
        """See `ports.Gazetteer`."""
        return self._ready.nearest(lon, lat, limit)

    @property
    def _ready(self) -> Gazetteer:
        if self._opened is None:
            if self._renewal is not None:
                raise Unavailable(
                    "The index for searching places is being built.",
                    advice="Cases are found already; ask for places again in a moment.",
                )
            self._opened, self._seen = self._open(), self._token()
        return self._opened


class Renewal:
    """Brings the index up to date beside the database thread, one work at a time.

    `start(found, ended)` begins to open, and where needed build, the index of the map as it is
    now. It calls, from any thread, `found` with each index that it opened, and `ended` once with
    whether the map's index is open now; after a failure the next search tries again.
    """

    def __init__(self, start: Callable[[Found, Callable[[bool], None]], None]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._fresh: Gazetteer | None = None
        self._current: Gazetteer | None = None
        self._asked: str | None = None
        self._busy = False

    def newest(self, token: str) -> Gazetteer | None:
        """Return an index that became ready since the last call; ask for that of `token`."""
        with self._lock:
            fresh, self._fresh = self._fresh, None
            begin = token != self._asked and not self._busy
            if begin:
                self._asked, self._busy = token, True
        if begin:
            guarded(lambda: self._start(self._find, self._end), self._on_error)
        return fresh

    def health(self) -> HealthItem:
        """Say how old the index is by which is searched while a newer one is being built."""
        with self._lock:
            current, busy = self._current, self._busy
        if not busy:
            return HealthItem("normal", "search")
        if current is None:
            return HealthItem("attention", "search_building")
        return HealthItem("attention", "search_old", since_ms=current.built_ms)

    def _find(self, opened: Gazetteer | None) -> None:
        if opened is not None:
            with self._lock:
                self._fresh = self._current = opened

    def _end(self, done: bool) -> None:
        with self._lock:
            self._busy = False
            if not done:
                self._asked = None

    def _on_error(self, error: BaseException) -> None:
        self._end(False)
        log_unexpected(error)


def give_gazetteer(city: SqlCity) -> None:
    """Let `city` search with an index of its own, kept in its store."""

    def opened() -> Gazetteer:
        from app.data.gazetteer_source import MapGazetteerSource, address_rules
        from app.data.map_target import map_target
        from app.engines.gazetteer.opened import open_gazetteer

        source = MapGazetteerSource(map_target(city))
        return open_gazetteer(_folder(city), source, address_rules())

    city.search_by(lambda: CityGazetteer(opened, lambda: _token(city)))


def index_beside(core: Core, place: str, key: str | None) -> None:
    """Have the index of the open city kept up to date by a process beside, from now on."""

    def give(city: Any) -> None:
        beside = _Beside(core, _folder(city), place, key)
        renewal = Renewal(beside.start)
        core.on_close(beside.close)
        city.gazetteer.renew_by(renewal)
        renewal.newest(_token(city))
        core.add_health("search", renewal.health)

    core.with_city(give).add_done_callback(_went_well)


class _Beside:
    """Opens whichever index is there, has the right one built in a process, and opens that."""

    def __init__(self, core: Core, folder: Path, place: str, key: str | None) -> None:
        self._core, self._folder = core, folder
        self._city = (place, key)
        self._lock = threading.Lock()
        self._closed = False

    def start(self, found: Found, ended: Callable[[bool], None]) -> None:
        """Do so once; see `Renewal`."""
        self._then(lambda: self._core.run(_opened, self._folder), _OneRenewal(self, found, ended))

    def build(self, then: Callable[[Future[str]], None]) -> None:
        """Have the index built unless it is there."""
        self._then(lambda: self._core.run_heavy(build_beside, *self._city), then)

    def open(self, fingerprint: str, then: Callable[[Future[Gazetteer | None]], None]) -> None:
        """Open what was built."""
        self._then(lambda: self._core.run(_opened, self._folder, fingerprint), then)

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself."""
        with self._lock:
            self._closed = True

    def _then(self, begin: Callable[[], Future[Any]], then: Callable[[Future[Any]], None]) -> None:
        with self._lock:
            begun = None if self._closed else begin()
        if begun is not None:
            begun.add_done_callback(then)


class _OneRenewal:
    """One way through: the old index is open, the new one is built, the new one is open."""

    def __init__(self, beside: _Beside, found: Found, ended: Callable[[bool], None]) -> None:
        self._beside, self._found, self._ended = beside, found, ended
        self._before = ""

    def __call__(self, opening: Future[Gazetteer | None]) -> None:
        if not _went_well(opening):
            self._ended(False)
            return
        old = opening.result()
        self._before = old.fingerprint if old is not None else ""
        self._found(old)
        self._beside.build(self._on_built)

    def _on_built(self, building: Future[str]) -> None:
        well = _went_well(building)
        if well and building.result() != self._before:
            self._beside.open(building.result(), self._on_new)
        else:
            self._ended(well)

    def _on_new(self, opening: Future[Gazetteer | None]) -> None:
        well = _went_well(opening)
        self._found(opening.result() if well else None)
        self._ended(well and opening.result() is not None)


def _went_well(done: Future[Any]) -> bool:
    if done.cancelled():
        return False
    error = done.exception()
    if error is not None:
        log_unexpected(error)
    return error is None


def _opened(folder: Path, fingerprint: str = "") -> Gazetteer | None:
    """Open the index of that fingerprint, without one whichever is there; None if none is."""
    from app.data.gazetteer_source import address_rules
    from app.engines.gazetteer.files import IndexUnusableError
    from app.engines.gazetteer.opened import open_ready

    try:
        return open_ready(folder, fingerprint, address_rules())
    except IndexUnusableError:
        return None


def build_beside(place: str, key: str | None) -> str:
    """Build the index of the city at `place` unless it is there; return its fingerprint.

    Runs in a process of its own.
    """
    from app.data.city_folder import open_city
    from app.data.gazetteer_source import MapGazetteerSource, address_rules
    from app.data.map_target import map_target
    from app.engines.gazetteer.opened import build_index

    city = open_city(place, key)
    try:
        source = MapGazetteerSource(map_target(city))
        build_index(_folder(city), source, address_rules())
        return source.fingerprint
    finally:
        city.close()


def _folder(city: SqlCity) -> Path:
    """Return where the index lies: in the city's store, or for a remote one in the cache."""
    if city.folder is not None:
        return city.folder / "store"
    from platformdirs import user_cache_path

    return user_cache_path("wangge") / hashlib.sha256(city.place.encode()).hexdigest()[:16]


def _token(city: SqlCity) -> str:
    """Return a text that changes with every change of the map, read in a moment."""
    if city.folder is not None:
        from app.data.map_print import fingerprint

        return fingerprint(city.folder)
    from app.data.postgis_source import map_token

    return map_token(city.engine, city.place)
