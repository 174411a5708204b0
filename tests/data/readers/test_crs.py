"""Coordinate systems: declared or in the file, and noticed when they cannot be true."""

import json

import numpy as np
import pyarrow as pa
import pytest
import shapely
from pyproj import Transformer

from app.data.readers import read
from app.data.readers.crs import declared_crs, reconciled
from app.domain.errors import InvalidInput
from app.domain.offsets import wgs84_to_bd09, wgs84_to_gcj02

LON = np.linspace(121.3, 121.7, 40)
LAT = np.linspace(31.0, 31.4, 40)
HEADER = "name,address,adname,pname,type,lat,lon"


def places(tmp_path, x, y):
    path = tmp_path / "places.csv"
    lines = [f"p{at},a{at},b,c,d,{y[at]!r},{x[at]!r}" for at in range(len(x))]
    path.write_text("\n".join([HEADER, *lines]).replace("np.float64(", "").replace(")", ""))
    return path


def points_of(stream):
    table = pa.Table.from_batches(list(stream), schema=stream.schema)
    points = shapely.from_wkb(table["geom"].to_pylist())
    return shapely.get_x(points), shapely.get_y(points)


def test_that_points_without_a_system_are_refused_naming_the_option(tmp_path):
    with pytest.raises(InvalidInput, match="--crs") as caught:
        list(read("places", places(tmp_path, LON, LAT)))
    assert caught.value.field == "--crs"


@pytest.mark.parametrize(
    ("declared", "shift"),
    [
        ("WGS84", lambda x, y: (x, y)),
        ("EPSG:4490", lambda x, y: (x, y)),
        ("GCJ-02", wgs84_to_gcj02),
        ("gcj02", wgs84_to_gcj02),
        ("BD-09", wgs84_to_bd09),
        ("EPSG:4549", Transformer.from_crs(4326, 4549, always_xy=True).transform),
        ("EPSG:32651", Transformer.from_crs(4326, 32651, always_xy=True).transform),
        (
            "+proj=tmerc +lat_0=31.23 +lon_0=121.4667 +ellps=GRS80",
            Transformer.from_crs(
                4326, "+proj=tmerc +lat_0=31.23 +lon_0=121.4667 +ellps=GRS80", always_xy=True
            ).transform,
        ),
    ],
)
def test_that_a_declared_system_brings_the_points_to_wgs_84(tmp_path, declared, shift):
    stream = read("places", places(tmp_path, *shift(LON, LAT)), crs=declared)
    lon, lat = points_of(stream)
    assert np.hypot(lon - LON, lat - LAT).max() * 111_320 < 0.001
    west, south, east, north = stream.summary().extent
    assert (west, south, east, north) == pytest.approx((121.3, 31.0, 121.7, 31.4))


@pytest.mark.parametrize("declared", ["EPSG:999999", "nonsense", "", "EPSG:5737", "+proj=nothing"])
def test_that_a_system_nobody_knows_is_refused(tmp_path, declared):
    with pytest.raises(InvalidInput) as caught:
        read("places", places(tmp_path, LON, LAT), crs=declared)
    assert caught.value.field == "--crs"


METRES = Transformer.from_crs(4326, 4549, always_xy=True).transform(LON, LAT)


@pytest.mark.parametrize(
    ("declared", "x", "y", "said"),
    [
        ("WGS84", *METRES, "look like metres"),
        ("WGS84", LAT, LON, "exchanged"),
        ("GCJ-02", LAT, LON, "exchanged"),
        ("EPSG:4549", *METRES[::-1], "exchanged"),
        ("EPSG:4549", LON, LAT, "look like degrees"),
        ("GCJ-02", LON - 150, LAT, "outside"),
        ("EPSG:4549", METRES[0] + 9e5, METRES[1], "outside"),
    ],
)
def test_that_numbers_which_deny_the_declaration_are_refused(tmp_path, declared, x, y, said):
    with pytest.raises(InvalidInput, match=said) as caught:
        list(read("places", places(tmp_path, x, y), crs=declared))
    assert caught.value.field == "--crs"
    assert declared in str(caught.value) or "EPSG:4326" in str(caught.value)


def test_that_exchanged_axes_are_noticed_by_where_the_city_lies(tmp_path):
    path = places(tmp_path, [40.7 + at / 99 for at in range(9)], [-73.9] * 9)
    assert len(points_of(read("places", path, crs="WGS84"))[0]) == 9
    with pytest.raises(InvalidInput, match="exchanged"):
        list(read("places", path, crs="WGS84", within=(-74.3, 40.4, -73.6, 42)))


def test_that_data_of_another_city_are_no_error(tmp_path):
    stream = read("places", places(tmp_path, LON, LAT), crs="WGS84", within=(-74.3, 40, -73, 41))
    assert len(points_of(stream)[0]) == 40


def test_that_single_stray_points_are_refused_alone(tmp_path):
    x, y = np.tile(LON, 5), np.tile(LAT, 5)
    x[7], y[9], x[11] = 521.0, -91.0, -x[11]
    x[13], y[13] = y[13], x[13]
    stream = read("places", places(tmp_path, x, y), crs="WGS84")
    assert len(points_of(stream)[0]) == 196
    assert stream.summary().reasons == {
        "lon, lat: out of range": 3,
        "lon, lat: the sign of its longitude is wrong": 1,
    }


def test_that_exchanged_single_points_are_refused_where_both_are_degrees(tmp_path):
    x, y = np.tile(LON - 195, 5), np.tile(LAT + 9, 5)
    x[3], y[3] = y[3], x[3]
    stream = read("places", places(tmp_path, x, y), crs="WGS84")
    assert len(points_of(stream)[0]) == 199
    (reason,) = stream.summary().reasons
    assert "exchanged" in reason


def test_that_degrees_rounded_to_a_kilometre_are_noted(tmp_path):
    stream = read("places", places(tmp_path, LON.round(2), LAT.round(2)), crs="WGS84")
    points_of(stream)
    assert any("two decimals" in note for note in stream.summary().notes)
    exact = read("places", places(tmp_path, LON, LAT), crs="WGS84")
    points_of(exact)
    assert exact.summary().notes == ()


def geojson(tmp_path, coordinates, crs=None, kind="Polygon"):
    path = tmp_path / "areas.geojson"
    feature = {
        "type": "Feature",
        "properties": {"name": "甲", "adcode": "310101"},
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    whole = {"type": "FeatureCollection", "features": [feature]}
    if crs:
        whole["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(whole))
    return path


SQUARE = [[121.4, 31.2], [121.5, 31.2], [121.5, 31.3], [121.4, 31.3], [121.4, 31.2]]


def test_that_a_geojson_may_be_declared_to_be_shifted(tmp_path):
    stream = read("areas", geojson(tmp_path, [SQUARE]), crs="GCJ-02")
    (batch,) = stream
    west, south, _, _ = shapely.from_wkb(batch["geom"][0].as_py()).bounds
    assert np.hypot(west - 121.4, south - 31.2) * 111_320 > 300
    assert stream.summary().crs == "GCJ-02"


def test_that_a_file_in_metres_cannot_be_declared_to_be_in_degrees(tmp_path):
    square = [[x * 111e3, y * 3.6e6 / 31] for x, y in SQUARE]
    path = geojson(tmp_path, [square], crs="urn:ogc:def:crs:EPSG::3857")
    with pytest.raises(InvalidInput, match="says it is in EPSG:3857"):
        read("areas", path, crs="WGS84")


def test_that_exchanged_axes_of_outlines_are_refused(tmp_path):
    path = geojson(tmp_path, [[corner[::-1] for corner in SQUARE]])
    with pytest.raises(InvalidInput, match="exchanged"):
        list(read("areas", path))


def test_that_file_and_declaration_are_reconciled():
    assert reconciled("a", None, None) is None
    assert reconciled("a", "EPSG:4326", None).shown == "EPSG:4326"
    assert reconciled("a", "EPSG:4326", "BD-09").shown == "BD-09"
    assert reconciled("a", "EPSG:4549", "EPSG:4549").shown == "EPSG:4549"
    assert declared_crs("wgs 84").box == (-180.0, -90.0, 180.0, 90.0)


@pytest.mark.parametrize(
    ("rings", "taken", "reason"),
    [
        ([SQUARE], 1, None),
        (
            [[[121.4, 31.2], [121.5, 31.3], [121.5, 31.2], [121.4, 31.3], [121.4, 31.2]]],
            0,
            "crosses",
        ),
        ([], 0, "missing"),
    ],
)
def test_that_outlines_that_cross_themselves_are_refused_not_swallowed(
    tmp_path, rings, taken, reason
):
    stream = read("areas", geojson(tmp_path, rings))
    assert sum(batch.num_rows for batch in stream) == taken
    assert (reason is None) == (not stream.summary().reasons)
    assert all(reason in known for known in stream.summary().reasons)


def test_that_a_point_is_no_area(tmp_path):
    stream = read("areas", geojson(tmp_path, [121.4, 31.2], kind="Point"))
    assert list(stream) == []
    assert stream.summary().reasons == {"geometry: not an area": 1}


def test_that_a_map_that_points_to_other_files_is_not_followed(tmp_path):
    path = tmp_path / "areas.gml"
    path.write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(InvalidInput, match="points to others"):
        read("areas", path)


def test_that_an_outline_that_cannot_be_read_is_refused_beside_bytes_that_are_no_text(
    tmp_path, monkeypatch
):
    path = geojson(tmp_path, [SQUARE])
    path.write_bytes(path.read_bytes().replace(b"\\u7532", b"\xd4\xd4"))
    monkeypatch.setattr(shapely, "from_wkb", lambda wkb, **_: np.full(len(wkb), None))
    stream = read("areas", path)
    assert list(stream) == []
    assert stream.summary().reasons == {"geometry: geometry cannot be read": 1}
