"""GeoParquet (1.0 and 1.1, geometry as WKB) and plain Parquet as a source."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
from pyproj.exceptions import CRSError

from app.data.readers.chunks import Chunk, Mark, objects
from app.data.readers.vectors import as_text, with_geometry
from app.domain.errors import InvalidInput

_BROKEN: Final = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError)
_MOST_COLUMNS: Final = 5000


class ParquetTable:
    """A Parquet file; rows are numbered from 1. A mark is the number of rows read."""

    encoding: str | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        try:
            self._file = pq.ParquetFile(path)
            schema = self._file.schema_arrow
            geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
            self._geometry = str(geo.get("primary_column", "")) or None
            self.crs = self._system(geo)
        except _BROKEN as error:
            raise self._unreadable(error) from None
        self.total = int(self._file.metadata.num_rows)
        self.header = tuple(name for name in schema.names if name != self._geometry)
        if len(set(self.header)) < len(self.header) or len(self.header) > _MOST_COLUMNS:
            raise InvalidInput(
                f"The columns of {path.name} cannot be used: one stands there twice, or there are"
                " too many.",
                advice="Nothing was imported. Give each column a name of its own.",
                field="source",
            )

    def done(self) -> int:
        """Return rows read, of `total`."""
        return self._read

    def notes(self) -> list[str]:
        """Return remarks for the summary: none."""
        return []

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def chunks(
        self, rows: int, columns: Collection[str], start: Mark | None = None
    ) -> Iterator[Chunk]:
        """Yield chunks of about `rows` rows with their geometry in the file's own system."""
        skip = start[0] if start else 0
        wanted = [name for name in self.header if name in columns]
        read = [*wanted, *([self._geometry] if self._geometry else [])]
        try:
            for batch in self._file.iter_batches(rows, columns=read):
                first = self._read + 1
                self._read += batch.num_rows
                if self._read > skip:
                    yield self._chunk(batch, first, wanted)
        except _BROKEN as error:
            raise self._unreadable(error) from None

    def _chunk(self, batch: pa.RecordBatch, first: int, wanted: list[str]) -> Chunk:
        numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
        texts = {name: as_text(batch.column(name)) for name in wanted}
        if self._geometry is None:
            chunk = Chunk(numbers, texts)
        else:
            chunk = with_geometry(numbers, texts, objects(batch.column(self._geometry).to_pylist()))
        chunk.mark = (self._read,)
        return chunk

    def _system(self, geo: dict[str, Any]) -> str | None:
        """Return the file's coordinate system; none stated means longitude and latitude."""
        if self._geometry is None:
            return None
        column = geo["columns"][self._geometry]
        if column.get("encoding") != "WKB":
            raise InvalidInput(
                f"{self._path.name} holds its geometry as {str(column.get('encoding'))[:40]}.",
                advice="Nothing was imported. Write it as GeoParquet with WKB, or as GeoPackage.",
                field="source",
            )
        if "crs" not in column:
            return "EPSG:4326"
        if column["crs"] is None:
            return None
        try:
            return str(pyproj.CRS.from_user_input(column["crs"]).to_wkt())
        except (CRSError, TypeError) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: BaseException) -> InvalidInput:
        said = " ".join(str(error).split())[:160]
        return InvalidInput(
            f"{self._path.name} cannot be read as Parquet: {said}.",
            advice="Nothing was imported. Write it again, or export it as GeoPackage.",
            field="source",
        )
