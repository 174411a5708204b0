"""Reads a map in PostGIS in columns for the derived store; fulfils `map_columns.MapSource`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine, text

from app.data.map_schema import GEOMETRY, LAYERS
from app.data.map_source import ArrowSource
from app.data.remote import remote_errors
from app.domain.geodesy import CityFrame

_AT_ONCE = 100_000


class PostgisSource(ArrowSource):
    """The map of the remote city at `place`; `frame` is its metric frame.

    Raises `StorageFailure` if the server does not answer.
    """

    def __init__(self, engine: Engine, place: str, frame: CityFrame, *, sample: bool) -> None:
        self._engine = engine
        self._place = place
        self.frame = frame
        self.sample = sample
        self.fingerprint = map_token(engine, place)

    def _batches(
        self, layer: str, columns: Sequence[str], where: str | None
    ) -> Iterator[tuple[pa.RecordBatch, str]]:
        for batch in read_layer(self._engine, self._place, layer, ["fid", *columns], where):
            yield batch, GEOMETRY


def map_token(engine: Engine, place: str) -> str:
    """Return a text that changes with every change of the map: one small row, read in a moment."""
    with remote_errors(place), engine.connect() as connection:
        token: str = connection.execute(text("SELECT token::text FROM map_revision")).scalar_one()
    return token.replace("-", "")


def read_layer(
    engine: Engine, place: str, layer: str, columns: Sequence[str], where: str | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield rows of a layer in the order they came, with `columns` and the geometry as WKB.

    They are as of one moment. `where` is a condition in SQL. Raises `StorageFailure` if the
    server does not answer.
    """
    kinds = {"fid": pa.int64(), **dict(LAYERS[layer].columns)}
    schema = pa.schema([*((name, kinds[name]) for name in columns), (GEOMETRY, pa.binary())])
    names = ", ".join(f'"{name}"' for name in columns)
    condition = f"WHERE {where}" if where else ""
    query = f'SELECT {names}, ST_AsBinary(geom) FROM "{layer}" {condition} ORDER BY fid'
    with remote_errors(place), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor("map_rows", binary=True) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield _batch(rows, schema)


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [
        pa.array(values, kind)
        for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
