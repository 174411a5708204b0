"""Real files into a city: rows in, rows refused with reasons, a second run adds nothing."""

from __future__ import annotations

import pytest

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
    assert answer(Since(0), city, NOW).revision == revision


@pytest.mark.shared_data
def test_that_imported_cases_can_be_found_and_counted(city, shared_data):
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


def test_that_refused_rows_find_a_place_where_the_source_cannot_be_written_beside(
    city, tmp_path, monkeypatch
):
    source = tmp_path / "places.csv"
    rows = ["name,address,adname,pname,type,lat,lon"]
    rows += [f"店{n},路{n}号,黄浦区,上海市,餐饮,{31.12 if n else 'north'},121.42" for n in range(4)]
    source.write_text("\n".join(rows) + "\n", "utf-8")
    (tmp_path / "places.csv.rejected.csv").mkdir()
    summary = take(city, "places", source, crs="EPSG:4326")
    assert (summary["added"], summary["refused"]) == (3, 1)
    assert summary["rejects"].startswith(str(city.folder))
