"""Makes a whole sample city 示意: map, truth, people, history, and the derived store.

Everything is built in a draft folder beside the city's and takes its name at the end, so that a
stop at any moment leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.data.blobs import sync_folder
from app.data.bulk import empty_tables
from app.data.bulk_cases import bulk_cases
from app.data.city import SqlCity
from app.data.city_folder import create_city, is_address
from app.data.errors import translated_files
from app.data.map_target import write_tables
from app.domain.errors import InvalidInput
from app.domain.hlc import HybridClock
from app.runtime.jobs import wall_ms
from app.runtime.pool import Pool
from app.sample.chance import rng_of, uid_of
from app.sample.history import past_cases
from app.sample.open_cases import make_open_cases
from app.sample.records import Rolls, make_rolls
from app.sample.spots import read_areas, read_spots
from app.sample.staff import Staff
from app.services.bus import handle
from app.services.changes import Changes
from app.services.commands import Command
from app.services.views import CityFacts

Progress = Callable[[str, float], None]
BuildStore = Callable[[Path | str, CityFacts, Progress], None]
CLOSED = {"sample": 20_000, "district": 20_000, "full": 500_000}
_SPOTS = 5_000
_STORE_LIMIT_S = 600.0


@dataclass(frozen=True)
class MadeMap:
    """A map made up: layers as in `map_schema`, and what the city says of itself."""

    name: str
    lon0: float
    lat0: float
    tables: Mapping[str, Iterable[pa.RecordBatch]]
    totals: Mapping[str, float]
    record: Sequence[Mapping[str, Any]] = ()  # each total with wanted value, unit and date


MakeMap = Callable[[str, int, str, Progress], MadeMap]


@dataclass(frozen=True)
class Plan:
    """Which city, and the parts of the program that make its map and its store.

    `code` is that of a Chinese city (`3101` Shanghai); `now_ms` (Unix ms) is where its present
    begins; `closed` is how many closed cases it gets, as many as the scale says by default.
    """

    scale: str
    seed: int
    code: str
    make_map: MakeMap
    build_store: BuildStore
    now_ms: int | None = None
    closed: int | None = None


def create_sample_city(out: Path | str, plan: Plan, progress: Progress) -> Mapping[str, Any]:
    """Build the city in a new folder, or an empty database; return a summary of what it holds.

    Raises `InvalidInput` if `out` is there already or scale or code are unknown; then, and on
    Ctrl-C, nothing stays.
    """
    started = time.monotonic()
    summary = (
        _fill_remote(str(out), plan, progress)
        if is_address(out)
        else {"city": str(out), **_fill_folder(Path(out), plan, progress)}
    )
    return {**summary, "seconds": round(time.monotonic() - started, 1)}


def _fill_remote(address: str, plan: Plan, progress: Progress) -> dict[str, Any]:
    made, facts, now_ms = _made(plan, progress)
    city = create_city(address, facts)
    try:
        return {"city": city.place, **_fill(city, address, made, plan, now_ms, progress)}
    except BaseException:
        from app.data.postgis_bulk import remove_city

        city.close()
        remove_city(address)
        raise


def _fill_folder(out: Path, plan: Plan, progress: Progress) -> dict[str, Any]:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInput(
            f"{out} is there already and not empty. It was not touched.",
            advice="Name a new folder.",
            field="out",
        )
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    with translated_files(out):
        _clear_abandoned(out)
        try:
            made, facts, now_ms = _made(plan, progress)
            summary = _fill(create_city(draft, facts), draft, made, plan, now_ms, progress)
            if out.exists():
                out.rmdir()
            draft.replace(out)
            sync_folder(out.absolute().parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return summary


def _clear_abandoned(out: Path) -> None:
    """Remove drafts of processes that were killed; one that still runs keeps its own."""
    for draft in out.absolute().parent.glob(f".{out.name}.*.part"):
        number = draft.name.split(".")[-2]
        if number.isdigit() and (int(number) == os.getpid() or not _runs(int(number))):
            shutil.rmtree(draft, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _made(plan: Plan, progress: Progress) -> tuple[MadeMap, CityFacts, int]:
    made = plan.make_map(plan.scale, plan.seed, plan.code, progress)
    now_ms = plan.now_ms or wall_ms()
    facts = CityFacts(
        uid=uid_of(plan.seed, "city", plan.code),
        name=made.name,
        code=plan.code,
        lon0=made.lon0,
        lat0=made.lat0,
        sample=True,
        created_at=datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(),
        totals=dict(made.totals),
    )
    return made, facts, now_ms


def _fill(
    city: SqlCity, place: Path | str, made: MadeMap, plan: Plan, now_ms: int, progress: Progress
) -> dict[str, Any]:
    pool = Pool(1)
    try:
        city.keep_totals(made.record)
        layers = write_tables(city, empty_tables() | dict(made.tables), progress)
        store = pool.aside(plan.build_store, place, city.facts, progress)  # beside people and cases
        rolls = _enrol(city, place, plan.seed, progress)
        people = _live(city, place, rolls, plan, now_ms, progress)
        store.result()
    finally:
        pool.close(_STORE_LIMIT_S)
        city.close()
    return {"name": made.name, "sample": True, **layers, **people}


def _enrol(city: SqlCity, place: Path | str, seed: int, progress: Progress) -> Rolls:
    progress("people", 0.0)
    rolls = make_rolls(read_areas(place), seed)
    with city.begin(write=True) as uow:
        uow.directory.put_shifts(rolls.shifts)
        uow.directory.put_units(rolls.units)
        uow.directory.put_persons(rolls.persons)
        uow.directory.put_duties(rolls.duties)
        uow.commit()
    progress("people", 1.0)
    return rolls


def _live(
    city: SqlCity,
    place: Path | str,
    rolls: Rolls,
    plan: Plan,
    now_ms: int,
    progress: Progress,
) -> dict[str, int]:
    count = CLOSED.get(plan.scale, 0) if plan.closed is None else plan.closed
    spots = read_spots(place, _SPOTS, rng_of(plan.seed, "spots"))
    with city.begin(write=False) as uow:
        rules, staff = uow.rules.current(), Staff(uow.directory)
    batches = _told(past_cases(count, spots, rules, rolls, plan.seed, now_ms), count, progress)
    digest = hashlib.sha256(f"sample {plan.code} {plan.scale} {plan.seed}".encode()).hexdigest()
    closed = bulk_cases(city, batches, source="sample", digest=digest)
    progress("open cases", 0.0)
    city.clock = HybridClock(city.signer.device)  # the open cases' times lie before now

    def send(command: Command, at_ms: int) -> Changes:
        return handle(command, city, at_ms)  # type: ignore[arg-type]  # facts are set by opening

    opened = make_open_cases(send, staff, spots, rules, plan.seed, now_ms)
    progress("open cases", 1.0)
    return {
        "units": len(rolls.units),
        "persons": len(rolls.persons),
        "closed_cases": closed,
        "open_cases": opened,
    }


def _told(
    batches: Iterable[pa.RecordBatch], count: int, progress: Progress
) -> Iterable[pa.RecordBatch]:
    done = 0
    for batch in batches:
        progress("history", done / max(count, 1))
        yield batch
        done += batch.num_rows
    progress("history", 1.0)
