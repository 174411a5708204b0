"""The only place where the parts meet: builds everything and passes it on.

What is heavy is imported where it is needed, so that `case list` starts without Qt, numba or
pandas.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from app.cli.application import build
from app.cli.wiring import Export, Import, NewCity, Progress, Serve, Tour, Window, Wiring
from app.runtime.clock import VirtualClock
from app.runtime.core import WATCH_S, Core
from app.runtime.health import HealthItem
from app.runtime.jobs import wall_ms
from app.services.changes import Changes

if TYPE_CHECKING:
    from app.data.blobs import FileBlobs
    from app.data.city import SqlCity
    from app.data.role_lock import RoleLock
    from app.domain.signs import Sign
    from app.engines.citystore import CityStore
    from app.engines.sign_board import SignBoard
    from app.sample.create import MadeMap
    from app.sample.shift import Shift
    from app.services.ports import City, NowMs
    from app.services.views import CityFacts

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
KEY_VARIABLE = "WANGGE_KEY"
_FOLLOW_S = 0.5
_TAKE_OVER_S = 5.0
_DEADLINES_S = 10.0
_SWITCH_S = 0.001  # the window gets the interpreter back sooner than Python's 5 ms
_SHOWN_READINGS = 60
_UNIT_SEEN_MS = 600_000  # a unit not heard of for longer may be anywhere
log = logging.getLogger(__name__)


def main() -> None:
    """Run the command line; the process ends with an exit code that means something."""
    gc.set_threshold(50_000, 20, 50)  # imports make no garbage; the window has its own rule
    build(wiring())()


def wiring() -> Wiring:
    """Return what the command line needs of the program."""
    return Wiring(
        open_core=open_core,
        store_photo=store_photo,
        create_city=create_city,
        complete_city=complete_city,
        import_data=import_data,
        export_data=export_data,
        run_window=run_window,
        tour=tour,
        serve=serve,
        compile_kernels=compile_kernels,
        bench=bench,
        bench_names=bench_names,
    )


def open_core(city: str, *, watch: bool = False, now_ms: NowMs = wall_ms) -> Core:
    """Open a city for commands and questions alone.

    `city` is a folder or a PostgreSQL address; the key of an encrypted one is read from the
    environment (`WANGGE_KEY`). Raises what opening raises.
    """
    from app.data.city_folder import is_address
    from app.services.bus import handle
    from app.services.questions import answer

    return Core(
        lambda: _open_city(city),
        handle,
        answer,
        now_ms=now_ms,
        watch_s=WATCH_S if watch else 0,
        remote=is_address(city),
    )


def _open_city(city: str) -> City:
    from app.data.city_folder import open_city

    return open_city(city, os.environ.get(KEY_VARIABLE))  # type: ignore[return-value]  # facts are set by opening


@dataclass(frozen=True)
class Live:
    """A core with its roles, for window and `serve`: see `go_live`."""

    core: Core
    lock: RoleLock
    sent: Callable[[], int]

    @property
    def playing(self) -> bool:
        """Whether this process plays the machine's roles on the city."""
        return self.lock.held


def build_core(city: str, *, now_ms: NowMs = wall_ms, dispatch: bool = True) -> Live:
    """Open a local city with everything that lives: intake of readings, roles, rule dispatch.

    One process plays the roles (a lock in the folder); the others follow what it stores, and
    take over within ten seconds of its end. Closing the core ends all of it.
    """
    from app.data.positions import PositionFile
    from app.data.role_lock import RoleLock
    from app.data.sign_log import SignLog
    from app.feeds.follow import Follower
    from app.feeds.intake import Intake
    from app.feeds.rule_dispatch import RuleDispatch

    folder = _local(city)
    core = open_core(city, watch=True, now_ms=now_ms)
    try:
        lock = RoleLock(folder)
        log, positions = SignLog(folder / "signs"), PositionFile(folder / "signs")
        board = _board(core)
        board.take(log.recent(_SHOWN_READINGS))
        positions.changed()  # what another process left; known from here on
        core.greet_with(
            lambda: Changes(signs=board.rows(), units=positions.known(now_ms() - _UNIT_SEEN_MS))
        )
        core.take_batches_by(Intake(log, board, positions, now_ms))
        lock.try_take()
        core.every("roles", _TAKE_OVER_S, lambda: lock.try_take())
        core.on_close(lock.release)
        follower = Follower(log, positions, board, core.publish, lambda: lock.held)
        core.every("follow", _FOLLOW_S, follower)
        rule = RuleDispatch(core, lambda: dispatch and lock.held)
        core.subscribe(rule)
        core.add_health("feeds", lambda: HealthItem("unknown", "feeds"))
    except BaseException:
        core.close()
        raise
    return Live(core, lock, lambda: rule.sent)


def _local(city: str) -> Path:
    from app.data.city_folder import is_address
    from app.domain.errors import Unavailable

    if is_address(city):
        raise Unavailable(
            "Roles, readings and tours need a city in a folder so far.",
            advice="`run` and `case` work on a PostgreSQL city.",
            field="city",
        )
    return Path(city)


def start_shift(live: Live, folder: Path, speed: float = 60.0, seed: int = 1) -> Shift:
    """Play the live simulated shift 示意 on the city while this process plays its roles."""
    from app.sample.shift import Shift

    shift = Shift(live.core, folder, load_signs(), seed=seed, speed=speed)
    live.core.on_close(shift.close)
    live.core.add_health("feeds", shift.health)
    live.core.every("shift", 1.0, lambda: shift.beat() if live.playing else None)
    return shift


def _board(core: Core) -> SignBoard:
    from app.domain.areas import Tier
    from app.domain.errors import AppError
    from app.engines.sign_board import SignBoard

    def names(city: City) -> tuple[str, dict[str, str]]:
        root = city.areas.root()
        districts = city.areas.children(root.uid, Tier.DISTRICT)
        return root.code, {area.code: area.name for area in (root, *districts)}

    try:
        code, by_code = core.with_city(names).result()
    except AppError:  # a city without a map yet
        code, by_code = core.facts.code, {}
    return SignBoard(load_signs(), code, by_code)


def load_signs(path: Path = RESOURCES / "signs.csv") -> tuple[Sign, ...]:
    """Read the table of vital signs; raises `InvalidInput` naming the row at fault."""
    import csv

    from app.domain.signs import parse_signs

    with path.open(encoding="utf-8", newline="") as file:
        return parse_signs(csv.DictReader(file))


def store_photo(city: str, path: Path) -> str:
    """Put a photo among the city's blobs and return its hash."""
    from app.data.blobs import FileBlobs
    from app.data.city_folder import is_address
    from app.domain.errors import InvalidInput

    if is_address(city):
        raise InvalidInput("Photos need a local city so far.", field="photo")
    return FileBlobs(Path(city) / "blobs").put_file(path)


def create_city(wanted: NewCity, progress: Progress) -> Mapping[str, Any]:
    """Build a sample city; see `app.sample.create`."""
    from app.sample.create import Plan, create_sample_city

    if wanted.scale == "empty":
        from app.sample.complete import create_empty_city

        return create_empty_city(wanted.out, wanted.code, wanted.seed, progress)
    plan = Plan(wanted.scale, wanted.seed, wanted.code, _make_map, build_store)
    return create_sample_city(wanted.out, plan, progress)


def _make_map(scale: str, seed: int, code: str, progress: Progress) -> MadeMap:
    from app.sample.build import build_city
    from app.sample.create import MadeMap

    made = build_city(scale, seed, code=code, progress=progress)
    totals = {name: float(total.value) for name, total in made.totals.items()}
    record = [{"name": name, **asdict(total)} for name, total in made.totals.items()]
    frame = made.frame
    return MadeMap(made.name, frame.lon0, frame.lat0, made.tables, totals, record)


def build_store(folder: Path, facts: CityFacts, progress: Progress) -> None:
    """Derive the drawing store of the city in `folder` from its map."""
    from app.data.map_source import GeoPackageSource
    from app.domain.geodesy import CityFrame
    from app.engines import citystore

    frame = CityFrame(facts.lon0, facts.lat0)
    source = GeoPackageSource(folder, frame, sample=facts.sample)
    citystore.build_store(
        source,
        folder / "store",
        lambda stage, done, total: progress(f"store {stage}", done / total),
    )


def open_store(folder: Path, facts: CityFacts, progress: Progress) -> CityStore:
    """Open the drawing store, built anew if it is missing, torn, or older than the map."""
    from app.data.map_source import fingerprint
    from app.engines import citystore

    try:
        return citystore.open_store(folder / "store", fingerprint(folder))
    except citystore.StoreUnusable:
        build_store(folder, facts, progress)
        return citystore.open_store(folder / "store", fingerprint(folder))


def renewed_store(core: Core, folder: Path) -> Future[CityStore]:
    """Bring the drawing store up to date in a process of its own, then open it."""
    opened: Future[CityStore] = Future()

    def on_open(opening: Future[CityStore]) -> None:
        error = opening.exception()
        if error is not None:
            opened.set_exception(error)
        else:
            opened.set_result(opening.result())

    def on_built(built: Future[None]) -> None:
        error = built.exception()
        if error is not None:
            opened.set_exception(error)
        else:
            core.run(open_store, folder, core.facts, _to_stderr).add_done_callback(on_open)

    core.run_heavy(build_store, folder, core.facts, _to_stderr).add_done_callback(on_built)
    return opened


def complete_city(place: str, seed: int, progress: Progress) -> Mapping[str, Any]:
    """Make grids and rolls where imported data have none."""
    from app.sample.complete import complete_city as complete

    with _opened(place) as city:
        return complete(city, Path(place), seed, progress)


def import_data(wanted: Import, progress: Progress) -> Mapping[str, Any]:
    """Take a real source in; the derived store follows when it is opened next."""
    from app.data.importing import ImportRequest, import_source

    request = ImportRequest(
        wanted.kind, wanted.source, wanted.crs or None, wanted.layout or None, wanted.mapping
    )
    with _opened(wanted.city) as city:
        return import_source(city, request, progress)


def export_data(wanted: Export, progress: Progress) -> Mapping[str, Any]:
    """Write data out."""
    from app.data.exporting import export_city

    with _opened(wanted.city) as city:
        return export_city(city, wanted.kind, wanted.out, progress)


@contextmanager
def _opened(place: str) -> Iterator[SqlCity]:
    from app.data.city_folder import open_city

    city = open_city(place, os.environ.get(KEY_VARIABLE))
    try:
        yield city
    finally:
        city.close()


def run_window(wanted: Window) -> int:
    """Open the window and return its exit code."""
    from app.data.city_folder import is_address
    from app.data.settings import Preferences, settings_folder
    from app.engines.qgis_start import start_qgis
    from app.shell.scale import ScreenLook

    preferences = Preferences(settings_folder())
    seen = preferences.begin(wanted.station, wanted.lang, wanted.theme)
    look = ScreenLook(seen.station)
    from app.shell.application import run_window as run_station

    sys.setswitchinterval(_SWITCH_S)
    station = partial(
        run_station, station=seen.station, lang=seen.lang, theme=seen.theme, look=look,
        keep=preferences.keep, note=preferences.note,
    )  # fmt: skip
    if is_address(wanted.city):
        core = open_core(wanted.city, watch=True)
        try:
            return station(core)
        finally:
            core.close()
    live, folder = build_core(wanted.city), Path(wanted.city)
    try:
        store = open_store(folder, live.core.facts, _to_stderr)
        qgis = start_qgis(live.core)
        if wanted.simulate:
            started = live.core.aside(start_shift, live, folder)
            started.add_done_callback(_log_failure)
        renew = partial(renewed_store, live.core, folder)
        return station(live.core, city_store=store, blobs=_blobs(folder), printer=qgis, renew=renew)
    finally:
        live.core.close()


def tour(wanted: Tour, progress: Progress) -> Mapping[str, Any]:
    """Walk the window through its faces on a copy of the city, with a shift by a fixed script.

    The city itself is not touched, so the same seed gives the same counts every time.
    """
    from tempfile import TemporaryDirectory

    from app.data.scratch import scratch_copy
    from app.shell.scale import offer_fine_screen

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(_SWITCH_S)
    city = _local(wanted.city)
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
    return tours.play_tour(core, shift, clock, wanted.out, faces, store, _blobs(folder), progress)


def _blobs(folder: Path) -> FileBlobs:
    from app.data.blobs import FileBlobs

    return FileBlobs(folder / "blobs")


def _log_failure(done: Future[Any]) -> None:
    error = done.exception()
    if error is not None:
        log.error("the simulated shift did not start", exc_info=error)


def _to_stderr(stage: str, share: float) -> None:
    log.info("%s %.0f %%", stage, share * 100)


def serve(wanted: Serve, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Play the machine's roles without a window until SIGTERM or Ctrl-C; return what was done."""
    from app.feeds.deadlines import DeadlineWatch

    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, on_signal) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        live = build_core(wanted.city)
        try:
            shift = start_shift(live, Path(wanted.city), wanted.speed) if wanted.simulate else None
            say(_greeting(live))
            live.core.every("deadlines", _DEADLINES_S, DeadlineWatch(live.core, say))
            stop.wait()
        finally:
            ended = live.core.close()
        counts = shift.summary() if shift is not None else {}
        return {"dispatched_by_rule": live.sent(), "ended_in_time": ended, **counts}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _greeting(live: Live) -> str:
    facts = live.core.facts
    role = "plays the roles" if live.playing else "waits: another process plays the roles"
    return f"{facts.name} ({facts.code}): open, {role}. Ctrl-C or SIGTERM ends it."


def compile_kernels(progress: Progress) -> Mapping[str, Any]:
    """Compile the drawing kernels into numba's cache; quick when they are there."""
    progress("kernels", 0.0)
    from app.engines.tiles_kernels import compile_all

    return {"kernels": compile_all(lambda _stage, done, total: progress("kernels", done / total))}


def bench_names() -> Sequence[str]:
    """Return the benchmarks there are."""
    from app.bench.registry import names

    return names()


def bench(name: str, arguments: Sequence[str]) -> Mapping[str, Any]:
    """Run the benchmark `name`; raises `InvalidInput` if there is none."""
    from app.bench.registry import Bench, find

    return find(name)(Bench(_small_city, load_signs(), arguments))


@contextmanager
def _small_city() -> Iterator[tuple[Core, Path]]:
    from tempfile import TemporaryDirectory

    from app.sample.tiny import create_tiny_city

    with TemporaryDirectory() as parent:
        folder = Path(parent) / "city"
        create_tiny_city(folder).close()
        core = open_core(str(folder))
        try:
            yield core, folder
        finally:
            core.close()
