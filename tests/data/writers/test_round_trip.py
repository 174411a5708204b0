"""Export → import gives the same rows, whatever stands in them, as far as a form can hold it.

What forms cannot hold: `.csv`, `.xlsx` and `.shp` do not tell nothing from an empty text; a
Shapefile holds texts of 254 bytes; `.xlsx` drops control characters; times are whole seconds;
blanks at the ends of a text fall off in all.
"""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.data.readers import SHAPES, Kind, derived_uid, read
from app.data.readers.classes import class_codes
from app.data.writers import write

ENDINGS = [".gpkg", ".shp", ".geojson", ".geojsonl", ".parquet", ".fgb", ".csv", ".xlsx"]
POOR = {".csv", ".xlsx", ".shp"}
PRINTED = st.characters(
    exclude_categories=["Cs", "Cc", "Cn", "Co"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
)
ODD = ["", "007", "0012.50", "=1+1", "'@x", "-", "NULL", 'a,b;c\t"d"', "&amp;", "路"]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(PRINTED, max_size=20)).map(str.strip)
LON, LAT = st.floats(120.8, 122.2), st.floats(30.7, 31.9)
NAMES = st.text(PRINTED, min_size=1, max_size=6).map(str.strip).filter(bool)
ATTRS = st.one_of(
    st.none(),
    st.dictionaries(
        NAMES, st.one_of(NAMES, st.integers(-(2**53), 2**53), st.booleans()), min_size=1, max_size=2
    )
    .map(lambda told: json.dumps(told, ensure_ascii=False))
    .filter(lambda text: len(text.encode()) <= 254),
)
FIELD = {"width": st.floats(0.5, 200).map(lambda one: round(one, 6))}


@st.composite
def part_rows(draw):
    count = draw(st.integers(1, 4))
    return [
        {
            "uid": derived_uid(f"{at}").bytes,
            "code": draw(st.sampled_from(["", "3101010101000001", "1201040203000012"])),
            "class": draw(st.sampled_from(sorted(class_codes()))),
            "state": draw(st.integers(0, 3)),
            "source": draw(TEXTS),
            "initial_date": draw(st.dates(date(1950, 1, 1), date(2049, 12, 31)).map(str)),
            "accuracy": draw(st.sampled_from("ABC")),
            "attrs": draw(ATTRS),
            "sample": draw(st.integers(0, 1)),
            "geom": shapely.Point(draw(LON), draw(LAT)).wkb,
        }
        for at in range(count)
    ]


@st.composite
def road_rows(draw):
    points = st.lists(st.tuples(LON, LAT), min_size=2, max_size=6, unique=True)
    return [
        {
            "uid": derived_uid(f"{at}").bytes,
            "name": draw(TEXTS),
            "kind": draw(st.sampled_from(["arterial", "alley", "metro"])),
            "width": draw(FIELD["width"]),
            "sample": draw(st.integers(0, 1)),
            "geom": shapely.LineString(draw(points)).wkb,
        }
        for at in range(draw(st.integers(1, 3)))
    ]


@st.composite
def case_rows(draw):
    second = st.integers(0, 4_000_000_000).map(lambda one: one * 1000)
    rows = []
    for at in range(draw(st.integers(1, 3))):
        reported = draw(second)
        placed = draw(st.booleans())
        rows.append(
            {
                "uid": derived_uid(f"{at}").bytes,
                "source_key": f"{at}",
                "number": draw(TEXTS.filter(bool)),
                "words": draw(st.one_of(st.none(), TEXTS)),
                "reported_at": reported,
                "closed_at": draw(st.sampled_from([None, reported + 5000])),
                "lon": draw(LON) if placed else None,
                "lat": draw(LAT) if placed else None,
                "sample": 0,
            }
        )
    return rows


def there_and_back(kind, rows, ending):
    batch = pa.RecordBatch.from_pylist(rows, schema=SHAPES[kind].schema)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"out{ending}"
        assert write(kind, [batch], out) == len(rows)
        with read(kind, out) as stream:
            back = pa.Table.from_batches(list(stream), schema=stream.schema).to_pylist()
            assert stream.summary().reasons == {}
    return back, batch.to_pylist()


def plain(row, ending, apart=("geom", "source_key", "lon", "lat")):
    """A row without what a form writes otherwise; nothing and empty alike where it is poor."""
    kept = {name: value for name, value in row.items() if name not in apart}
    if kept.get("attrs"):  # GeoJSON sets blanks elsewhere in them
        kept["attrs"] = json.loads(kept["attrs"])
    return {name: value or None for name, value in kept.items()} if ending in POOR else kept


def far(one, other):
    there, here = shapely.from_wkb(one["geom"]), shapely.from_wkb(other["geom"])
    return abs(shapely.get_coordinates(there) - shapely.get_coordinates(here)).max()


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=8)
@given(rows=part_rows())
def test_that_parts_come_back_as_they_were(ending, rows):
    back, given_ = there_and_back(Kind.PARTS, rows, ending)
    assert [plain(row, ending) for row in back] == [plain(row, ending) for row in given_]
    assert all(far(one, other) <= 1e-9 for one, other in zip(back, given_, strict=True))


@pytest.mark.parametrize("ending", [one for one in ENDINGS if one != ".xlsx"])
@settings(max_examples=8)
@given(rows=road_rows())
def test_that_roads_come_back_as_they_were(ending, rows):
    back, given_ = there_and_back(Kind.ROADS, rows, ending)
    assert [plain(row, ending) for row in back] == [plain(row, ending) for row in given_]
    assert all(far(one, other) <= 1e-9 for one, other in zip(back, given_, strict=True))


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=8)
@given(rows=case_rows())
def test_that_cases_come_back_with_their_times_and_what_is_missing(ending, rows):
    back, given_ = there_and_back(Kind.CASES, rows, ending)
    empty = POOR | {ending}  # a missing text may come back empty nowhere but here
    assert [plain(row, ".csv" if ending in empty else ending) for row in back] == [
        plain(row, ".csv" if ending in empty else ending) for row in given_
    ]
    for one, other in zip(back, given_, strict=True):
        assert (one["lon"] is None) == (other["lon"] is None)
        if other["lon"] is not None:
            assert abs(one["lon"] - other["lon"]) <= 1e-9
            assert abs(one["lat"] - other["lat"]) <= 1e-9
