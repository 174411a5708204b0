"""Brings the gazetteer and a city's map together: opened at the first search, kept up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.data.city import SqlCity
    from app.domain.addresses.register import Entry
    from app.engines.gazetteer.opened import Gazetteer
    from app.runtime.core import Core
    from app.services.views import Geocoded, NearPlace, PlaceHit


class CityGazetteer:
    """The gazetteer of one open city; opened anew when its map has changed."""

    def __init__(self, open_it: Callable[[], Gazetteer], token: Callable[[], str]) -> None:
        self._open = open_it
        self._token = token
        self._seen = ""
        self._opened: Gazetteer | None = None

    def apply(self, revision: int, entries: Callable[[], Sequence[Entry]]) -> None:
        """Open what is needed and let the register's changes count."""
        token = self._token()
        if self._opened is None or token != self._seen:
            self._opened, self._seen = self._open(), token
        self._opened.apply(revision, entries)

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
            self._opened, self._seen = self._open(), self._token()
        return self._opened


def give_gazetteer(city: SqlCity) -> None:
    """Let `city` search with an index of its own, kept in its store."""

    def opened() -> Gazetteer:
        from app.data.gazetteer_source import MapGazetteerSource, address_rules
        from app.data.map_target import map_target
        from app.engines.gazetteer.opened import open_gazetteer

        source = MapGazetteerSource(map_target(city))
        return open_gazetteer(_folder(city), source, address_rules())

    city.search_by(lambda: CityGazetteer(opened, lambda: _token(city)))


def index_beside(
    core: Core, place: str, key: str | None, done: Callable[[Future[Any]], None]
) -> None:
    """Have the index built in a process of its own if it is missing, so that no search waits."""

    def on_asked(missing: Future[Any]) -> None:
        if not missing.cancelled() and missing.exception() is None and missing.result():
            core.run_heavy(build_beside, place, key).add_done_callback(done)

    core.with_city(_is_missing).add_done_callback(on_asked)


def _is_missing(city: Any) -> bool:
    from app.data.gazetteer_source import MapGazetteerSource
    from app.data.map_target import map_target
    from app.engines.gazetteer.files import is_there

    return not is_there(_folder(city), MapGazetteerSource(map_target(city)).fingerprint)


def build_beside(place: str, key: str | None) -> None:
    """Build the index of the city at `place` if it is missing or old; runs in its own process."""
    from app.data.city_folder import open_city

    city = open_city(place, key)
    try:
        give_gazetteer(city)
        city.gazetteer.apply(0, tuple)
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
