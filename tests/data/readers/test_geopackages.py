"""GeoPackages as QGIS leaves them: views, no R-tree, systems that are missing, wrong or mixed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import geopandas
import pyarrow as pa
import pyogrio
import pytest
import shapely

from app.data.readers import read
from app.domain.errors import InvalidInput

ROADS = """
name = "drawn_roads"
kind = "roads"
key = ["id"]
[columns]
name = "name"
[constants]
kind = "local"
"""
LINES = [shapely.LineString([(121.4, 31.2), (121.5, 31.2 + at / 100)]) for at in range(1, 4)]


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(ROADS)
    return path


@pytest.fixture
def drawn(tmp_path):
    path = tmp_path / "drawn.gpkg"
    frame = geopandas.GeoDataFrame(
        {"id": ["1", "2", "3"], "name": ["甲", "乙", "丙"]}, geometry=LINES, crs=4326
    )
    pyogrio.write_dataframe(frame, path, layer="roads")
    return path


def change(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        db.create_function("ST_IsEmpty", 1, lambda _shape: 0)
        for name in ("MinX", "MaxX", "MinY", "MaxY"):
            db.create_function(f"ST_{name}", 1, lambda _shape: 121.4)
        for statement in statements:
            db.execute(statement)
        db.commit()


def taken(path, mapping, **more):
    with read("roads", path, mapping=mapping, **more) as stream:
        rows = pa.Table.from_batches(list(stream), schema=stream.schema)
        return rows, stream.summary()


def srs(path, fid, number):
    """Have one row's geometry bear the number of another system."""
    with closing(sqlite3.connect(path)) as db:
        raw = bytearray(db.execute("SELECT geom FROM roads WHERE fid = ?", (fid,)).fetchone()[0])
    raw[4:8] = number.to_bytes(4, "little", signed=True)
    change(path, f"UPDATE roads SET geom = x'{raw.hex()}' WHERE fid = {fid}")


def test_that_a_layer_without_an_r_tree_is_read_whole(drawn, mapping):
    change(
        drawn,
        *(f"DROP TRIGGER rtree_roads_geom_{one}" for one in ("insert", "delete")),
        "DROP TABLE rtree_roads_geom",
        "DELETE FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'",
    )
    rows, told = taken(drawn, mapping)
    assert (rows.num_rows, told.refused) == (3, 0)


def test_that_a_view_is_read_as_a_layer(drawn, mapping):
    change(
        drawn,
        "CREATE VIEW some AS SELECT fid AS OGC_FID, geom, id, name FROM roads WHERE id > '1'",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES ('some', 'features', 'some', 4326)",
        "INSERT INTO gpkg_geometry_columns VALUES ('some', 'geom', 'LINESTRING', 4326, 0, 0)",
        "DELETE FROM gpkg_contents WHERE table_name = 'roads'",
        "DELETE FROM gpkg_geometry_columns WHERE table_name = 'roads'",
    )
    rows, told = taken(drawn, mapping)
    assert (rows.num_rows, told.refused) == (2, 0)


@pytest.mark.parametrize("number", [0, -1])
def test_that_a_layer_of_no_known_system_asks_for_it(drawn, mapping, number):
    change(
        drawn,
        f"UPDATE gpkg_geometry_columns SET srs_id = {number}",
        f"UPDATE gpkg_contents SET srs_id = {number}",
    )
    with pytest.raises(InvalidInput) as caught:
        taken(drawn, mapping)
    assert caught.value.field == "--crs"
    rows, _ = taken(drawn, mapping, crs="EPSG:4326")
    assert rows.num_rows == 3


def test_that_a_system_the_file_does_not_describe_asks_for_it(drawn, mapping):
    change(
        drawn,
        "PRAGMA foreign_keys = OFF",
        "UPDATE gpkg_geometry_columns SET srs_id = 99123",
        "UPDATE gpkg_contents SET srs_id = 99123",
    )
    with pytest.raises(InvalidInput) as caught:
        taken(drawn, mapping)
    assert caught.value.field in ("--crs", "source")


def test_that_degrees_stated_as_metres_are_told(tmp_path, mapping):
    path = tmp_path / "web.gpkg"
    frame = geopandas.GeoDataFrame({"id": ["1", "2", "3"], "name": ["", "", ""]}, geometry=LINES)
    pyogrio.write_dataframe(frame.set_crs(3857), path)
    with pytest.raises(InvalidInput, match="look like degrees, not metres"):
        taken(path, mapping, within=(120.8, 30.6, 122.3, 31.9))


def test_that_exchanged_axes_are_told(tmp_path, mapping):
    path = tmp_path / "turned.gpkg"
    turned = [shapely.transform(line, lambda xy: xy[:, ::-1]) for line in LINES]
    frame = geopandas.GeoDataFrame({"id": ["1", "2", "3"], "name": ["", "", ""]}, geometry=turned)
    pyogrio.write_dataframe(frame.set_crs(4326), path)
    with pytest.raises(InvalidInput, match="look exchanged"):
        taken(path, mapping)


def test_that_rows_which_bear_another_system_are_told(drawn, mapping):
    srs(drawn, 2, 3857)
    rows, told = taken(drawn, mapping)
    assert rows.num_rows + told.refused == 3
    assert told.refused == 1 or any("3857" in note for note in told.notes)
