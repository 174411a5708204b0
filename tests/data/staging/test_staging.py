"""Large imports: packed R-trees, doubles, journals that were torn, and the swap beside readers."""

from __future__ import annotations

import sqlite3

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from app.data import map_import
from app.data.city_folder import open_city
from app.data.importing import ImportPaused, ImportRequest, import_source
from app.data.map_import import append_rows
from app.data.map_index import MapIndex
from app.data.map_schema import LAYERS
from app.data.pending import cancel_imports, pending_imports
from app.data.readers import derived_uid
from app.data.staging.doubles import near_alike
from app.data.staging.job import Declared, ImportJob
from app.data.staging.meter import Meter
from app.data.staging.notice import noticed, running_import
from app.data.staging.rtree import outward, write_rtree
from app.data.staging.working_copy import open_locked
from app.domain.errors import Busy, InvalidInput
from app.sample.tiny import create_tiny_city

MAPPING = """
name = "supplier"
kind = "parts"
key = ["code"]
crs = "EPSG:4326"
layout = "6+2+2+6"
[columns]
lon = "lon"
lat = "lat"
code = "code"
"""


@pytest.fixture
def folder(tmp_path):
    create_tiny_city(tmp_path / "city").close()
    return tmp_path / "city"


def parts(count, first=0, lon=None):
    """Parts in map columns, a metre apart or at the given longitudes."""
    xs = 121.40 + np.arange(count) * 1.05e-5 if lon is None else np.asarray(lon)
    schema = LAYERS["part"].schema
    rows = [
        dict.fromkeys(schema.names)
        | {
            "uid": derived_uid(f"x:{first + at}").bytes,
            "code": f"310101010100{first + at:04}",
            "class": 0,
            "state": 0,
            "sample": 1,
            "geom": shapely.Point(x, 31.1).wkb,
        }
        for at, x in enumerate(xs.tolist())
    ]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def append(folder, *batches):
    return append_rows(folder, "part", batches, lambda _rows: None)


@settings(max_examples=30)
@given(st.integers(0, 3_000), st.integers(0, 2**32 - 1))
def test_that_a_packed_tree_is_sound_and_finds_what_a_scan_finds(count, seed):
    chance = np.random.default_rng(seed)
    low = chance.normal(121, 5, (count, 2))
    size = chance.random((count, 2)) * chance.choice([0, 1e-6, 0.5])
    boxes = np.column_stack([low[:, 0], low[:, 0] + size[:, 0], low[:, 1], low[:, 1] + size[:, 1]])
    fids = chance.permutation(np.arange(1, 3 * count + 1))[:count]
    db = dbapi2.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
    write_rtree(db, "tree", fids, boxes)
    assert db.execute("SELECT rtreecheck('tree')").fetchone() == ("ok",)
    found = db.execute("SELECT id FROM tree WHERE minx <= 121 AND maxy >= 121").fetchall()
    near = outward(boxes).astype(float)
    wanted = fids[(near[:, 0] <= 121) & (near[:, 3] >= 121)]
    assert {one for (one,) in found} == set(wanted.tolist())
    if count:
        db.execute("INSERT INTO tree VALUES (?, 1, 2, 1, 2)", (3 * count + 2,))
        db.execute("DELETE FROM tree WHERE id = ?", (int(fids[0]),))
        assert db.execute("SELECT rtreecheck('tree')").fetchone() == ("ok",)
    db.close()


@settings(max_examples=60)
@given(
    st.integers(0, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.3, 2.0, 20.0]),
    st.integers(1, 3),
)  # fmt: skip
def test_that_doubles_by_place_are_those_that_comparing_all_would_find(count, seed, span, classes):
    chance = np.random.default_rng(seed)
    metre = 1 / 111_195.0
    y = chance.random(count) * span
    x = chance.random(count) * span
    lat = 31.0 + y * metre
    lon = 121.0 + x * metre / np.cos(np.radians(31.0))
    cls = chance.integers(0, classes, count).astype(np.uint8)
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    apart[np.eye(count, dtype=bool)] = 9.0
    apart[cls[:, None] != cls] = 9.0
    wanted = (apart <= 0.5).any(axis=1)
    sure = ~((apart > 0.499) & (apart < 0.501)).any(axis=1)
    assert np.array_equal(near_alike(lon, lat, cls)[sure], wanted[sure])


@pytest.mark.parametrize("few", [10_000, 100])
def test_that_many_rows_and_few_rows_come_to_the_same(folder, monkeypatch, few):
    monkeypatch.setattr(map_import, "FEW", few)
    first = append(folder, parts(300), parts(300, 300))
    assert (first.added, first.repeated) == (600, 0)
    more = append(folder, parts(200, 500), parts(2, 9_000, lon=[121.5, 121.500001]))
    assert (more.added, more.repeated, more.same_place) == (102, 100, 102)
    assert append(folder, parts(600)).added == 0
    with sqlite3.connect(folder / "map.gpkg") as db:
        assert db.execute("SELECT count(*), count(DISTINCT uid) FROM part").fetchone() == (702, 702)
        assert db.execute("SELECT rtreecheck('rtree_part_geom')").fetchone() == ("ok",)
        told = db.execute("SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'part'")
        assert told.fetchone() == (702,)
        kinds = db.execute(
            "SELECT type, count(*) FROM sqlite_master WHERE tbl_name = 'part' GROUP BY type"
        ).fetchall()
        assert dict(kinds) == {"index": 2, "table": 1, "trigger": 8}
        last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'part'").fetchone()
        assert last[0] >= 702
    db.close()
    assert not [*folder.glob("map.importing*")]


def test_that_rows_follow_a_number_that_a_person_gave(folder, monkeypatch):
    monkeypatch.setattr(map_import, "FEW", 1)
    append(folder, parts(300))
    far = 1 << 31
    with sqlite3.connect(folder / "map.gpkg") as db:
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'part'", (far,))
    db.close()
    assert append(folder, parts(900, 500)).added == 900
    with sqlite3.connect(folder / "map.gpkg") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT rtreecheck('rtree_part_geom')").fetchone() == ("ok",)
        assert db.execute("SELECT max(fid), count(*) FROM part").fetchone() == (far + 900, 1200)
    db.close()


def test_that_doubles_are_told_by_either_way(folder, monkeypatch):
    twice = parts(3, lon=[121.4, 121.4000001, 121.41])
    assert append(folder, twice).same_place == 2
    monkeypatch.setattr(map_import, "FEW", 1)
    again = append(folder, parts(3, 3, lon=[121.4, 121.42, 121.43]))
    assert (again.same_place, again.same_code) == (1, 0)
    codes = parts(2, 50).set_column(1, "code", pa.array(["3101010101000001"] * 2))
    assert append(folder, codes).same_code == 1


def test_that_who_reads_the_map_sees_the_new_one_after_the_swap(folder, monkeypatch):
    monkeypatch.setattr(map_import, "FEW", 1)
    index = MapIndex(folder)
    assert index.part(1) is None
    append(folder, parts(5))
    found = index.part(1)
    assert found is not None
    assert found.code == "3101010101000000"
    index.close()


def test_that_a_failing_import_leaves_the_map_and_no_trace(folder, monkeypatch):
    monkeypatch.setattr(map_import, "FEW", 1)
    before = (folder / "map.gpkg").read_bytes()

    def rows():
        yield parts(5)
        raise InvalidInput("The source ended badly.")

    with pytest.raises(InvalidInput, match="ended badly"):
        append_rows(folder, "part", rows(), lambda _rows: None)
    assert (folder / "map.gpkg").read_bytes() == before
    assert not [*folder.glob("map.importing*")]


def test_that_nobody_writes_beside_an_import(folder, monkeypatch):
    monkeypatch.setattr("app.data.staging.working_copy._WAIT_S", 0.05)
    with open_locked(folder / "map.gpkg"), pytest.raises(Busy):
        append(folder, parts(1))


def test_that_who_writes_beside_an_import_is_told_which_and_how_long(folder, monkeypatch):
    monkeypatch.setattr("app.data.staging.working_copy._WAIT_S", 0.05)
    path = folder / "map.gpkg"
    index = MapIndex(folder)
    with open_locked(path), noticed(path, "parts.csv") as tell:
        assert running_import(path).left_s is None
        with pytest.raises(Busy, match=r"parts\.csv is being imported into the map\."):
            append(folder, parts(1))
        monkeypatch.setattr("app.data.staging.notice._EVERY_S", 0)
        tell(200.0)
        with pytest.raises(Busy, match="about 3 min are left"):
            append(folder, parts(1))
        assert index.root().name
    assert running_import(path) is None
    assert append(folder, parts(1)).added == 1
    index.close()


def test_that_the_notice_of_a_killed_import_counts_for_nothing(folder):
    (folder / "map.importing.json").write_text('{"source": "x.csv", "until": null}')
    assert running_import(folder / "map.gpkg") is None


def test_that_a_torn_journal_costs_only_the_chunk_it_was_writing(tmp_path):
    job = ImportJob(tmp_path / "job", Declared("parts", "0" * 64, "x.csv"))
    job.hold()
    for number in (1, 2, 3):
        job.add(number, [parts(5, number * 5)], {"mark": [number]})
    assert [entry.chunk for entry in job.entries()] == [1, 2, 3]
    job.chunk(3).write_bytes(job.chunk(3).read_bytes()[:-1])
    assert [entry.chunk for entry in job.entries()] == [1, 2]
    journal = tmp_path / "job" / "journal.jsonl"
    journal.write_text(journal.read_text()[:-40])
    assert [entry.chunk for entry in job.entries()] == [1, 2]
    job.trim(job.entries()[:1])
    assert [entry.chunk for entry in job.entries()] == [1]
    job.remove()
    assert not (tmp_path / "job").exists()


def test_that_a_paused_import_waits_goes_on_and_can_be_cancelled(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("app.data.importing.STAGED_BYTES", 1)
    source, mapping = tmp_path / "parts.csv", tmp_path / "supplier.toml"
    lines = [f"310101010100{at:04},{121.4 + at / 10_000},31.1" for at in range(1, 500)]
    source.write_text("\n".join(["code,lon,lat", *lines, "bad,east,31.1", ""]))
    mapping.write_text(MAPPING)
    request = ImportRequest("parts", source, mapping=mapping)
    city = open_city(folder)

    def stop(stage, share):
        if "rows" in stage and share > 0:
            raise KeyboardInterrupt

    with pytest.raises(ImportPaused):
        import_source(city, request, stop)
    assert [one.source for one in pending_imports(city)] == [source]
    assert [one.kind for one in cancel_imports(city, source)] == ["parts"]
    assert pending_imports(city) == []
    with pytest.raises(ImportPaused):
        import_source(city, request, stop)
    told = import_source(city, request, lambda _stage, _share: None)
    assert (told["rows"], told["added"], told["refused"]) == (500, 499, 1)
    assert not (folder / "staging").exists()
    again = import_source(city, request, lambda _stage, _share: None)
    assert (again["added"], again["known"]) == (0, 499)
    city.close()


def test_that_a_source_of_rubbish_leaves_nothing_waiting(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("app.data.importing.STAGED_BYTES", 1)
    source, mapping = tmp_path / "parts.csv", tmp_path / "supplier.toml"
    source.write_text("code,lon,lat\n" + "x,y,z\n" * 30_000)
    mapping.write_text(MAPPING)
    city = open_city(folder)
    with pytest.raises(InvalidInput):
        import_source(city, ImportRequest("parts", source, mapping=mapping), lambda _s, _x: None)
    assert not [*folder.glob("staging/*")]
    city.close()


def test_that_the_meter_tells_rows_speed_and_the_time_left():
    now = iter(range(100))
    told = []
    meter = Meter("parts", lambda stage, share: told.append((stage, share)), lambda: next(now))
    meter.read(100, 1000)
    meter.stored(5_000)
    meter.read(500, 1000)
    meter.end()
    assert "5,000 rows" in told[-2][0]
    assert "left" in told[-2][0]
    assert told[-1][1] == 1.0
    assert [share for _, share in told] == sorted(share for _, share in told)
