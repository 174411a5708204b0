"""The map of a remote city as tables: fulfils `map_target.MapTables`.

Rows are added by COPY into a staging table and from there in one statement; when nothing is new
the map is not touched, so that no drawing store is built anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, text

from app.data.holders import Holders, parents_of
from app.data.map_schema import LAYERS, MapLayer
from app.data.map_target import Added, RowsDone
from app.data.postgis_bulk import copy_rows
from app.data.postgis_map import PostgisMap
from app.data.postgis_source import read_layer
from app.data.remote import remote_errors
from app.data.staging.doubles import METRE_LAT, WITHIN_M
from app.domain.errors import InvalidInput
from app.services.ports import AreaIndex

_TURN = 0x57474D31  # one writer of the map at a time ("WGM1")
_SAME_CODE = """
SELECT count(*) FROM (SELECT code FROM part WHERE code <> '' GROUP BY code
HAVING count(*) > 1 AND max(fid) > :last) AS twice
"""
_SAME_PLACE = """
SELECT count(*) FROM part AS new WHERE new.fid > :last AND (
  SELECT true FROM part AS other
  WHERE other.geom && ST_Expand(new.geom, 2 * :span, :span)
  AND other.class = new.class AND other.fid <> new.fid
  AND ST_DistanceSphere(other.geom, new.geom) <= :within LIMIT 1)
"""


class PostgisTarget:
    """The map of the remote city at `place`."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place

    def append(self, layer: str, batches: Iterable[pa.RecordBatch], progress: RowsDone) -> Added:
        """See `MapTarget.append`."""
        if layer not in LAYERS:
            raise InvalidInput(f"There is no map layer {layer!r}.", field="kind")
        with remote_errors(self._place), self._engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            grids = _holders(connection, "grid") if layer in ("part", "place") else None
            staging = _Staging(grids, progress)
            done = _append(connection, LAYERS[layer], staging, batches)
            if layer == "area":
                _give_parents(connection)
        return done

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """See `MapTables.ask`."""
        with remote_errors(self._place), self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def shape(self, value: Any) -> BaseGeometry:
        """See `MapTables.shape`."""
        shape: BaseGeometry = shapely.from_wkb(value)
        return shape

    def rows(self, layer: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """See `MapTables.rows`."""
        return read_layer(self._engine, self._place, layer, columns)

    def index(self) -> AreaIndex:
        """See `MapTables.index`."""
        return PostgisMap(self._engine)


class _Staging:
    """Gives rows their grid on their way to the staging table, and counts them."""

    def __init__(self, grids: Holders | None, progress: RowsDone) -> None:
        self._grids = grids
        self._progress = progress
        self.rows = 0
        self.outside = 0

    def filled(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch if self._grids is None else self._with_grids(batch, self._grids)
            self.rows += batch.num_rows
            self._progress(self.rows)

    def _with_grids(self, batch: pa.RecordBatch, grids: Holders) -> pa.RecordBatch:
        filled, missing = grids.filled(batch)
        self.outside += missing
        return filled


def _append(
    connection: Connection, layer: MapLayer, staging: _Staging, batches: Iterable[pa.RecordBatch]
) -> Added:
    columns = ", ".join(f'"{name}"' for name in layer.schema.names)
    with _staging_table(connection, layer) as table:
        driver: Any = connection.connection.driver_connection
        copy_rows(driver, table, layer, staging.filled(batches))
        unknown = (
            f'FROM "{table}" AS new WHERE NOT EXISTS '
            f'(SELECT 1 FROM "{layer.name}" AS old WHERE old.uid = new.uid)'
        )
        added = 0
        doubles = (0, 0)
        if connection.execute(text(f"SELECT 1 {unknown} LIMIT 1")).first():
            last = connection.execute(text(f'SELECT max(fid) FROM "{layer.name}"')).scalar() or 0
            insert = f'INSERT INTO "{layer.name}" ({columns}) SELECT {columns} {unknown}'
            added = connection.execute(text(f"{insert} ON CONFLICT (uid) DO NOTHING")).rowcount
            doubles = _doubles(connection, layer.name, int(last))
    return Added(added, staging.rows - added, staging.outside, *doubles)


def _doubles(connection: Connection, layer: str, last: int) -> tuple[int, int]:
    """Return how many codes of rows after `last` several bear, and how many of them lie alike."""
    if layer != "part":
        return 0, 0
    connection.execute(text("ANALYZE part"))
    told = {"last": last, "within": WITHIN_M, "span": WITHIN_M * METRE_LAT * 1.1}
    codes = connection.execute(text(_SAME_CODE), told).scalar() or 0
    places = connection.execute(text(_SAME_PLACE), told).scalar() or 0
    return int(codes), int(places)


@contextmanager
def _staging_table(connection: Connection, layer: MapLayer) -> Iterator[str]:
    table = f"staging_{layer.name}"
    connection.execute(text(f'CREATE TEMP TABLE "{table}" (LIKE "{layer.name}") ON COMMIT DROP'))
    connection.execute(text(f'ALTER TABLE "{table}" DROP COLUMN fid'))
    yield table


def _give_parents(connection: Connection) -> None:
    orphans = connection.execute(
        text(
            "SELECT fid, tier, ST_AsBinary(geom) FROM area "
            "WHERE parent_uid IS NULL AND tier <> 'city'"
        )
    ).fetchall()
    shapes = [(fid, tier, shapely.from_wkb(bytes(wkb))) for fid, tier, wkb in orphans]
    found = parents_of(shapes, lambda tier: _holders(connection, tier))
    if found:
        connection.execute(
            text("UPDATE area SET parent_uid = :uid WHERE fid = :fid"),
            [{"uid": uid, "fid": fid} for uid, fid in found],
        )


def _holders(connection: Connection, tier: str) -> Holders:
    rows = connection.execute(
        text(
            "SELECT uid, ST_AsBinary(geom) FROM area WHERE valid_to IS NULL AND tier = :tier "
            "ORDER BY code"
        ),
        {"tier": tier},
    ).fetchall()
    return Holders([bytes(row[0]) for row in rows], [shapely.from_wkb(bytes(r[1])) for r in rows])
