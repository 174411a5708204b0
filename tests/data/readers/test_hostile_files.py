"""P14: what QGIS, Excel and broken exports hand over: a clear error, or its good rows."""

from __future__ import annotations

import json
import random
import sqlite3
import struct
import zipfile
from datetime import datetime

import geopandas
import numpy as np
import openpyxl
import pyarrow as pa
import pyogrio
import pytest
import shapely

from app.data.readers import read
from app.domain.errors import AppError, InvalidInput

HEADER = "unitid,latitude,longitude,the_geom,boro,point_x,point_y,cb"
LEAP_DAY = datetime.fromisoformat("2024-02-29 08:30:00")
ROADS = """
name = "drawn_roads"
kind = "roads"
key = ["id"]
crs = "EPSG:4326"
[columns]
name = "name"
[constants]
kind = "local"
"""
AREAS = ROADS.replace('"roads"', '"areas"').replace("drawn_roads", "drawn_areas").replace(
    'kind = "local"', 'tier = "street"'
)  # fmt: skip


def taken(kind, path, **more):
    with read(kind, path, **more) as stream:
        rows = pa.Table.from_batches(list(stream), schema=stream.schema)
        return rows, stream.summary()


def mapping(tmp_path, text):
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def drawn(tmp_path, shapes, name="drawn.gpkg", crs="EPSG:4326", **more):
    path = tmp_path / name
    frame = geopandas.GeoDataFrame(
        {
            "id": [str(at) for at in range(len(shapes))],
            "name": [f"第{at}" for at in range(len(shapes))],
        },
        geometry=shapes,
        crs=crs,
    )
    pyogrio.write_dataframe(frame, path, geometry_type="Unknown", **more)
    return path


def put_wkb(path, fid, wkb):
    """Put a geometry into a GeoPackage as QGIS would write it, whatever its kind."""
    header = b"GP\x00\x01" + struct.pack("<i", 4326)
    base = sqlite3.connect(path)
    triggers = base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        base.execute(f'DROP TRIGGER "{name}"')
    layer = base.execute("SELECT table_name FROM gpkg_contents").fetchone()[0]
    base.execute(f'UPDATE "{layer}" SET geom = ? WHERE fid = ?', (header + wkb, fid))
    base.commit()
    base.close()


def arc(points, kind=8):
    flat = [number for point in points for number in point]
    return struct.pack(f"<BII{len(flat)}d", 1, kind, len(points), *flat)


ARC = arc([(121.4, 31.2), (121.45, 31.25), (121.5, 31.2)])
LINE = arc([(121.5, 31.2), (121.6, 31.2)], 2)
BACK = arc([(121.5, 31.2), (121.4, 31.2)], 2)
COMPOUND = struct.pack("<BII", 1, 9, 2) + ARC + LINE
HALF_DISC = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 9, 2) + ARC + BACK


def test_that_curves_come_in_as_lines_and_areas_beside_straight_ones(tmp_path):
    straight = shapely.LineString([(121.4, 31.2), (121.5, 31.3)])
    path = drawn(tmp_path, [straight, straight, straight])
    put_wkb(path, 2, COMPOUND)
    put_wkb(path, 3, ARC)
    rows, told = taken("roads", path, mapping=mapping(tmp_path, ROADS))
    assert (rows.num_rows, told.refused) == (3, 0)
    curve = shapely.from_wkb(rows["geom"][1].as_py())
    assert len(curve.coords) > 20
    assert curve.bounds == pytest.approx((121.4, 31.2, 121.6, 31.25), abs=1e-3)

    box = shapely.box(121.4, 31.2, 121.5, 31.3)
    path = drawn(tmp_path, [box, box], "areas.gpkg")
    put_wkb(path, 2, HALF_DISC)
    rows, told = taken("areas", path, mapping=mapping(tmp_path, AREAS))
    assert (rows.num_rows, told.refused) == (2, 0)
    disc = shapely.from_wkb(rows["geom"][1].as_py())
    assert disc.area == pytest.approx(np.pi * 0.05**2 / 2, rel=1e-3)


def test_that_heights_and_measures_fall_off_and_odd_shapes_are_set_aside(tmp_path):
    shapes = [
        shapely.from_wkt("LINESTRING Z (121.4 31.2 5, 121.5 31.3 6)"),
        shapely.LineString([(121.4, 31.2), (121.5, 31.3)]),
        shapely.LineString([(121.4, 31.2), (121.5, 31.3)]),
        shapely.from_wkt("LINESTRING EMPTY"),
        None,
        shapely.Point(121.4, 31.2),
        shapely.from_wkt("GEOMETRYCOLLECTION (POINT (121.4 31.2))"),
        shapely.from_wkt("MULTILINESTRING ((121.4 31.2, 121.5 31.3), (121.4 31.3, 121.5 31.2))"),
    ]
    path = drawn(tmp_path, shapes)
    put_wkb(path, 2, arc([(121.4, 31.2, 7), (121.5, 31.3, 8)], 2002))
    put_wkb(path, 3, arc([(121.4, 31.2, 5, 7), (121.5, 31.3, 6, 8)], 3002))
    rows, told = taken("roads", path, mapping=mapping(tmp_path, ROADS))
    assert (rows.num_rows, told.refused) == (5, 4)
    assert told.reasons == {"geometry: missing": 2, "geometry: not a line": 2}
    assert not any(shapely.has_z(shapely.from_wkb(one.as_py())) for one in rows["geom"])


def test_that_invalid_areas_are_mended_or_told(tmp_path):
    bow = shapely.Polygon([(121.4, 31.2), (121.5, 31.3), (121.5, 31.2), (121.4, 31.3)])
    spike = shapely.Polygon(
        [(121.4, 31.2), (121.5, 31.2), (121.5, 31.3), (121.6, 31.3), (121.5, 31.3), (121.4, 31.3)]
    )
    path = drawn(tmp_path, [shapely.box(121.4, 31.2, 121.5, 31.3), bow, spike])
    rows, told = taken("areas", path, mapping=mapping(tmp_path, AREAS))
    assert told.read == 3
    assert rows.num_rows + told.refused == 3
    assert all(shapely.is_valid(shapely.from_wkb(one.as_py())) for one in rows["geom"])


def test_that_a_system_of_ones_own_is_followed(tmp_path):
    own = "+proj=tmerc +lat_0=31.2304 +lon_0=121.4667 +k=1 +x_0=0 +y_0=0 +ellps=GRS80 +units=m"
    line = shapely.LineString([(0, 0), (1000, 1000)])
    path = drawn(tmp_path, [line], crs=own)
    rows, told = taken(
        "roads", path, mapping=mapping(tmp_path, ROADS.replace('crs = "EPSG:4326"\n', ""))
    )
    assert told.refused == 0
    shape = shapely.from_wkb(rows["geom"][0].as_py())
    assert shape.coords[0] == pytest.approx((121.4667, 31.2304), abs=1e-6)


def test_that_further_layers_are_told(tmp_path):
    path = drawn(tmp_path, [shapely.LineString([(121.4, 31.2), (121.5, 31.3)])], layer="streets")
    more = geopandas.GeoDataFrame({"id": ["1"]}, geometry=[shapely.Point(1, 1)], crs="EPSG:4326")
    pyogrio.write_dataframe(more, path, layer="sketch", append=True)
    _, told = taken("roads", path, mapping=mapping(tmp_path, ROADS))
    assert any("streets" in note and "sketch" in note for note in told.notes)


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".geojson", ".parquet", ".fgb"])
def test_that_a_cut_file_is_told_and_never_crashes(tmp_path, ending):
    lines = [shapely.LineString([(121.4, 31.2 + at / 1000), (121.5, 31.3)]) for at in range(300)]
    frame = geopandas.GeoDataFrame(
        {"id": [str(at) for at in range(300)], "name": ["路"] * 300}, geometry=lines, crs=4326
    )
    path = tmp_path / f"cut{ending}"
    if ending == ".parquet":
        frame.to_parquet(path)
    else:
        pyogrio.write_dataframe(frame, path)
    whole = path.read_bytes()
    chance = random.Random(1)
    roads = mapping(tmp_path, ROADS)
    for _ in range(25):
        path.write_bytes(whole[: chance.randrange(len(whole))])
        try:
            _, told = taken("roads", path, mapping=roads)
        except AppError:
            continue
        assert told.read == told.taken + told.repeated + told.refused


@pytest.mark.parametrize("name", ["bomb.xlsx", "bomb.zip", "bomb.kmz"])
def test_that_an_archive_that_unpacks_without_end_is_refused(tmp_path, name):
    path = tmp_path / name
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("doc.geojson", "w", force_zip64=True) as entry,
    ):
        for _ in range(300):
            entry.write(bytes(1 << 20))
    with pytest.raises(InvalidInput, match="unpacks") as caught:
        taken("areas", path)
    assert caught.value.field == "source"


def test_that_a_workbook_with_formulas_merged_cells_and_dates_gives_its_good_rows(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["code", "name", "when", "lon", "lat"])
    sheet.append(["0001", "甲", LEAP_DAY, 121.4, 31.2])
    sheet.append(["0002", "=A2&B2", LEAP_DAY, 121.4, 31.2])
    sheet.append(["0003", "丙", "2024-03-02", "=1/0", 31.2])
    sheet.append(["0004", "丁", None, 121.4, 31.2])
    sheet.merge_cells("B5:C5")
    book.save(tmp_path / "odd.xlsx")
    text = """
name = "odd_places"
kind = "places"
key = ["code"]
crs = "EPSG:4326"
[columns]
name = "name"
source = "when"
lon = "lon"
lat = "lat"
"""
    rows, told = taken("places", tmp_path / "odd.xlsx", mapping=mapping(tmp_path, text))
    assert rows["name"].to_pylist() == ["甲", "丁"]
    assert rows["source"].to_pylist() == ["2024-02-29 08:30:00", ""]
    assert told.refused == 2


def test_that_marks_quoted_breaks_and_mixed_line_ends_are_read(tmp_path):
    path = tmp_path / "mixed.csv"
    rows = ["a1,31.2,121.4,,,,,", 'b2,31.2,121.4,"x\ny",,,,', "c3,31.2,121.4,,,,,"]
    path.write_bytes(
        b"\xef\xbb\xbf" + "\r\n".join([HEADER, *rows]).encode() + b"\nd4,31.2,121.4,,,,,\r\n"
    )
    taken_rows, told = taken("parts", path, crs="WGS84")
    assert (taken_rows.num_rows, told.refused) == (4, 0)


def test_that_a_zero_byte_deep_in_a_file_costs_its_row_or_the_file_but_never_goes_in(tmp_path):
    path = tmp_path / "zero.csv"
    good = "".join(f"u{at},31.2,121.4,,,,,\n" for at in range(100_000))
    path.write_bytes(f"{HEADER}\n{good}bad\x00one,31.2,121.4,,,,,\nlast,31.2,121.4,,,,,\n".encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.data.readers.encodings._SLICES", 0)
        patch.setattr("app.data.readers.encodings._HEAD", 1 << 12)
        with read("parts", path, crs="WGS84") as stream:
            keys = [batch for batch in stream]
            told = stream.summary()
    assert sum(batch.num_rows for batch in keys) == 100_001
    assert told.refused == 1


def test_that_a_line_of_ten_megabytes_costs_only_itself(tmp_path):
    path = tmp_path / "long.csv"
    long = "x" * (10 << 20)
    path.write_text(f"{HEADER}\na,31.2,121.4,,,,,\n{long},31.2,121.4,,,,,\nb,31.2,121.4,,,,,\n")
    rows, told = taken("parts", path, crs="WGS84")
    assert (rows.num_rows, told.refused) == (2, 1)
    assert next(iter(told.reasons)) == "line too long"


@pytest.mark.parametrize("declared", [None, "GB18030"])
def test_that_a_shapefile_in_gb18030_is_read_with_and_without_its_cpg(tmp_path, declared):
    line = shapely.LineString([(121.4, 31.2), (121.5, 31.3)])
    path = drawn(tmp_path, [line], "roads.shp", encoding="GB18030")
    if declared is None:
        path.with_suffix(".cpg").unlink()
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = 0
        path.with_suffix(".dbf").write_bytes(table)
    rows, told = taken("roads", path, mapping=mapping(tmp_path, ROADS), encoding=declared)
    assert rows["name"].to_pylist() == ["第0"]
    assert told.encoding == "GB18030"


def test_that_a_shapefile_without_a_prj_asks_for_its_system(tmp_path):
    path = drawn(tmp_path, [shapely.LineString([(121.4, 31.2), (121.5, 31.3)])], "roads.shp")
    path.with_suffix(".prj").unlink()
    bare = mapping(tmp_path, ROADS.replace('crs = "EPSG:4326"\n', ""))
    with pytest.raises(InvalidInput) as caught:
        taken("roads", path, mapping=bare)
    assert caught.value.field == "--crs"
    assert taken("roads", path, mapping=bare, crs="WGS84")[0].num_rows == 1


def test_that_geoparquet_tells_its_system_and_odd_geometry_is_told(tmp_path):
    line = shapely.LineString([(0, 0), (1000, 1000)])
    frame = geopandas.GeoDataFrame({"id": ["1"], "name": ["x"]}, geometry=[line], crs="EPSG:32651")
    path = tmp_path / "roads.parquet"
    frame.to_parquet(path)
    bare = mapping(tmp_path, ROADS.replace('crs = "EPSG:4326"\n', ""))
    with read("roads", path, mapping=bare) as stream:
        list(stream)
        assert stream.summary().crs in ("EPSG:32651", None)
    frame.to_parquet(path, geometry_encoding="geoarrow")
    with pytest.raises(InvalidInput, match="WKB"):
        taken("roads", path, mapping=bare)


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("310101002003004", True),
        ("31010100200304", True),
        ("3101010020030", False),
        ("x" * 15, False),
    ],
)
def test_that_a_grid_code_has_fourteen_or_fifteen_digits(tmp_path, code, right):
    box = shapely.geometry.mapping(shapely.box(121.4, 31.2, 121.41, 31.21))
    feature = {
        "type": "Feature",
        "properties": {"id": "1", "name": "格", "code": code},
        "geometry": box,
    }
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    text = AREAS.replace('tier = "street"', 'tier = "grid"').replace(
        'name = "name"\n', 'name = "name"\ncode = "code"\n'
    )
    rows, told = taken("areas", path, mapping=mapping(tmp_path, text))
    assert (rows.num_rows, told.refused) == ((1, 0) if right else (0, 1))
