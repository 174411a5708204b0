"""Reads the rows of a layer of a local map as Arrow batches, geometry as WKB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyogrio

from app.domain.errors import StorageFailure

_BROKEN = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError)


def layer_rows(
    path: Path,
    layer: str,
    columns: Sequence[str],
    *,
    where: str | None = None,
    geometry: bool = True,
    at_once: int = 200_000,
) -> Iterator[tuple[pa.RecordBatch, str]]:
    """Yield batches with `fid`, `columns` and the geometry, and the name of the geometry's column.

    `where` is a condition in OGR's SQL. Raises `StorageFailure` if the file cannot be read.
    """
    try:
        with pyogrio.raw.open_arrow(
            path,
            layer=layer,
            columns=list(columns),
            where=where,
            read_geometry=geometry,
            batch_size=at_once,
            use_pyarrow=True,
            return_fids=True,
        ) as (meta, reader):
            for batch in reader:
                yield batch, meta["geometry_name"] or "wkb_geometry"
    except _BROKEN as error:
        raise StorageFailure(
            f"{path} cannot be read: {error}", advice="Restore it from a copy."
        ) from error
