"""Exports: each format comes back with the same uids and values, and runs no formula."""

import csv
import json
import sqlite3

import openpyxl
import pyarrow as pa
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.data.readers import SHAPES, Kind, derived_uid, read
from app.data.writers import export, write
from app.data.writers.cells import guarded, unguarded
from app.domain.errors import InvalidInput, StorageFailure

NASTY = '=HYPERLINK("http://x","点")'
POINT = shapely.to_wkb(shapely.Point(121.4737021, 31.2304123))
SQUARE = shapely.box(121.4, 31.2, 121.5, 31.3)
FILLED = {
    Kind.AREAS: {
        "tier": "street",
        "code": "310101002",
        "name": "南京东路街道",
        "name_en": "",
        "valid_from": "2000-01-01T00:00:00Z",
        "platform": 1,
        "sample": 0,
        "geom": shapely.to_wkb(shapely.MultiPolygon([SQUARE])),
    },
    Kind.PARTS: {
        "code": "",
        "class": 17,
        "state": 1,
        "source": NASTY,
        "initial_date": "2015-08-27",
        "accuracy": "A",
        "attrs": '{"a": "-1+1"}',
        "sample": 1,
        "geom": POINT,
    },
    Kind.PLACES: {
        **dict.fromkeys(("lane", "building", "unit", "room", "kind", "source"), ""),
        "name": '\'=1 &amp; @二,"三"',
        "address": "南京东路1号",
        "road": "南京东路",
        "number": "1",
        "sample": 0,
        "geom": POINT,
    },
    Kind.ROADS: {
        "name": "外滩",
        "kind": "arterial",
        "width": 20.5,
        "sample": 0,
        "geom": shapely.to_wkb(shapely.LineString([(121.4, 31.2), (121.5, 31.25)])),
    },
    Kind.BUILDINGS: {
        "name": "",
        "kind": "office",
        "storeys": 30,
        "floor_m2": 90000.5,
        "curtain_wall": 1,
        "historic": 0,
        "sample": 0,
        "geom": shapely.to_wkb(SQUARE),
    },
    Kind.CASES: {
        "number": "0012",
        "matter1": "市容",
        "words": NASTY,
        "reported_at": 1_500_000_000_123,
        "closed_at": 1_500_000_099_000,
        "lon": 121.4737021,
        "lat": 31.2304123,
        "sample": 0,
    },
}
KINDS = sorted(FILLED)
OUTLINES = {Kind.AREAS, Kind.ROADS, Kind.BUILDINGS}


def batch_of(kind, rows=3):
    made = [{**FILLED[kind], "uid": derived_uid(str(at)).bytes} for at in range(rows)]
    if kind is Kind.CASES:
        made = [{**row, "source_key": f"wangge_cases:{at}"} for at, row in enumerate(made)]
        made[-1] = {**made[-1], "lon": None, "lat": None}
    return pa.RecordBatch.from_pylist(made, schema=SHAPES[kind].schema)


def same(kind, rows):
    """Rows without what a format may write otherwise."""
    kept = [{k: v for k, v in row.items() if k not in ("source_key", "geom")} for row in rows]
    for row in kept:
        if kind is Kind.PARTS:
            row["attrs"] = json.loads(row["attrs"])
    return kept


@pytest.mark.parametrize(
    "ending",
    [".geojson", ".geojsonl", ".csv", ".gpkg", ".xlsx", ".shp", ".parquet", ".fgb"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_that_an_export_comes_back_the_same_with_the_same_uids(tmp_path, kind, ending):
    if kind in OUTLINES and ending == ".xlsx":
        return  # a sheet tells outlines only by a point
    batch = batch_of(kind)
    out = tmp_path / f"out{ending}"
    assert write(kind, [batch.slice(0, 2), batch.slice(2)], out) == 3
    stream = read(kind, out)
    back = pa.Table.from_batches(list(stream), schema=stream.schema).to_pylist()
    assert stream.summary().reasons == {}
    assert same(kind, back) == same(kind, batch.to_pylist())
    if "geom" in batch.schema.names:
        pairs = zip(back, batch.to_pylist(), strict=True)
        for got, given_ in pairs:
            there, here = shapely.from_wkb(got["geom"]), shapely.from_wkb(given_["geom"])
            assert shapely.hausdorff_distance(there, here) < 1e-8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", [".csv", ".gpkg", ".xlsx", ".geojson"])
def test_that_nothing_to_export_still_makes_a_file(tmp_path, kind, ending):
    out = tmp_path / f"out{ending}"
    assert write(kind, [], out) == 0
    assert out.stat().st_size > 0


def test_that_a_csv_has_a_mark_for_excel_and_no_formula(tmp_path):
    out = tmp_path / "parts.csv"
    write("parts", [batch_of(Kind.PARTS)], out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["source"] == f"'{NASTY}"
    assert rows[0]["class"] == "0118"
    assert rows[0]["lon"] == "121.4737021"


def test_that_a_sheet_holds_texts_not_formulas(tmp_path):
    out = tmp_path / "cases.xlsx"
    write("cases", [batch_of(Kind.CASES)], out)
    book = openpyxl.load_workbook(out)
    cells = {cell.value: cell for row in book.active for cell in row}
    assert cells[NASTY].data_type == "s"
    assert cells["0012"].data_type == "s"
    book.close()


def test_that_a_sheet_tells_areas_by_a_point_on_them_and_cuts_long_texts(tmp_path):
    batch = batch_of(Kind.AREAS)
    long = pa.array(["字" * 40_000] * 3)
    index = batch.schema.get_field_index("name")
    out = tmp_path / "areas.xlsx"
    write("areas", [batch.set_column(index, "name", long)], out)
    book = openpyxl.load_workbook(out, read_only=True)
    header, first = list(book.active.values)[:2]
    book.close()
    row = dict(zip(header, first, strict=True))
    assert len(row["name"]) == 32_767
    assert 121.4 < row["lon"] < 121.5
    assert "wkt" not in row


def test_that_more_rows_than_a_sheet_holds_are_told_with_what_holds_them(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_MOST_ROWS", 5)
    out = tmp_path / "parts.xlsx"
    assert write("parts", [batch_of(Kind.PARTS, 5)], out) == 5
    before = out.read_bytes()
    with pytest.raises(InvalidInput, match="A sheet holds 5 rows") as caught:
        write("parts", [batch_of(Kind.PARTS, 3), batch_of(Kind.PARTS, 3)], out)
    assert ".gpkg" in f"{caught.value.advice}"
    assert out.read_bytes() == before


def test_that_a_geopackage_is_of_version_1_2_and_in_wgs_84(tmp_path):
    out = tmp_path / "areas.gpkg"
    write("areas", [batch_of(Kind.AREAS)], out)
    info = pyogrio.read_info(out)
    assert (info["crs"], info["geometry_type"]) == ("EPSG:4326", "MultiPolygon")
    base = sqlite3.connect(out)
    assert base.execute("PRAGMA user_version").fetchone() == (10200,)
    base.close()


def test_that_another_ending_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="geojson") as caught:
        write("areas", [], tmp_path / "areas.doc")
    assert caught.value.field == "out"


@pytest.mark.parametrize("ending", [".csv", ".gpkg", ".xlsx", ".geojson"])
def test_that_a_failing_export_leaves_what_was_there_before(tmp_path, ending):
    out = tmp_path / f"areas{ending}"
    out.write_bytes(b"before")

    def breaking():
        yield batch_of(Kind.AREAS)
        raise StorageFailure("The city was closed.")

    with pytest.raises(StorageFailure, match="city was closed"):
        write("areas", breaking(), out)
    assert out.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    with pytest.raises(StorageFailure, match="could not be written"):
        write("areas", [batch_of(Kind.AREAS)], tmp_path / "no folder" / f"a{ending}")


def test_that_progress_counts_rows(tmp_path):
    seen = []
    batch = batch_of(Kind.ROADS)
    write("roads", [batch, batch], tmp_path / "roads.csv", progress=seen.append)
    assert seen == [3, 6]


@given(st.text())
def test_that_a_guarded_text_starts_no_formula_and_is_read_back(text):
    shown = guarded(text)
    assert not shown.startswith(("=", "@", "\t", "\r"))
    assert unguarded(shown) == text or unguarded(text) != text


@pytest.mark.parametrize("text", ["-1", "-73.9, 40.7", "+8.5"])
def test_that_numbers_are_not_guarded(text):
    assert guarded(text) == text
