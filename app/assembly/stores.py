"""The drawing store of a city: built from its map, opened, renewed beside an open window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.wiring import Progress
from app.runtime.core import Core

if TYPE_CHECKING:
    from app.domain.map_columns import MapSource
    from app.engines.citystore import CityStore
    from app.services.views import CityFacts

TEND_S = 900.0
log = logging.getLogger(__name__)


def build_store(place: Path | str, facts: CityFacts, progress: Progress) -> None:
    """Derive the drawing store of the city in a folder or at an address from its map."""
    from app.engines import citystore

    with _map_of(place, facts) as source:
        citystore.build_store(
            source,
            store_folder(place),
            lambda stage, done, total: progress(f"store {stage}", done / total),
        )


def open_store(place: Path | str, facts: CityFacts, progress: Progress) -> CityStore:
    """Open the drawing store, built anew if it is missing, torn, or older than the map."""
    from app.engines import citystore

    folder = store_folder(place)
    try:
        return citystore.open_store(folder, _fingerprint(place))
    except citystore.StoreUnusable:
        build_store(place, facts, progress)
        return citystore.open_store(folder, _fingerprint(place))


def store_folder(place: Path | str) -> Path:
    """Return where the drawing store lies: in the city, or in this user's cache for a remote one.

    Keyed by the address, so each city has its own.
    """
    from app.data.city_folder import is_address

    if not is_address(place):
        return Path(place) / "store"
    from app.data.remote import cache_folder

    return cache_folder(str(place)) / "store"


@contextmanager
def _map_of(place: Path | str, facts: CityFacts) -> Iterator[MapSource]:
    from app.data.city_folder import is_address
    from app.domain.geodesy import CityFrame

    frame = CityFrame(facts.lon0, facts.lat0)
    if not is_address(place):
        from app.data.map_source import GeoPackageSource

        yield GeoPackageSource(Path(place), frame, sample=facts.sample)
        return
    from app.data.postgis_source import PostgisSource

    with _server(str(place)) as (engine, name):
        yield PostgisSource(engine, name, frame, sample=facts.sample)


def _fingerprint(place: Path | str) -> str:
    from app.data.city_folder import is_address

    if not is_address(place):
        from app.data.map_print import fingerprint

        return fingerprint(Path(place))
    from app.data.postgis_source import map_token

    with _server(str(place)) as (engine, name):
        return map_token(engine, name)


@contextmanager
def _server(address: str) -> Iterator[tuple[Any, str]]:
    from app.data.remote import remote_engine
    from app.domain.errors import strip_secrets

    engine = remote_engine(address)
    try:
        yield engine, strip_secrets(address)
    finally:
        engine.dispose()


def renewed_store(core: Core, place: Path | str) -> Future[CityStore]:
    """Bring the drawing store up to date in a process of its own, then open it."""
    return _opened_after(core.run_heavy(renew_store, place, core.facts, to_log), core, place)


def renew_store(place: Path | str, facts: CityFacts, progress: Progress) -> None:
    """Fold the journal in if it holds all that changed in the map; else build the store anew."""
    from app.engines import citystore

    folder = store_folder(place)
    try:
        citystore.open_store(folder, _fingerprint(place))
        citystore.fold(folder)
    except citystore.StoreUnusable:
        build_store(place, facts, progress)


def folded_store(core: Core, place: Path | str) -> Future[CityStore]:
    """Fold the edits in the store's journal into it in a process of its own, then open it."""
    return _opened_after(core.run_heavy(fold_store, store_folder(place)), core, place)


def tend_store(core: Core, place: Path | str) -> None:
    """From time to time fold the store's journal in and sum all of it, in a process of its own.

    A store found torn is built anew in its place; who has it open sees that when it opens next.
    """

    beats = count()

    def tend() -> None:
        if next(beats) == 0:
            return  # a window that opens has better to do
        core.run_heavy(mend_store, place, core.facts, to_log).add_done_callback(_log_failure)

    core.every("store", TEND_S, tend)


def mend_store(place: Path | str, facts: CityFacts, progress: Progress) -> None:
    """Fold the journal of the store in; build it anew if it is torn."""
    folder = store_folder(place)
    fold_store(folder)
    if not is_sound(folder):
        build_store(place, facts, progress)


def fold_store(folder: Path) -> None:
    """Fold the journal of a store in; a torn store is left for the next opening to build anew."""
    from app.engines import citystore

    try:
        log.info("%d segments of the store folded", citystore.fold(folder))
    except citystore.StoreUnusable as error:
        log.warning("the store cannot be folded: %s", error)


def checked_store(core: Core, place: Path | str) -> Future[CityStore | None]:
    """Sum the whole store in a process of its own: a store built anew if it is torn, or None."""
    checked: Future[CityStore | None] = Future()

    def on_checked(checking: Future[bool]) -> None:
        if checking.cancelled() or checking.exception() is not None or checking.result():
            _hand_on(checking, checked, lambda _sound: None)
        else:
            renewed = renewed_store(core, place)
            renewed.add_done_callback(lambda done: _hand_on(done, checked, lambda store: store))

    core.run_heavy(is_sound, store_folder(place)).add_done_callback(on_checked)
    return checked


def is_sound(folder: Path) -> bool:
    """Whether every file and segment of a store is what was written."""
    from app.engines import citystore

    try:
        citystore.verify_store(folder)
    except citystore.StoreUnusable as error:
        log.warning("%s", error)
        return False
    return True


def _opened_after(work: Future[None], core: Core, place: Path | str) -> Future[CityStore]:
    """Open the store when some work on it is done."""
    opened: Future[CityStore] = Future()

    def on_done(done: Future[None]) -> None:
        if done.cancelled() or done.exception() is not None:
            _hand_on(done, opened, lambda never: never)
        else:
            opening = core.run(open_store, place, core.facts, to_log)
            opening.add_done_callback(lambda one: _hand_on(one, opened, lambda store: store))

    work.add_done_callback(on_done)
    return opened


def _hand_on(done: Future[Any], to: Future[Any], change: Callable[[Any], Any]) -> None:
    if done.cancelled():  # the program ends
        to.cancel()
    elif (error := done.exception()) is not None:
        to.set_exception(error)
    else:
        to.set_result(change(done.result()))


def _log_failure(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("the store could not be tended: %s", error)


def to_log(stage: str, share: float) -> None:
    log.info("%s %.0f %%", stage, share * 100)
