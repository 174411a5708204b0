"""Takes a real file into a city: read, set aside what is bad, add what is new, sign for it.

A bulk import is one signed action with the file's hash. Map rows go in first, then the action
(no transaction spans both); a kill between the two leaves rows that a second run passes over
and then signs for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.data.archive import archive_cases
from app.data.city import SqlCity
from app.data.errors import translated_files
from app.data.map_schema import LAYERS
from app.data.map_target import Added, map_target
from app.data.pending import begin, digest_of
from app.data.place_matching import PlaceMatching
from app.data.readers import ImportStream, Kind, Summary, read
from app.data.readers.crs import Box
from app.data.staging.meter import Meter, Progress
from app.data.staging.notice import noticed
from app.data.staging.staged import StagedStream
from app.domain.errors import AppError, InvalidInput

MAP_LAYERS = {
    Kind.AREAS: "area",
    Kind.PARTS: "part",
    Kind.PLACES: "place",
    Kind.ROADS: "road",
    Kind.BUILDINGS: "building",
}
STAGED_BYTES = 16 << 20
"""From this size on a source is read through a staging folder, so that a kill costs little."""

Reading = ImportStream | StagedStream


class ImportPaused(AppError):  # noqa: N818 - reads as the fact it states
    """A large import was stopped by the person who runs it; what it had read is kept."""

    exit_code = 130

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(
            f"The import of {name} is paused after {rows:,} rows; the city is as it was.",
            advice="Run the same command to go on, or with --cancel to drop what was read.",
        )


@dataclass(frozen=True)
class ImportRequest:
    """What to take in, and how it is declared (`crs`: EPSG code, GCJ-02 or BD-09)."""

    kind: str
    source: Path
    crs: str | None = None
    layout: str | None = None
    mapping: Path | str | None = None
    encoding: str | None = None


def import_source(city: SqlCity, request: ImportRequest, progress: Progress) -> dict[str, Any]:
    """Import one file and return the summary that tells both sides: taken and refused.

    Raises `InvalidInput` if the file as a whole cannot be taken; then nothing has changed. A large
    file may be paused: by Ctrl-C, or by an error that `progress` raises; what was read is kept, and
    the same import goes on there (`app.data.pending` tells and drops what waits).
    """
    kind = _kind(request.kind)
    if kind in MAP_LAYERS:
        return _import_map(city, request, kind, progress)
    with _opened(city, request, Meter(request.kind, progress).read) as stream:
        batches = _begun(stream)  # rubbish is told before a large file is hashed
        digest = digest_of(request.source)
        if kind is not Kind.CASES:
            raise InvalidInput(
                f"Files of {kind} can be read but not stored in a city yet.",
                advice="Report them one by one with `case report`.",
                field="kind",
            )
        added = archive_cases(city, stream, batches, digest)
        rejects = _write_rejects(city, stream)
        return _summary(stream.summary(), added, rejects) | {"sha256": digest}


def _import_map(
    city: SqlCity, request: ImportRequest, kind: Kind, progress: Progress
) -> dict[str, Any]:
    meter = Meter(request.kind, progress)
    with _reading(city, request, meter) as (stream, batches, digest):
        matching = PlaceMatching(city) if kind is Kind.PLACES else None
        if matching is not None:
            batches = matching.through(batches)
        with _noticed(city, request.source.name, meter):
            added = _into_map(city, MAP_LAYERS[kind], batches, meter)
        if isinstance(stream, StagedStream):
            added = _since_begun(city, stream, MAP_LAYERS[kind], added)
        rejects = _write_rejects(city, stream)
        summary = _summary(stream.summary(), added, rejects)
        if matching is not None:
            matching.ask()
            summary = matching.told(summary)
        if added.added or (added.repeated and not _is_signed(city, digest)):
            _sign(city, summary, digest)
        if isinstance(stream, StagedStream):
            stream.job.remove()
            summary["resumed_rows"] = stream.resumed_rows
            summary["cpu_s"] = {**stream.cpu_s, **added.cpu_s}
            summary["wall_s"] = {**stream.wall_s, **added.wall_s}
    meter.end()
    return summary | {"sha256": digest}


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError as error:
        raise InvalidInput(
            f"There is no kind of import {name!r}.",
            advice="Kinds: " + ", ".join(kind.value for kind in Kind),
            field="kind",
        ) from error


@contextmanager
def _reading(
    city: SqlCity, request: ImportRequest, meter: Meter
) -> Iterator[tuple[Reading, Iterator[pa.RecordBatch], str]]:
    """Yield what reads the source, its batches and its hash; large ones by a staging folder."""
    large = request.source.is_file() and request.source.stat().st_size >= STAGED_BYTES
    if not large:
        with _opened(city, request, meter.read) as stream:
            batches = _begun(stream)
            yield stream, batches, digest_of(request.source)
        return
    with _opened(city, request, lambda _done, _total: None) as stream:
        _begun(stream)  # rubbish is told before a large file is hashed
    digest = digest_of(request.source)
    job = begin(city, request, digest, _within(city), MAP_LAYERS[Kind(request.kind)])
    try:
        with StagedStream(job, meter.read) as staged:
            meter.resumed = staged.resumed_rows
            yield staged, iter(staged), digest
    except InvalidInput:
        job.remove()  # it can never be taken as it was declared
        raise
    except KeyboardInterrupt:
        raise ImportPaused(request.source.name, meter.rows) from None
    finally:
        job.release()


def _opened(
    city: SqlCity, request: ImportRequest, told: Callable[[int, int], None]
) -> ImportStream:
    return read(
        request.kind,
        request.source,
        crs=request.crs,
        layout=request.layout,
        mapping=request.mapping,
        encoding=request.encoding,
        within=_within(city),
        progress=told,
    )


def _within(city: SqlCity) -> Box | None:
    """Return the box of the city and half a degree around it, to notice exchanged axes."""
    target = map_target(city)
    rows = target.ask("SELECT geom FROM area WHERE tier = 'city' AND valid_to IS NULL")
    if not rows:
        return None
    west, south, east, north = target.shape(rows[0][0]).bounds
    return west - 0.5, south - 0.5, east + 0.5, north + 0.5


def _begun(stream: ImportStream) -> Iterator[pa.RecordBatch]:
    """Read the first batch now and return all of them."""
    batches = iter(stream)
    return chain(list(islice(batches, 1)), batches)


def _write_rejects(city: SqlCity, stream: Reading) -> Path | None:
    """Write the refused rows to the city's `rejects/`, a remote city's to the working folder.

    Never beside the source: its folder may be another's, shared or read-only.
    """
    if not stream.summary().refused:
        return None
    folder = city.folder / "rejects" if city.folder is not None else Path.cwd()
    with translated_files(folder):
        folder.mkdir(exist_ok=True)
    return stream.write_rejects(folder / f"{stream.path.name}.rejected.csv")


@contextmanager
def _noticed(city: SqlCity, source: str, meter: Meter) -> Iterator[None]:
    """Let others who want to write to a local map know what holds it, and how long."""
    if city.folder is None:
        yield
        return
    with noticed(city.folder / "map.gpkg", source) as tell:
        meter.told_left = tell
        yield


def _into_map(city: SqlCity, layer: str, read_: Iterator[pa.RecordBatch], meter: Meter) -> Added:
    schema = LAYERS[layer].schema
    batches = (pa.RecordBatch.from_arrays(_columns(one, schema), schema=schema) for one in read_)
    with city.edits.telling(layer):
        return map_target(city).append(layer, batches, meter.stored)


def _since_begun(city: SqlCity, stream: StagedStream, layer: str, added: Added) -> Added:
    """Count also what an earlier run put into the map just before it was killed."""
    if added.added or not added.repeated:
        return added
    before = (stream.job.noted("begun") or {}).get("rows")
    now = int(map_target(city).ask(f'SELECT count(*) FROM "{layer}"')[0][0])
    if before is None or now <= before:
        return added
    new = min(now - before, added.repeated)
    return replace(added, added=new, repeated=added.repeated - new)


def _is_signed(city: SqlCity, digest: str) -> bool:
    with city.begin(write=False) as uow:
        signed = uow.actions.of_kind("import")
        return any(one.action.body.get("sha256") == digest for one in signed)


def _columns(batch: pa.RecordBatch, schema: pa.Schema) -> list[pa.Array]:
    return [batch.column(name).cast(kind) for name, kind in zip(
        schema.names, schema.types, strict=True
    )]  # fmt: skip


def _summary(read_: Summary, added: Added, rejects: Path | None) -> dict[str, Any]:
    return {
        "source": read_.source,
        "kind": read_.kind,
        "mapping": read_.mapping,
        "encoding": read_.encoding or "",
        "crs": read_.crs or "",
        "rows": read_.read,
        "added": added.added,
        "known": added.repeated,
        "repeated_in_file": read_.repeated,
        "outside_grids": added.outside,
        "codes_borne_twice": added.same_code,
        "places_taken_twice": added.same_place,
        "refused": read_.refused,
        "reasons": read_.reasons,
        "rejects": str(rejects) if rejects else "",
        "notes": list(read_.notes),
    }


def _sign(city: SqlCity, summary: dict[str, Any], digest: str) -> None:
    named = ("source", "kind", "mapping", "crs", "rows", "added", "refused")
    body = {name: summary[name] for name in named} | {"sha256": digest}
    with city.begin(write=True) as uow:
        city.take(uow, "import", body)
        uow.commit()
