"""Rows put behind a table's by pages: sound for SQLite, and what SQLite itself would have put."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.data.gpkg_rows import decode_geometry
from app.data.map_schema import LAYERS
from app.data.staging.table_rows import TableEnd

COLUMNS = [name for name, _ in LAYERS["part"].columns]
TEXTS = st.one_of(st.none(), st.text(max_size=40), st.integers(1, 9000).map("长".__mul__))
ROWS = st.fixed_dictionaries(
    {
        "uid": st.binary(min_size=16, max_size=16),
        "code": st.one_of(st.none(), st.from_regex("[0-9]{16}", fullmatch=True)),
        "class": st.one_of(st.none(), st.integers(0, 255)),
        "state": st.integers(0, 3),
        "grid_uid": st.one_of(st.none(), st.binary(min_size=16, max_size=16)),
        "source": st.text(max_size=10),
        "initial_date": st.none(),
        "accuracy": st.sampled_from(["A", "B", None]),
        "attrs": TEXTS,
        "sample": st.sampled_from([0, 1, -128]),
        "geom": st.builds(shapely.Point, st.floats(-180, 180), st.floats(-90, 90)).map(
            lambda point: point.wkb
        ),
    }
)


def table_of(path, page, old):
    """A file with a table of parts, `old` rows of it put there by SQLite."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA page_size = {page}")
        kinds = ", ".join(f'"{name}"' for name in COLUMNS)
        db.execute(f"CREATE TABLE part (fid INTEGER PRIMARY KEY, geom POINT, {kinds})")
        db.executemany(
            "INSERT INTO part (fid, uid, attrs) VALUES (?, ?, ?)",
            [(at, at.to_bytes(16, "big"), "x" * (at % 90)) for at in range(1, old + 1)],
        )
        db.execute("DELETE FROM part WHERE fid % 3 = 0 AND fid > 300")
        db.commit()
        found = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'part'").fetchone()
        before = db.execute("SELECT fid, uid, attrs FROM part").fetchall()
    return int(found[0]), before


@given(
    page=st.sampled_from([512, 1024, 4096, 65536]),
    old=st.sampled_from([0, 1, 5, 400, 3000]),
    pieces=st.lists(st.lists(ROWS, min_size=1, max_size=30), min_size=1, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_that_rows_put_by_pages_are_those_that_were_given(tmp_path_factory, page, old, pieces):
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "map.gpkg"
    root, before = table_of(path, page, old)
    end = TableEnd(path, LAYERS["part"], root)
    first = old + 1
    for rows in pieces:
        end.add(pa.RecordBatch.from_pylist(rows, schema=LAYERS["part"].schema), first)
        first += len(rows)
    end.close(old)
    told = [row for rows in pieces for row in rows]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = db.execute(f"SELECT fid, uid, attrs FROM part WHERE fid <= {old}").fetchall()
        columns = ", ".join(f'"{name}"' for name in COLUMNS)
        found = db.execute(
            f"SELECT {columns}, geom FROM part WHERE fid > {old} ORDER BY fid"
        ).fetchall()
        db.execute("INSERT INTO part (attrs) VALUES ('one more')")
        assert db.execute("SELECT max(fid) FROM part").fetchone()[0] == first
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert kept == before
    assert [row[:-1] for row in found] == [tuple(row[name] for name in COLUMNS) for row in told]
    assert [decode_geometry(row[-1]).wkb for row in found] == [row["geom"] for row in told]
    shutil.rmtree(folder)


def test_that_numbers_and_outlines_are_put_as_they_are(tmp_path):
    layer = LAYERS["building"]
    path = tmp_path / "map.gpkg"
    names = [name for name, _ in layer.columns]
    with closing(sqlite3.connect(path)) as db:
        kinds = ", ".join(f'"{name}"' for name in names)
        db.execute(f"CREATE TABLE building (fid INTEGER PRIMARY KEY, geom POLYGON, {kinds})")
        db.commit()
        root = db.execute("SELECT rootpage FROM sqlite_master").fetchone()[0]
    outline = shapely.box(121, 31, 121.5, 31.5)
    heights = [0, 127, 128, -32768, 32767, None]
    areas = [0.0, 1.5, -2e300, None, 7.0, 0.1]
    rows = [
        {"uid": bytes(16), "name": "楼", "kind": "", "storeys": storeys, "floor_m2": area,
         "geom": outline.wkb}
        for storeys, area in zip(heights, areas, strict=True)
    ]  # fmt: skip
    end = TableEnd(path, layer, root)
    end.add(pa.RecordBatch.from_pylist(rows, schema=layer.schema), 1)
    end.close(0)
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT storeys, floor_m2, name, geom FROM building").fetchall()
    assert [row[0] for row in found] == heights
    assert [row[1] for row in found] == pytest.approx(areas)
    assert all(row[2] == "楼" and decode_geometry(row[3]).equals(outline) for row in found)
