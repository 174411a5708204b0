"""Writes whole layers of a map into PostGIS by COPY, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.data.bulk import Progress
from app.data.map_schema import LAYERS, MapLayer
from app.data.postgis_copy import END, HEAD, copy_bytes
from app.data.postgis_map import create_map_tables
from app.data.remote import remote_engine, remote_errors
from app.data.tables import metadata
from app.domain.errors import InvalidInput, StorageFailure, strip_secrets

_OWN_TABLES = (
    "alembic_version", "case_text", "reading_block", "live_unit", "blob", "map_revision",
    "map_taken", "map_takes",
)  # fmt: skip


def write_postgis(
    engine: Engine, tables: Mapping[str, Iterable[pa.RecordBatch]], progress: Progress
) -> dict[str, int]:
    """Copy `tables` (layer name to Arrow batches in `map_schema` columns) into the database.

    All or nothing; returns rows by layer. Raises `InvalidInput` for an unknown layer,
    `StorageFailure` if the database refuses.
    """
    written: dict[str, int] = {}
    try:
        with engine.begin() as connection:
            create_map_tables(connection)
            driver = connection.connection.driver_connection
            for done, (name, batches) in enumerate(tables.items()):
                if name not in LAYERS:
                    raise InvalidInput(f"There is no map layer {name!r}.", field="layer")
                progress(name, done / len(tables))
                written[name] = copy_rows(driver, name, LAYERS[name], batches)
    except SQLAlchemyError as error:
        raise StorageFailure(
            f"The remote map could not be written: {error}",
            advice="Nothing was changed; check rights and space on the server.",
        ) from error
    progress("map", 1.0)
    return written


def copy_rows(driver: Any, table: str, layer: MapLayer, batches: Iterable[pa.RecordBatch]) -> int:
    """COPY rows of `layer` into `table` on psycopg's connection `driver`; return how many."""
    columns = ", ".join(f'"{name}"' for name in layer.schema.names)
    rows = 0
    with (
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT BINARY)') as copy,
    ):
        copy.write(HEAD)
        for batch in batches:
            copy.write(copy_bytes(batch.select(layer.schema.names).cast(layer.schema)))
            rows += batch.num_rows
        copy.write(END)
    return rows


def remove_city(address: str) -> None:
    """Drop the tables of a city that could not be made whole, so that its database is empty again.

    Only for who made them; raises `StorageFailure` if the server fails.
    """
    engine = remote_engine(address)
    own = ", ".join(f'"{name}"' for name in [*metadata.tables, *_OWN_TABLES, *LAYERS])
    try:
        with remote_errors(strip_secrets(address)), engine.begin() as connection:
            connection.execute(text(f"DROP TABLE IF EXISTS {own} CASCADE"))
            connection.execute(text("DROP SEQUENCE IF EXISTS reading_block_id"))
            connection.execute(text("DROP FUNCTION IF EXISTS map_changed CASCADE"))
    finally:
        engine.dispose()
