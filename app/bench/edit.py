"""An edit of a part, from the command to where tiles, picks and counts show it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from app.bench.registry import Bench, verdict
from app.domain.map_columns import AREA_TIERS
from app.domain.parts.grids import GRID
from app.domain.people import Role
from app.engines.citystore import CityStore
from app.engines.tiles_select import PartFound, nearest_parts
from app.runtime.core import Core
from app.services.commands import Actor, AddPart, ChangePart, Command, MergeGrids, SplitGrid
from app.services.parts_asking import FindPart, GridHistory
from app.services.questions import Persons

LIMIT_MS = 100.0
_EVERY = np.ones(256, np.uint8)
_TRIED = 1000  # rows among which one that was not edited is sought
_STEP = 1e-5  # degrees, about a metre


def run(bench: Bench) -> Mapping[str, Any]:
    """Add a part and move it `--count` times (30) in the city `--city FOLDER`, or in a small one.

    A grid is split and merged `--grids` times (5) before.

    The city is changed: name a copy. Counted from the durable commit to the pick that finds the
    part where it is now; `command_ms` is the command with both commits, log and map.
    """
    count = bench.number("count", 30)
    with _opened(bench) as (core, store):
        grids = _grids_ms(core, store, bench.number("grids", 5))
        actor = _keeper(core)
        facts = core.facts
        lon, lat = facts.lon0 - 5e-3, facts.lat0 - 5e-3
        first = _first(core, store, actor)
        part = _add(core, store, actor, lon, lat)
        shown, took = [], []
        for at in range(1, count + 1):
            where = (lon + at * _STEP, lat)
            command = ChangePart(actor, part, {}, *where)
            done, seen = _timed(core, command, store, where)
            took.append(done)
            shown.append(seen)
        parts = store.n_parts
    return verdict(
        "edit", _p95(shown), LIMIT_MS, "ms (commit to picked, p95)", less_is_better=True,
        p50_ms=round(float(np.median(shown)), 2), max_ms=round(max(shown), 2),
        command_ms=round(float(np.median(took)), 2), command_p95_ms=round(_p95(took), 2),
        first_of_store_ms=first, parts=parts, edits=count, **grids,
    )  # fmt: skip


def _timed(
    core: Core, command: Command, store: CityStore, where: tuple[float, float]
) -> tuple[float, float]:
    began = time.perf_counter()
    core.submit(command).result()
    done = time.perf_counter()
    store.live.follow()
    x, y = (float(value) for value in store.frame.to_xy(*where))
    found = nearest_parts(store, x, y, 0.5, _EVERY)
    seen = time.perf_counter()
    assert found, "the edit does not show"
    return (done - began) * 1000, (seen - done) * 1000


def _grids_ms(core: Core, store: CityStore, count: int) -> dict[str, float | None]:
    """Split and merge one grid again and again; ms from commit to where its outline is drawn.

    `grid_command_ms` is the command with both commits.
    """
    areas = store.shapes["area"]
    rows = areas.live[areas.kind[areas.live] == AREA_TIERS.index("grid")]
    if not count or not len(rows):
        return {"grid_split_ms": None, "grid_merge_ms": None, "grid_command_ms": None}
    actor = Actor(_keeper(core).person, Role.SHIFT_LEAD)
    people = core.ask(Persons(Role.SHIFT_LEAD)).result()
    actor = Actor(people[0].uid, Role.SHIFT_LEAD) if people else actor
    row = int(rows[len(rows) // 2])
    uid = UUID(bytes=areas.uid_of(row))
    box = areas.box[row].astype(float) + np.tile(store.origin, 2)
    middle = (box[0] + box[2]) / 2
    ends = store.frame.to_lonlat(np.array([middle, middle]), np.array([box[1] - 9, box[3] + 9]))
    line = tuple((float(lon), float(lat)) for lon, lat in zip(*ends, strict=True))
    split, merged, command = [], [], []
    for _ in range(count):
        new, took, seen = _grids_drawn(core, store, SplitGrid(actor, uid, line))
        split.append(seen)
        command.append(took)
        (uid,), took, seen = _grids_drawn(core, store, MergeGrids(actor, new, duty=new[0]))
        merged.append(seen)
        command.append(took)
    return {
        "grid_split_ms": round(_p95(split), 2), "grid_merge_ms": round(_p95(merged), 2),
        "grid_command_ms": round(float(np.median(command)), 2),
    }  # fmt: skip


def _grids_drawn(
    core: Core, store: CityStore, command: SplitGrid | MergeGrids
) -> tuple[tuple[UUID, ...], float, float]:
    """Return the new grids, the ms of the command, and those until the store draws all of them."""
    began = time.perf_counter()
    core.submit(command).result()
    done = time.perf_counter()
    store.live.follow()
    areas = store.shapes["area"]
    seen = time.perf_counter()
    state = core.ask(GridHistory()).result().state
    new = tuple(cell.uid for cell in state.steps[-1].new if cell.tier == GRID)
    drawn = {bytes(one) for one in areas.uid[areas.live]}
    assert all(one.bytes in drawn for one in new), "the grid does not show"
    return new, (done - began) * 1000, (seen - done) * 1000


def _add(core: Core, store: CityStore, actor: Actor, lon: float, lat: float) -> UUID:
    """Add the part that is moved about; the first look also loads the kernels."""
    fields = {"class": "0101", "source": "bench", "accuracy": "B"}
    (row,) = core.submit(AddPart(actor, lon, lat, fields)).result().parts
    store.live.follow()
    nearest_parts(store, 0.0, 0.0, 0.5, _EVERY)
    return row.uid


def _first(core: Core, store: CityStore, actor: Actor) -> float | None:
    """Return the ms from commit to pick of the first change of a part of the files.

    None in a store without parts. Kernels are loaded before.
    """
    nearest_parts(store, 0.0, 0.0, 0.5, _EVERY)
    if not len(store.parts):
        return None
    found = _of_files(store)
    if found is None:
        return None
    part = core.ask(FindPart(fid=found.fid)).result()
    lon, lat = (float(value) for value in store.frame.to_lonlat(found.x, found.y))
    where = (lon + _STEP, lat)
    _done, seen = _timed(core, ChangePart(actor, part, {}, *where), store, where)
    return round(seen, 2)


def _of_files(store: CityStore) -> PartFound | None:
    """Return a part that lies where the files have it; those edited before are passed over."""
    rows = range(len(store.parts) // 2, len(store.parts))
    for row in rows[:_TRIED]:
        x, y = store.parts.place(row)
        for one in nearest_parts(store, x + store.origin[0], y + store.origin[1], 0.5, _EVERY):
            if one.fid == int(store.parts.fid[row]):
                return one
    return None


def _keeper(core: Core) -> Actor:
    people = core.ask(Persons(Role.SUPERVISOR)).result()
    return Actor(people[0].uid if people else core.facts.uid, Role.SUPERVISOR)


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95))


@contextmanager
def _opened(bench: Bench) -> Iterator[tuple[Core, CityStore]]:
    named = bench.text("city", "")
    if named:
        with bench.open_city(Path(named)) as opened:
            yield opened
        return
    with bench.small_city() as (_core, folder):
        bench.build_store(folder)
        with bench.open_city(folder) as opened:
            yield opened
