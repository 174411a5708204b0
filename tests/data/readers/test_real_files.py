"""Every real file goes in: so many rows, so many refused and why, and a second run adds none."""

from collections import Counter

import pyarrow as pa
import pytest
import shapely

from app.data.readers import Kind, derived_uid, read
from app.data.readers.classes import part_classes

pytestmark = pytest.mark.shared_data

TURNED = "lon, lat: the sign of its longitude is wrong"
CUT = "geometry: a node of it is not in the extract"
OPEN = "geometry: its outline is not closed in the extract"

# kind, file, declared CRS, rows taken, repeated, refused by reason
FILES = [
    (Kind.AREAS, "shanghai/districts.geojson", None, 16, 0, {}),
    (Kind.AREAS, "shanghai/districts_detailed.geojson", None, 16, 0, {}),
    (Kind.AREAS, "shanghai/streets_osm.geojson", None, 119, 0, {}),
    (Kind.CASES, "cases/pingshan_2018.csv", None, 7000, 0, {}),
    (Kind.CASES, "cases/baltimore_311.csv", None, 8000, 0, {}),
    (Kind.COMPLAINTS, "complaints/messages_7_classes.xlsx", None, 296, 1, {}),
    (Kind.COMPLAINTS, "complaints/messages_with_likes.xlsx", None, 4326, 0, {}),
    (Kind.COMPLAINTS, "complaints/messages_with_replies.csv", None, 2000, 0, {}),
    (Kind.MATTERS, "complaints/taxonomy_3_levels.xlsx", None, 517, 0, {}),
    (Kind.PLACES, "shanghai/poi_bus.csv", "WGS84", 10126, 0, {}),
    (Kind.PLACES, "shanghai/poi_food.csv", "WGS84", 14338, 0, {}),
    (Kind.PLACES, "shanghai/poi_hospital.csv", "WGS84", 7453, 0, {}),
    (Kind.PLACES, "shanghai/poi_school.csv", "WGS84", 6091, 0, {}),
    (Kind.PLACES, "shanghai/poi_urban.csv", "WGS84", 405, 0, {}),
    (Kind.PARTS, "parts/nyc_hydrants.csv", None, 5000, 0, {}),
    (Kind.PARTS, "parts/nyc_street_trees.csv", None, 5000, 0, {}),
    (Kind.PARTS, "parts/vancouver_alltrees.mbtiles", None, 44332, 3989, {TURNED: 4}),
    (Kind.PARTS, "osm/Helsinki.osm.pbf", None, 4378, 0, {}),
    (Kind.PARTS, "osm/andorra.osm.pbf", None, 902, 0, {}),
    (Kind.PARTS, "osm/berlin-siegessaeule.osm.gz", None, 229, 0, {}),
    (Kind.PARTS, "osm/monaco.osm.gz", None, 250, 0, {}),
    (Kind.PARTS, "shanghai/center_roads.osm", None, 288, 0, {}),
    (Kind.ROADS, "osm/Helsinki.osm.pbf", None, 996, 0, {CUT: 65}),
    (Kind.ROADS, "osm/andorra.osm.pbf", None, 1343, 0, {}),
    (Kind.ROADS, "osm/berlin-siegessaeule.osm.gz", None, 40, 0, {}),
    (Kind.ROADS, "osm/monaco.osm.gz", None, 546, 0, {}),
    (Kind.ROADS, "shanghai/center_roads.osm", None, 796, 0, {}),
    (Kind.BUILDINGS, "osm/Helsinki.osm.pbf", None, 446, 0, {OPEN: 54}),
    (Kind.BUILDINGS, "osm/andorra.osm.pbf", None, 292, 0, {OPEN: 2}),
    (Kind.BUILDINGS, "osm/berlin-siegessaeule.osm.gz", None, 5, 0, {}),
    (Kind.BUILDINGS, "osm/monaco.osm.gz", None, 966, 0, {}),
    (Kind.BUILDINGS, "city3d/footprints_kawasaki.json", None, 1374, 0, {}),
    (Kind.PLACES, "osm/Helsinki.osm.pbf", None, 1433, 0, {}),
    (Kind.PLACES, "osm/andorra.osm.pbf", None, 188, 0, {}),
    (Kind.PLACES, "osm/berlin-siegessaeule.osm.gz", None, 5, 0, {}),
    (Kind.PLACES, "osm/monaco.osm.gz", None, 97, 0, {}),
]


def table(stream):
    return pa.Table.from_batches(list(stream), schema=stream.schema)


@pytest.mark.parametrize(("kind", "name", "crs", "taken", "repeated", "reasons"), FILES)
def test_that_a_real_file_goes_in_whole_and_a_second_run_adds_nothing(
    shared_data, tmp_path, kind, name, crs, taken, repeated, reasons
):
    stream = read(kind, shared_data / name, crs=crs)
    rows = table(stream)
    told = stream.summary()
    assert (told.taken, told.repeated, told.reasons) == (taken, repeated, reasons)
    assert told.read == taken + repeated + sum(reasons.values())
    uids = set(rows["uid"].to_pylist())
    assert len(uids) == taken == rows.num_rows
    listed = stream.write_rejects(tmp_path / "rejected.csv")
    assert (listed is not None) == bool(reasons)
    again = read(kind, shared_data / name, crs=crs, batch_rows=777)
    assert set(table(again)["uid"].to_pylist()) - uids == set()


def test_that_the_streets_carry_official_names_and_codes(shared_data):
    rows = table(read("areas", shared_data / "shanghai/streets_osm.geojson")).to_pylist()
    assert sum(bool(row["code"]) for row in rows) == 118
    by_code = {row["code"]: row["name"] for row in rows}
    assert by_code["310115009"] == "上钢新村街道"
    assert {row["tier"] for row in rows} == {"street"}
    shapes = shapely.from_wkb([row["geom"] for row in rows])
    assert set(shapely.get_type_id(shapes)) == {6}
    assert shapely.is_valid(shapes).all()


def test_that_pingshan_has_three_levels_of_matters_and_times_in_utc(shared_data):
    stream = read("cases", shared_data / "cases/pingshan_2018.csv")
    rows = table(stream).to_pylist()
    assert [len({row[level] for row in rows}) for level in ("matter1", "matter3")] == [18, 347]
    first = rows[0]
    assert first["reported_at"].isoformat() == "2018-02-08T07:34:40+00:00"
    assert first["address"] is None
    assert sum(row["unit"] is None for row in rows) == 14
    assert stream.summary().encoding == "UTF-8"


def test_that_baltimore_is_read_in_its_own_time_and_without_places_that_are_none(shared_data):
    rows = table(read("cases", shared_data / "cases/baltimore_311.csv")).to_pylist()
    assert rows[0]["reported_at"].isoformat() == "2014-01-01T08:53:10+00:00"
    assert sum(row["lon"] is None for row in rows) == 450 + 425
    assert sum(row["closed_at"] is None for row in rows) == 95
    assert {row["source_key"] for row in rows} > {"baltimore_311:14-00000116"}


def test_that_helsinki_yields_its_lamps_trees_and_hydrants(shared_data):
    stream = read("parts", shared_data / "osm/Helsinki.osm.pbf")
    counts = Counter(table(stream)["class"].to_pylist())
    index = part_classes()
    assert counts[index["路灯"]] == 586
    assert counts[index["行道树"]] == 649
    assert counts[index["消防设施"]] == 37
    assert "highway=crossing (620)" in stream.summary().notes[0]


def test_that_helsinki_buildings_have_storeys_and_floors(shared_data):
    rows = table(read("buildings", shared_data / "osm/Helsinki.osm.pbf")).to_pylist()
    tall = [row for row in rows if row["storeys"] > 0]
    assert len(tall) == 154
    assert all(row["floor_m2"] > 0 for row in rows)
    ateneum = next(row for row in rows if row["name"] == "Ateneum")
    assert ateneum["storeys"] == 3
    assert 10_000 < ateneum["floor_m2"] < 30_000


def test_that_trees_of_new_york_keep_state_species_and_day(shared_data):
    rows = table(read("parts", shared_data / "parts/nyc_street_trees.csv")).to_pylist()
    assert Counter(row["state"] for row in rows) == {0: 4794, 1: 100, 2: 106}
    assert rows[0]["initial_date"] == "2015-08-27"
    assert '"spc_latin": "Acer rubrum"' in rows[0]["attrs"]


def test_that_vancouver_trees_come_out_of_vector_tiles(shared_data):
    stream = read("parts", shared_data / "parts/vancouver_alltrees.mbtiles")
    rows = table(stream)
    told = stream.summary()
    assert told.read == 48325
    assert told.crs == "EPSG:3857"
    west, south, east, north = told.extent
    assert -123.3 < west < east < -123.0
    assert 49.1 < south < north < 49.4
    assert rows["uid"][0].as_py() != rows["uid"][1].as_py()


def test_that_the_messages_keep_words_class_and_reply(shared_data):
    stream = read("complaints", shared_data / "complaints/messages_with_replies.csv")
    rows = table(stream).to_pylist()
    assert rows[0]["words"] == "残疾人真的很可怜，请政府支持，谢谢。"
    assert rows[0]["reported_at"].isoformat() == "2011-04-02T10:00:54+00:00"
    assert all(row["reply"] for row in rows)
    classed = table(read("complaints", shared_data / "complaints/messages_7_classes.xlsx"))
    assert len(set(classed["matter1"].to_pylist())) == 7


def test_that_most_addresses_of_real_places_have_a_road(shared_data):
    rows = table(read("places", shared_data / "shanghai/poi_food.csv", crs="WGS84")).to_pylist()
    assert (rows[0]["road"], rows[0]["number"]) == ("南京西路", "170")
    assert sum(bool(row["road"]) for row in rows) > 0.9 * len(rows)


def test_that_places_declared_in_another_system_move(shared_data):
    path = shared_data / "shanghai/poi_urban.csv"
    plain = table(read("places", path, crs="WGS84"))["geom"].to_pylist()
    shifted = table(read("places", path, crs="GCJ-02"))["geom"].to_pylist()
    gap = shapely.distance(shapely.from_wkb(plain), shapely.from_wkb(shifted)) * 111_000
    assert gap.min() > 400


def test_that_a_known_row_has_the_uid_it_will_always_have(shared_data):
    rows = table(read("parts", shared_data / "parts/nyc_hydrants.csv"))
    assert derived_uid("nyc_hydrants:H425919a").bytes == rows["uid"][0].as_py()
    assert str(derived_uid("nyc_hydrants:H425919a")) == "00dc6acf-ac00-7c67-95d6-4683cef8c593"
