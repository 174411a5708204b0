"""Rows for a remote map: copied as they are, told twice, and gone if who copies is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import shapely
from sqlalchemy import text

from app.data.map_schema import LAYERS
from app.data.map_target import open_map
from app.data.postgis_bulk import copy_rows
from app.data.postgis_map import create_map_tables
from app.data.postgis_target import PostgisTarget
from app.data.remote import remote_engine

ROOT = Path(__file__).resolve().parents[2]
VALUES = {
    "string": ["路灯 ☃", "", None, "a\tb\n\\N"],
    "binary": [b"\0\x01" * 8, b"", None, b"\\x"],
    "int8": [0, 1, None, 127],
    "uint8": [255, 0, None, 7],
    "int16": [-3, 0, None, 32_000],
    "int64": [-(2**60), 0, None, 5],
    "double": [1.5, -0.0, None, 1e300],
}
SHAPES = {
    "Point": shapely.Point(121.4, 31.1),
    "LineString": shapely.LineString([(121, 31), (122, 31.5)]),
    "Polygon": shapely.box(121, 31, 122, 32),
    "MultiPolygon": shapely.MultiPolygon([shapely.box(121, 31, 122, 32)]),
}
KILLED = """
import sys, threading
import pyarrow as pa, shapely
from app.data.map_schema import LAYERS
from app.data.map_target import open_map

def batches():
    schema = LAYERS["part"].schema
    row = dict.fromkeys(schema.names) | {"uid": bytes(16), "geom": shapely.Point(1, 2).wkb}
    yield pa.RecordBatch.from_pylist([row], schema=schema)
    print("copying", flush=True)
    threading.Event().wait(60)

with open_map(sys.argv[1]) as tables:
    tables.append("part", batches(), lambda _rows: None)
"""


def rows_of(layer, order):
    schema = LAYERS[layer].schema
    shape = SHAPES.get(LAYERS[layer].geometry)
    columns = [
        pa.array([None if shape is None or at == 2 else shapely.to_wkb(shape, byte_order=order)
                  for at in range(4)], pa.binary())
        if field.name == "geom"
        else pa.array(VALUES[str(field.type)], field.type)
        for field in schema
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=schema)


@pytest.mark.parametrize("order", [1, 0])
def test_that_a_copy_holds_every_value_as_it_was(postgres_url, order):
    engine = remote_engine(postgres_url)
    with engine.begin() as connection:
        create_map_tables(connection)
        for layer in LAYERS.values():
            batch = rows_of(layer.name, order)
            table = f"copied_{layer.name}"
            connection.execute(text(f'CREATE TEMP TABLE {table} (LIKE "{layer.name}")'))
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN fid"))
            driver = connection.connection.driver_connection
            assert copy_rows(driver, table, layer, [batch.slice(0, 1), batch.slice(1)]) == 4
            names = [name for name, _ in layer.columns]
            found = connection.execute(text(f"SELECT {', '.join(names)} FROM {table}")).all()
            found = [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in found]
            assert found == [[row[name] for name in names] for row in batch.to_pylist()]
            if layer.geometry:
                told = connection.execute(
                    text(f"SELECT ST_AsText(geom), ST_SRID(geom) FROM {table}")
                ).all()
                wanted = SHAPES[layer.geometry]
                assert [row[1] for row in told] == [4326, 4326, None, 4326]
                assert shapely.from_wkt(told[0][0]).equals(wanted)
    engine.dispose()


def part(number, lon, code=None):
    schema = LAYERS["part"].schema
    return dict.fromkeys(schema.names) | {
        "uid": number.to_bytes(16, "big"), "code": code or f"{number:016}", "class": 1,
        "state": 0, "geom": shapely.Point(lon, 31.1).wkb,
    }  # fmt: skip


def append(tables, *rows):
    schema = LAYERS["part"].schema
    return tables.append(
        "part", [pa.RecordBatch.from_pylist(list(rows), schema=schema)], lambda _rows: None
    )


def test_that_a_remote_map_tells_doubles_by_code_and_by_place(postgres_url):
    engine = remote_engine(postgres_url)
    with engine.begin() as connection:
        create_map_tables(connection)
    tables = PostgisTarget(engine, "remote")
    first = append(tables, part(1, 121.4), part(2, 121.4000001), part(3, 121.5))
    assert (first.added, first.same_code, first.same_place) == (3, 0, 2)
    again = append(tables, part(4, 121.5, f"{3:016}"), part(5, 121.6), part(1, 121.4))
    assert (again.added, again.repeated, again.same_code, again.same_place) == (2, 1, 1, 1)
    engine.dispose()


def test_that_a_remote_import_that_is_killed_leaves_the_map_as_it_was(postgres_url):
    engine = remote_engine(postgres_url)
    with engine.begin() as connection:
        create_map_tables(connection)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, postgres_url], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"copying\n"
        process.send_signal(signal.SIGKILL)
    with open_map(postgres_url) as tables:
        assert tables.ask("SELECT count(*) FROM part") == [(0,)]
        assert append(tables, part(1, 121.4)).added == 1
    engine.dispose()
