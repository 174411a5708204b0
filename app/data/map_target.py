"""Where the rows of a city's map lie: `map.gpkg` in its folder, or PostGIS of a remote city."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from app.data.city import SqlCity

RowsDone = Callable[[int], None]


@dataclass(frozen=True)
class Added:
    """What an import did to the map."""

    added: int
    repeated: int
    outside: int  # parts or places in no grid; taken, without a grid


class MapTarget(Protocol):
    """A map that can be added to."""

    def append(self, layer: str, batches: Iterable[pa.RecordBatch], progress: RowsDone) -> Added:
        """Add `batches` (in `map_schema` columns, geometry as WKB) to a layer.

        All or nothing, known uids passed over. Parts and places learn the grid that holds them,
        areas their parent. Raises `Busy` if another program holds the map, `StorageFailure` if
        disk or database fail; what was there before is unharmed.
        """
        ...


class GeoPackageTarget:
    """`map.gpkg` of the city in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, layer: str, batches: Iterable[pa.RecordBatch], progress: RowsDone) -> Added:
        """See `MapTarget.append`."""
        from app.data.map_import import append_rows

        return append_rows(self._folder, layer, batches, progress)


def map_target(city: SqlCity) -> MapTarget:
    """Return the map of an open city as a place for imported rows."""
    if city.folder is not None:
        return GeoPackageTarget(city.folder)
    from app.data.postgis_target import PostgisTarget

    return PostgisTarget(city.engine, city.place)
