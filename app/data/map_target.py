"""Where the rows of a city's map lie: `map.gpkg` in its folder, or PostGIS of a remote city."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
from shapely.geometry.base import BaseGeometry

from app.data.city_folder import is_address
from app.services.ports import AreaIndex

if TYPE_CHECKING:
    from app.data.city import SqlCity

RowsDone = Callable[[int], None]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Added:
    """What an import did to the map."""

    added: int
    repeated: int
    outside: int  # parts or places in no grid; taken, without a grid
    same_code: int = 0  # codes that several parts bear
    same_place: int = 0  # added parts with another of their class within half a metre
    cpu_s: Mapping[str, float] = field(default_factory=dict)  # of a large import, by stage
    wall_s: Mapping[str, float] = field(default_factory=dict)  # likewise


class MapTarget(Protocol):
    """A map that can be added to."""

    def append(self, layer: str, batches: Iterable[pa.RecordBatch], progress: RowsDone) -> Added:
        """Add `batches` (in `map_schema` columns, geometry as WKB) to a layer.

        All or nothing, known uids passed over. Parts and places learn the grid that holds them,
        areas their parent. Raises `Busy` if another program holds the map, `StorageFailure` if
        disk or database fail; what was there before is unharmed.
        """
        ...


class MapTables(MapTarget, Protocol):
    """A map that can also be asked, for what makes up or writes out a city."""

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT that SQLite and PostgreSQL both understand."""
        ...

    def shape(self, value: Any) -> BaseGeometry:
        """Return the shape in a `geom` column's value, as `ask` returned it."""
        ...

    def rows(self, layer: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield all rows of a layer with `columns` and the geometry, as WKB in `geom`."""
        ...

    def index(self) -> AreaIndex:
        """Return the map's index; who asks closes it."""
        ...


def map_target(city: SqlCity) -> MapTables:
    """Return the map of an open city as a place for imported rows."""
    if city.folder is not None:
        return _local(city.folder)
    from app.data.postgis_target import PostgisTarget

    return PostgisTarget(city.engine, city.place)


def write_tables(
    city: SqlCity, tables: Mapping[str, Iterable[pa.RecordBatch]], progress: Progress
) -> dict[str, int]:
    """Write the whole map of a new city; see `bulk.write_map` and `postgis_bulk.write_postgis`."""
    if city.folder is not None:
        from app.data.bulk import write_map

        return write_map(city.folder / "map.gpkg", tables, progress)
    from app.data.postgis_bulk import write_postgis

    return write_postgis(city.engine, tables, progress)


@contextmanager
def open_map(place: Path | str) -> Iterator[MapTables]:
    """Open the map of the city in a folder or at an address."""
    if not is_address(place):
        yield _local(Path(place))
        return
    from app.data.postgis_target import PostgisTarget
    from app.data.remote import remote_engine
    from app.domain.errors import strip_secrets

    engine = remote_engine(str(place))
    try:
        yield PostgisTarget(engine, strip_secrets(str(place)))
    finally:
        engine.dispose()


def _local(folder: Path) -> MapTables:
    from app.data.gpkg_target import GeoPackageTarget

    return GeoPackageTarget(folder)
