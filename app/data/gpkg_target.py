"""The map of a local city as tables: fulfils `map_target.MapTables`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from shapely.geometry.base import BaseGeometry
from sqlcipher3 import dbapi2

from app.data.errors import translated
from app.data.gpkg_rows import decode_geometry
from app.data.layer_rows import layer_rows
from app.data.map_schema import GEOMETRY
from app.data.map_target import Added, RowsDone
from app.services.ports import AreaIndex

_ROWS_AT_ONCE = 50_000


class GeoPackageTarget:
    """`map.gpkg` of the city in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "map.gpkg"

    def append(self, layer: str, batches: Iterable[pa.RecordBatch], progress: RowsDone) -> Added:
        """See `MapTarget.append`."""
        from app.data.map_import import append_rows

        return append_rows(self._folder, layer, batches, progress)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """See `MapTables.ask`."""
        with translated(str(self._path)):
            connection = dbapi2.connect(f"file:{self._path}?mode=ro", uri=True)
            try:
                rows: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
            finally:
                connection.close()
        return rows

    def shape(self, value: Any) -> BaseGeometry:
        """See `MapTables.shape`."""
        return decode_geometry(bytes(value))

    def rows(self, layer: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """See `MapTables.rows`."""
        for batch, geometry in layer_rows(self._path, layer, columns, at_once=_ROWS_AT_ONCE):
            arrays = [batch.column(name) for name in [*columns, geometry]]
            yield pa.RecordBatch.from_arrays(arrays, [*columns, GEOMETRY])

    def index(self) -> AreaIndex:
        """See `MapTables.index`."""
        from app.data.map_index import MapIndex

        return MapIndex(self._folder)
