"""Whatever bytes come, readers raise AppError or take what is good; nothing else."""

import csv
import io
import json
import os
import zipfile

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.data.readers import Kind, read
from app.domain.errors import AppError

COUNT = int(os.environ.get("WANGGE_FUZZ", "30"))
quick = settings(
    max_examples=COUNT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ENDINGS = (".csv", ".xlsx", ".geojson", ".gpkg", ".shp", ".kml", ".mbtiles", ".osm", ".osm.pbf")
kinds = st.sampled_from(sorted(Kind))
HYDRANTS = ["the_geom", "boro", "unitid", "point_x", "point_y", "cb", "latitude", "longitude"]
CASES = ["REC_ID", "EVENT_TYPE_NAME", "MAIN_TYPE_NAME", "SUB_TYPE_NAME", "DISPOSE_UNIT_NAME"]
MORE = ["DISTRICT_NAME", "STREET_NAME", "COMMUNITY_NAME", "EVENT_SRC_NAME", "EVENT_PROPERTY_NAME"]
PINGSHAN = [*CASES, *MORE, "CREATE_TIME", "OCCUR_PLACE"]


def drained(kind, path, **how):
    """Rows taken, and the summary; None if the source was refused as a whole."""
    try:
        stream = read(kind, path, **how)
        with stream:
            rows = pa.Table.from_batches(list(stream), schema=stream.schema)
            stream.write_rejects(path.with_name("rejected.csv"))
            told = stream.summary()
    except AppError as error:
        return _said(error)
    assert told.read == told.taken + told.repeated + told.refused
    assert told.taken == rows.num_rows == len(set(rows["uid"].to_pylist()))
    return rows, told


@pytest.mark.parametrize("ending", ENDINGS)
@quick
@given(content=st.binary(max_size=400), kind=kinds)
@example(content=b"", kind=Kind.PARTS)
@example(content=b"\xff\xfe", kind=Kind.CASES)
@example(content=b"\xef\xbb\xbf", kind=Kind.CASES)
@example(content=b'"', kind=Kind.CASES)
@example(content=b"\r\r\r", kind=Kind.AREAS)
def test_that_random_bytes_are_refused_or_read_and_never_crash(tmp_path, ending, content, kind):
    path = tmp_path / f"fuzz{ending}"
    path.write_bytes(content)
    drained(kind, path, crs="WGS84")


def _said(error):
    assert error.message
    return None


cells = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "-",
            "NaN",
            "1e999",
            "-0",
            "2018-02-30 25:61:61",
            "=1+1",
            "\x00",
            "\ud800",
            "９",
            "4" * 99,
        ]
    ),
    st.floats().map(str),
    st.integers().map(str),
)


@quick
@given(rows=st.lists(st.lists(cells, min_size=8, max_size=8), max_size=12), data=st.data())
def test_that_good_parts_are_taken_among_any_others(tmp_path, rows, data):
    good = [["x", "1", f"good{at}", "1", "1", "1", "40.71", f"-73.9{at}"] for at in range(4)]
    mixed = [(row, False) for row in rows] + [(row, True) for row in good]
    mixed = data.draw(st.permutations(mixed))
    path = tmp_path / "hydrants.csv"
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HYDRANTS)
        writer.writerows(row for row, _ in mixed)
    result = drained(Kind.PARTS, path)
    if result is None:  # zero bytes, or most of the points lie elsewhere
        return
    attrs = "".join(kept or "" for kept in result[0]["attrs"].to_pylist())
    assert all(f"good{at}" in attrs for at in range(4))


@quick
@given(rows=st.lists(st.lists(cells, min_size=12, max_size=12), max_size=12))
def test_that_good_cases_are_taken_among_any_others(tmp_path, rows):
    good = ["7", "市容", "占道", "占道经营", "城管", "坪山区", "坑梓街道", "-", "12345", "投诉"]
    path = tmp_path / "cases.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(PINGSHAN)
        writer.writerows([cell.replace("\x00", "") for cell in row] for row in rows)
        writer.writerow([*good, "2018-02-08 15:34:40", "-"])
    result = drained(Kind.CASES, path)
    assert result is not None
    numbers = result[0]["number"].to_pylist()
    assert "7" in numbers


@quick
@given(
    header=st.lists(st.text(max_size=12), max_size=9),
    lines=st.lists(st.text(max_size=60), max_size=9),
    kind=kinds,
    delimiter=st.sampled_from(",;\t|"),
)
def test_that_random_columns_are_one_clear_error(tmp_path, header, lines, kind, delimiter):
    path = tmp_path / "fuzz.csv"
    text = "\n".join([delimiter.join(header), *lines])
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    drained(kind, path, crs="WGS84")


@quick
@given(cut=st.integers(0, 4000), flip=st.integers(0, 4000), byte=st.integers(0, 255))
def test_that_a_damaged_workbook_never_crashes(tmp_path, cut, flip, byte):
    book = openpyxl.Workbook()
    book.active.append(["一级分类", "二级分类", "三级分类"])
    book.active.append(["城乡建设", "安全生产", "事故处理"])
    stream = io.BytesIO()
    book.save(stream)
    content = bytearray(stream.getvalue())
    content[flip % len(content)] = byte
    path = tmp_path / "taxonomy.xlsx"
    path.write_bytes(bytes(content[: len(content) - cut % len(content)] if cut % 2 else content))
    drained(Kind.MATTERS, path)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@quick
@given(geometry=json_values, properties=json_values, coordinates=json_values)
def test_that_a_strange_geojson_never_crashes(tmp_path, geometry, properties, coordinates):
    good = {"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}
    features = [
        {"type": "Feature", "properties": {"name": "甲", "adcode": "1"}, "geometry": good},
        {"type": "Feature", "properties": properties, "geometry": geometry},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": coordinates}},
    ]
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    drained(Kind.AREAS, path)


def test_that_a_workbook_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("app.data.readers.archives.LARGEST", 1 << 20)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2 << 20))
    with pytest.raises(AppError, match="unpacks"):
        read("matters", path)
