"""Making cities, and what goes in and out of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly.gazetteers import build_beside
from app.assembly.live import KEY_VARIABLE
from app.assembly.stores import build_store
from app.cli.wiring import Export, Import, NewCity, Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.data.city import SqlCity
    from app.runtime.core import Core
    from app.sample.create import MadeMap


def store_photo(city: str, path: Path) -> str:
    """Put a photo among the city's blobs and return its hash."""
    from app.data.blobs import FileBlobs, put_file
    from app.data.city_folder import is_address

    if not is_address(city):
        return put_file(FileBlobs(Path(city) / "blobs"), path)
    with _opened(city) as opened:
        return put_file(opened.blobs, path)


def create_city(wanted: NewCity, progress: Progress) -> Mapping[str, Any]:
    """Build a sample city; see `app.sample.create`."""
    from app.sample.create import Plan, create_sample_city

    if wanted.scale == "empty":
        from app.sample.complete import create_empty_city

        return create_empty_city(wanted.out, wanted.code, wanted.seed, progress)
    plan = Plan(wanted.scale, wanted.seed, wanted.code, _make_map, build_store)
    made = create_sample_city(wanted.out, plan, progress)
    build_beside(str(wanted.out), os.environ.get(KEY_VARIABLE))
    return made


def _make_map(scale: str, seed: int, code: str, progress: Progress) -> MadeMap:
    from app.sample.build import build_city
    from app.sample.create import MadeMap

    made = build_city(scale, seed, code=code, progress=progress)
    totals = {name: float(total.value) for name, total in made.totals.items()}
    record = [{"name": name, **asdict(total)} for name, total in made.totals.items()]
    frame = made.frame
    return MadeMap(made.name, frame.lon0, frame.lat0, made.tables, totals, record)


def complete_city(place: str, seed: int, progress: Progress) -> Mapping[str, Any]:
    """Make grids and rolls where imported data have none."""
    from app.sample.complete import complete_city as complete

    with _opened(place) as city:
        return complete(city, place, seed, progress)


def import_data(wanted: Import, progress: Progress) -> Mapping[str, Any]:
    """Take a real source in; the derived store follows when it is opened next."""
    from app.data.importing import ImportRequest, import_source

    request = ImportRequest(
        wanted.kind,
        wanted.source,
        wanted.crs or None,
        wanted.layout or None,
        wanted.mapping,
        wanted.encoding or None,
    )
    with _opened(wanted.city) as city:
        if wanted.then:
            waiting = _waiting(city, wanted)
            if wanted.then == "cancel":
                return waiting
        return import_source(city, request, progress)


def _waiting(city: SqlCity, wanted: Import) -> Mapping[str, Any]:
    """Drop what waits of a source, or make sure that something does."""
    from app.data.pending import cancel_imports, pending_imports
    from app.domain.errors import NotFound

    source = wanted.source.absolute()
    if wanted.then == "cancel":
        dropped = cancel_imports(city, source)
        rows = sum(one.rows for one in dropped)
        return {"source": source.name, "cancelled": len(dropped), "rows_dropped": rows}
    if not any(one.source == source for one in pending_imports(city)):
        raise NotFound(
            f"No import of {source.name} waits in this city.",
            advice="Leave --resume out to begin one.",
            field="resume",
        )
    return {}


def export_data(wanted: Export, progress: Progress) -> Mapping[str, Any]:
    """Write data out."""
    from app.data.exporting import export_city
    from app.data.selection import Selection, read_ids

    ids = read_ids(wanted.ids) if wanted.ids is not None else None
    chosen = Selection(wanted.area, wanted.classes, ids, wanted.with_personal, wanted.person)
    with _opened(wanted.city) as city:
        return export_city(city, wanted.kind, wanted.out, progress, chosen)


def export_parts_aside(
    core: Core, place: str, find: Callable[[], NDArray[np.uint32]], out: Path, progress: Progress
) -> Future[int]:
    """Write the parts that `find` finds to `out`, on a thread and a connection of its own."""

    def export() -> int:
        from app.data.part_export import export_parts

        with _opened(place) as city:
            return export_parts(city, find(), out, progress)

    return core.aside(export)


@contextmanager
def _opened(place: str) -> Iterator[SqlCity]:
    from app.data.city_folder import open_city

    city = open_city(place, os.environ.get(KEY_VARIABLE))
    try:
        yield city
    finally:
        city.close()
