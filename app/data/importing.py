"""Takes a real file into a city: read, set aside what is bad, add what is new, sign for it.

A bulk import is one signed action with the file's hash. Map rows go in first, then the action
(no transaction spans both); a kill between the two leaves rows that a second run passes over
and then signs for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.data.archive import archive_cases
from app.data.city import SqlCity
from app.data.map_schema import LAYERS
from app.data.map_target import Added, map_target
from app.data.readers import ImportStream, Kind, read
from app.domain.errors import InvalidInput, StorageFailure

MAP_LAYERS = {
    Kind.AREAS: "area",
    Kind.PARTS: "part",
    Kind.PLACES: "place",
    Kind.ROADS: "road",
    Kind.BUILDINGS: "building",
}
_CHUNK = 1 << 20

Progress = Callable[[str, float], None]


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

    Raises `InvalidInput` if the file as a whole cannot be taken; then nothing has changed.
    """
    kind = _kind(request.kind)
    with _reading(request, progress) as stream:
        batches = _begun(stream)  # rubbish is told before a large file is hashed
        digest = _sha256(request.source)
        if kind in MAP_LAYERS:
            added = _into_map(city, MAP_LAYERS[kind], batches)
        elif kind is Kind.CASES:
            added = archive_cases(city, stream, batches, digest)
        else:
            raise InvalidInput(
                f"Files of {kind} can be read but not stored in a city yet.",
                advice="Report them one by one with `case report`.",
                field="kind",
            )
        rejects = _write_rejects(city, stream)
        summary = _summary(stream, added, rejects)
    if added.added and kind in MAP_LAYERS:
        _sign(city, summary, digest)
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
def _reading(request: ImportRequest, progress: Progress) -> Iterator[ImportStream]:
    def show(done: int, total: int) -> None:
        progress(request.kind, min(done / total, 0.99) if total else 0.0)

    with read(
        request.kind,
        request.source,
        crs=request.crs,
        layout=request.layout,
        mapping=request.mapping,
        encoding=request.encoding,
        progress=show,
    ) as stream:
        yield stream
    progress(request.kind, 1.0)


def _begun(stream: ImportStream) -> Iterator[pa.RecordBatch]:
    """Read the first batch now and return all of them."""
    batches = iter(stream)
    return chain(list(islice(batches, 1)), batches)


def _write_rejects(city: SqlCity, stream: ImportStream) -> Path | None:
    """Write the refused rows beside the source or, where nothing can be written, in the city."""
    try:
        return stream.write_rejects()
    except StorageFailure:
        if city.folder is None:
            raise
        aside = city.folder / "rejected"
        aside.mkdir(exist_ok=True)
        return stream.write_rejects(aside / f"{stream.path.name}.rejected.csv")


def _into_map(city: SqlCity, layer: str, read_: Iterator[pa.RecordBatch]) -> Added:
    schema = LAYERS[layer].schema
    batches = (pa.RecordBatch.from_arrays(_columns(one, schema), schema=schema) for one in read_)
    return map_target(city).append(layer, batches, lambda _rows: None)


def _columns(batch: pa.RecordBatch, schema: pa.Schema) -> list[pa.Array]:
    return [batch.column(name).cast(kind) for name, kind in zip(
        schema.names, schema.types, strict=True
    )]  # fmt: skip


def _summary(stream: ImportStream, added: Added, rejects: Path | None) -> dict[str, Any]:
    read_ = stream.summary()
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


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", field="source") from error
    return digest.hexdigest()
