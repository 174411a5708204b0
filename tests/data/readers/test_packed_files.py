"""KMZ, zipped Shapefiles and file geodatabases: their rows, or an error that names the mend."""

from __future__ import annotations

import os
import zipfile

import geopandas
import pytest
import shapely

from app.data.readers import read
from app.domain.errors import InvalidInput

ROADS = """
name = "drawn_roads"
kind = "roads"
key = ["Name"]
crs = "EPSG:4326"
[columns]
name = "Name"
[constants]
kind = "local"
"""
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>x</name><Folder><name>x</name>
<Placemark><name>南京路</name><LineString><coordinates>121.4,31.1 121.5,31.2</coordinates>
</LineString></Placemark></Folder></Document></kml>"""


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(ROADS, encoding="utf-8")
    return path


def drawn():
    lines = [shapely.LineString([(121.4, 31.1 + at / 100), (121.5, 31.2)]) for at in range(3)]
    return geopandas.GeoDataFrame(
        {"Name": ["南京路", "福州路", "延安路"]}, geometry=lines, crs="EPSG:4326"
    )


def zipped(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def names(path, mapping):
    with read("roads", path, mapping=mapping) as stream:
        return [row for batch in stream for row in batch.column("name").to_pylist()]


def refused(path, mapping):
    with pytest.raises(InvalidInput) as error, read("roads", path, mapping=mapping) as stream:
        list(stream)
    assert error.value.field == "source"
    assert error.value.advice
    return str(error.value)


def test_that_a_kmz_is_read(tmp_path, mapping):
    path = zipped(tmp_path / "roads.kmz", **{"doc.kml": KML})
    assert names(path, mapping) == ["南京路"]


def test_that_a_zipped_shapefile_is_read(tmp_path, mapping):
    drawn().to_file(tmp_path / "roads.shp", encoding="utf-8")
    path = tmp_path / "roads.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one in tmp_path.glob("roads.[sdpc]*"):
            archive.write(one, one.name)
    assert names(path, mapping) == ["南京路", "福州路", "延安路"]


@pytest.mark.parametrize("ending", [".gdb", ".gdb.zip"])
def test_that_a_file_geodatabase_is_read(tmp_path, mapping, ending):
    folder = tmp_path / "roads.gdb"
    drawn().to_file(folder, driver="OpenFileGDB", layer="roads")
    path = folder
    if ending == ".gdb.zip":
        path = tmp_path / "packed.gdb.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for one in sorted(folder.iterdir()):
                archive.write(one, f"roads.gdb/{one.name}")
    assert names(path, mapping) == ["南京路", "福州路", "延安路"]


@pytest.mark.parametrize("name", ["a.kmz", "a.zip"])
def test_that_an_archive_without_a_map_is_refused(tmp_path, mapping, name):
    assert name in refused(zipped(tmp_path / name, **{"read.me": "nothing"}), mapping)
    (tmp_path / name).write_bytes(b"PK\x03\x04 torn")
    assert name in refused(tmp_path / name, mapping)
    (tmp_path / name).write_bytes(b"")
    assert name in refused(tmp_path / name, mapping)


@pytest.mark.parametrize("inner", ["roads.vrt", "roads.csv", "deep/roads.gpkg"])
def test_that_an_archive_that_points_outside_reads_nothing_there(tmp_path, mapping, inner):
    secret = tmp_path / "secret.csv"
    secret.write_text('Name,WKT\nsecret,"LINESTRING(121.4 31.1,121.5 31.2)"\n')
    vrt = (
        f"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{secret}</SrcDataSource>"
        "<GeometryField encoding='WKT' field='WKT'/></OGRVRTLayer></OGRVRTDataSource>"
    )
    assert inner in refused(zipped(tmp_path / "a.zip", **{inner: vrt}), mapping)


def test_that_an_archive_in_an_archive_is_refused(tmp_path, mapping):
    inner = zipped(tmp_path / "inner.kmz", **{"doc.kml": KML}).read_bytes()
    assert "inner.kmz" in refused(zipped(tmp_path / "a.zip", **{"inner.kmz": inner}), mapping)


def test_that_a_torn_file_geodatabase_is_refused_or_keeps_what_is_whole(tmp_path, mapping):
    folder = tmp_path / "roads.gdb"
    drawn().to_file(folder, driver="OpenFileGDB", layer="roads")
    for one in folder.glob("*.gdbtable"):
        os.truncate(one, one.stat().st_size // 3)
    assert "roads.gdb" in refused(folder, mapping)
    empty = tmp_path / "empty.gdb"
    empty.mkdir()
    assert "empty.gdb" in refused(empty, mapping)
