"""Real files into a city: rows in, rows refused with reasons, a second run adds nothing."""

from __future__ import annotations

import pytest

from app.assembly.gazetteers import give_gazetteer
from app.data.importing import ImportRequest, import_source
from app.domain.errors import InvalidInput, NotFound
from app.sample.tiny import create_tiny_city
from app.services.questions import ListCases, Search, Since, answer
from app.services.views import CaseQuery

NOW = 1_795_000_000_000


@pytest.fixture
def city(tmp_path):
    city = create_tiny_city(tmp_path / "city")
    yield city
    city.close()


def take(city, kind, source, **more):
    return import_source(city, ImportRequest(kind, source, **more), lambda _name, _share: None)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("kind", "name", "more", "added", "refused"),
    [
        ("areas", "shanghai/streets_osm.geojson", {}, 119, 0),
        ("places", "shanghai/poi_hospital.csv", {"crs": "EPSG:4326"}, None, None),
        ("parts", "parts/nyc_hydrants.csv", {"crs": "EPSG:4326"}, None, None),
        ("parts", "osm/Helsinki.osm.pbf", {}, None, None),
        ("cases", "cases/pingshan_2018.csv", {}, 7000, 0),
        ("cases", "cases/baltimore_311.csv", {"crs": "EPSG:4326"}, None, None),
    ],
)
def test_that_a_real_file_goes_in_once(
    city, shared_data, tmp_path, kind, name, more, added, refused
):
    source = tmp_path / name.split("/")[-1]
    source.symlink_to(shared_data / name)
    first = take(city, kind, source, **more)
    assert (
        first["rows"]
        == first["added"] + first["known"] + first["repeated_in_file"] + first["refused"]
    )
    assert first["added"] > 0
    if added is not None:
        assert (first["added"], first["refused"]) == (added, refused)
    revision = answer(Since(0), city, NOW).revision
    again = take(city, kind, source, **more)
    assert again["added"] == 0
    told = ("rows", "refused", "repeated_in_file")
    assert {name: again[name] for name in told} == {name: first[name] for name in told}
    assert again["known"] == first["added"] + first["known"]
    assert answer(Since(0), city, NOW).revision == revision


@pytest.mark.shared_data
def test_that_imported_cases_can_be_found_and_counted(city, shared_data):
    give_gazetteer(city)
    take(city, "cases", shared_data / "cases/pingshan_2018.csv")
    page = answer(ListCases(CaseQuery(tab="closed", now_ms=NOW, limit=10)), city, NOW)
    assert page.total >= 1000
    assert page.rows[0].matter_name
    assert answer(Search("侵占绿地"), city, NOW)


def test_that_an_unknown_kind_is_named_with_the_known_ones(city, tmp_path):
    with pytest.raises(InvalidInput, match="parts"):
        take(city, "dreams", tmp_path / "x.csv")
    with pytest.raises(NotFound) as caught:
        take(city, "parts", tmp_path / "none.csv")
    assert caught.value.field == "source"


def test_that_refused_rows_are_listed_in_the_city_and_not_beside_the_source(city, tmp_path):
    source = tmp_path / "theirs" / "places.csv"
    source.parent.mkdir()
    rows = ["name,address,adname,pname,type,lat,lon"]
    rows += [f"店{n},路{n}号,黄浦区,上海市,餐饮,{31.12 if n else 'north'},121.42" for n in range(4)]
    source.write_text("\n".join(rows) + "\n", "utf-8")
    summary = take(city, "places", source, crs="EPSG:4326")
    assert (summary["added"], summary["refused"]) == (3, 1)
    listed = city.folder / "rejects" / "places.csv.rejected.csv"
    assert summary["rejects"] == str(listed)
    assert "north" in listed.read_text("utf-8-sig")
    assert list(source.parent.iterdir()) == [source]


LAMPS = """
name = "lamps"
kind = "parts"
key = ["id"]
[columns]
lon = "x"
lat = "y"
code = "code"
[constants]
class = "0101"
"""


def lamps(tmp_path, places, codes=None):
    """Write a source of lamps at `places` (x, y as written) with its mapping."""
    source, mapping = tmp_path / "lamps.csv", tmp_path / "lamps.toml"
    rows = [f"{at},{x},{y},{codes[at] if codes else ''}" for at, (x, y) in enumerate(places)]
    source.write_text("\n".join(["id,x,y,code", *rows, ""]))
    mapping.write_text(LAMPS)
    return {"source": source, "mapping": mapping}


@pytest.mark.parametrize(
    ("crs", "place", "said"),
    [
        ("WGS84", (31.12, 121.42), "exchanged"),
        ("WGS84", (497_000, 3_450_000), "metres, not degrees"),
        ("EPSG:4549", (121.42, 31.12), "degrees, not metres"),
        ("EPSG:4549", (3_445_000, 635_500), "exchanged"),
        ("GCJ-02", (31.12, 121.42), "exchanged"),
    ],
)
def test_that_turned_axes_and_wrong_units_are_told_and_nothing_goes_in(
    city, tmp_path, crs, place, said
):
    wanted = lamps(tmp_path, [place] * 3)
    with pytest.raises(InvalidInput, match=said) as caught:
        take(city, "parts", crs=crs, **wanted)
    assert caught.value.field == "--crs"
    assert take(city, "parts", crs="WGS84", **lamps(tmp_path, [(121.42, 31.12)]))["known"] == 0


def test_that_doubles_by_code_and_by_place_are_reported_and_taken(city, tmp_path):
    places = [(121.42, 31.12), (121.420001, 31.12), (121.43, 31.13), (121.44, 31.13)]
    codes = ["3101010101000001", "3101010101000002", "3101010101000002", "3101010101000003"]
    told = take(city, "parts", crs="WGS84", layout="6+2+2+6", **lamps(tmp_path, places, codes))
    assert (told["added"], told["codes_borne_twice"], told["places_taken_twice"]) == (4, 1, 2)


@pytest.mark.parametrize(
    ("layout", "code", "added"),
    [
        ("6+2+2+6", "3101010101000001", 1),
        ("6+2+3+5", "3101010100100001", 1),
        ("6+2+2+6", "3101010100100001", 0),
    ],
)
def test_that_a_data_set_declares_the_layout_of_its_codes(city, tmp_path, layout, code, added):
    wanted = lamps(tmp_path, [(121.42, 31.12)], [code])
    assert take(city, "parts", crs="WGS84", layout=layout, **wanted)["added"] == added
    with pytest.raises(InvalidInput, match="layout"):
        take(city, "parts", crs="WGS84", **wanted)
