"""Imports that were paused or killed and wait in a city's staging folder: begin, list, drop."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.data.city import SqlCity
from app.data.map_target import map_target
from app.data.readers.crs import Box
from app.data.staging.job import Declared, ImportJob, staging_root, unfinished
from app.domain.errors import InvalidInput

if TYPE_CHECKING:
    from app.data.importing import ImportRequest

_CHUNK: Final = 1 << 20
_BESIDE: Final = (".dbf", ".shx", ".prj", ".cpg")


@dataclass(frozen=True)
class Pending:
    """An import that waits: its source, as what, and the rows read so far."""

    source: Path
    kind: str
    rows: int


def begin(
    city: SqlCity, request: ImportRequest, digest: str, within: Box | None, layer: str
) -> ImportJob:
    """Hold the staging folder of an import, new or left by an earlier run.

    What waits of an older state of the same file is dropped. Raises `Busy` if it is being
    imported just now.
    """
    root = staging_root(city.folder, city.place)
    source = request.source.absolute()
    mapping = request.mapping
    if isinstance(mapping, Path) and mapping.is_file():
        mapping = mapping.absolute()
    declared = Declared(
        request.kind,
        digest,
        str(source),
        request.crs,
        request.layout,
        str(mapping) if mapping is not None else None,
        request.encoding,
        within,
    )
    for old in unfinished(root):
        outdated = old.declared.source == str(source) and old.declared.key != declared.key
        if outdated and old.is_free():
            old.remove()
    job = ImportJob(root / declared.key, declared)
    job.hold()
    if job.noted("begun") is None:
        rows = map_target(city).ask(f'SELECT count(*) FROM "{layer}"')[0][0]
        job.note("begun", {"rows": int(rows)})
    return job


def pending_imports(city: SqlCity) -> list[Pending]:
    """Return the imports that wait."""
    return [
        Pending(Path(job.declared.source), job.declared.kind, sum(e.rows for e in job.entries()))
        for job in unfinished(staging_root(city.folder, city.place))
    ]


def cancel_imports(city: SqlCity, source: Path | None = None) -> list[Pending]:
    """Drop what waits (of one source, or all) and return it; nothing of it stays.

    Raises `Busy` if one of them is running.
    """
    dropped = []
    for job in unfinished(staging_root(city.folder, city.place)):
        declared = job.declared
        if source is not None and declared.source != str(source.absolute()):
            continue
        job.hold()
        rows = sum(entry.rows for entry in job.entries())
        dropped.append(Pending(Path(declared.source), declared.kind, rows))
        job.remove()
    return dropped


def digest_of(source: Path) -> str:
    """Return the SHA-256 of a source: of a Shapefile with its companions, of a folder its files."""
    digest = hashlib.sha256()
    try:
        for path in _files(source):
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
    except OSError as error:
        raise InvalidInput(f"{source} cannot be read: {error.strerror}.", field="source") from error
    return digest.hexdigest()


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(path for path in source.rglob("*") if path.is_file())
    if source.suffix.lower() != ".shp":
        return [source]
    beside = {path.suffix.lower(): path for path in sorted(source.parent.glob(f"{source.stem}.*"))}
    return [source, *(beside[ending] for ending in _BESIDE if ending in beside)]
