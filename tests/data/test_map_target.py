"""Rows come into a map once, find their grid and parent, and leave it alone when nothing is new."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest
import shapely

from app.data.city import SqlCity
from app.data.exporting import export_city
from app.data.importing import ImportRequest, import_source
from app.data.map_schema import LAYERS
from app.data.map_target import MapTables, map_target
from app.data.postgis_source import map_token
from app.domain.errors import InvalidInput
from app.domain.identity import uuid7
from app.sample.complete import complete_city
from app.sample.tiny import create_tiny_city, tiny_uid


def quiet(*_shown: object) -> None:
    """Show nothing."""


def batch(layer: str, *rows: dict[str, object]) -> pa.RecordBatch:
    schema = LAYERS[layer].schema
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.RecordBatch.from_pylist(full, schema=schema)


def part(number: int, lon: float) -> dict[str, object]:
    return {"uid": uuid7(4, number).bytes, "code": f"{number:016d}", "class": 1, "state": 0,
            "sample": 1, "geom": shapely.Point(lon, 31.13).wkb}  # fmt: skip


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.postgres)])
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlCity]:
    """The tiny city, local and remote: what is promised holds on both."""
    postgres = request.param == "postgres"
    place = request.getfixturevalue("postgres_url") if postgres else tmp_path / "city"
    city = create_tiny_city(place)
    yield city
    city.close()


@pytest.fixture
def tables(city: SqlCity) -> MapTables:
    """Its map."""
    return map_target(city)


def uids(tables: MapTables, column: str) -> list[bytes | None]:
    found = tables.ask(f"SELECT {column} FROM part ORDER BY code")
    return [bytes(row[0]) if row[0] else None for row in found]


def test_that_rows_go_in_once_and_learn_their_grid(tables: MapTables) -> None:
    rows = [batch("part", part(1, 121.42), part(2, 121.46), part(3, 10.0)), batch("part")]
    first = tables.append("part", rows, quiet)
    again = tables.append("part", rows, quiet)
    assert (first.added, first.repeated, first.outside) == (3, 0, 1)
    assert (again.added, again.repeated) == (0, 3)
    assert uids(tables, "grid_uid") == [tiny_uid(3, 0).bytes, tiny_uid(3, 1).bytes, None]


def test_that_a_row_that_comes_twice_in_one_import_goes_in_once(tables: MapTables) -> None:
    added = tables.append("part", [batch("part", part(1, 121.42), part(1, 121.42))], quiet)
    assert (added.added, added.repeated) == (1, 1)


def test_that_imported_areas_find_their_parent(tables: MapTables) -> None:
    shape = shapely.MultiPolygon([shapely.box(121.51, 31.11, 121.52, 31.12)])
    row = {"uid": uuid7(5, 1).bytes, "tier": "street", "code": "310104999", "name": "新街道",
           "valid_from": "2026-01-01T00:00:00+00:00", "platform": 1, "sample": 1,
           "geom": shape.wkb}  # fmt: skip
    tables.append("area", [batch("area", row)], quiet)
    ((parent,),) = tables.ask("SELECT parent_uid FROM area WHERE code = '310104999'")
    assert UUID(bytes=bytes(parent)) == tiny_uid(1, 1)


def test_that_a_failed_import_leaves_the_map_as_it_was(tables: MapTables) -> None:
    def rows() -> Iterator[pa.RecordBatch]:
        yield batch("part", part(1, 121.42))
        raise InvalidInput("row 2 is bad", field="code")

    with pytest.raises(InvalidInput):
        tables.append("part", rows(), quiet)
    assert tables.ask("SELECT count(*) FROM part") == [(0,)]


def test_that_an_unknown_layer_is_named(tables: MapTables) -> None:
    with pytest.raises(InvalidInput, match="rivers"):
        tables.append("rivers", [], quiet)


def test_that_a_file_goes_in_once_with_its_refusals_beside_it_and_comes_out(
    city: SqlCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a remote city lists refused rows in the working folder
    source = tmp_path / "places.csv"
    source.write_text(
        "name,address,adname,pname,type,lat,lon\n新点,汾阳路9号,黄浦区,上海市,店,31.14,121.43\n"
        "坏点,汾阳路8号,黄浦区,上海市,店,31.14,abc\n",
        "utf-8",
    )
    wanted = ImportRequest("places", source, "EPSG:4326")
    first, again = (import_source(city, wanted, quiet) for _ in range(2))
    assert (first["added"], first["refused"]) == (1, 1)
    assert "no number" in Path(str(first["rejects"])).read_text("utf-8")
    assert (again["added"], again["known"]) == (0, 1)
    out = tmp_path / "places.geojson"
    assert export_city(city, "places", out, quiet)["rows"] == 5
    assert "新点" in {one["properties"]["name"] for one in json.loads(out.read_text())["features"]}


def test_that_completing_adds_grids_to_streets_without_and_nothing_twice(
    city: SqlCity, tables: MapTables
) -> None:
    shape = shapely.MultiPolygon([shapely.box(121.51, 31.31, 121.53, 31.33)])
    row = {"uid": uuid7(5, 1).bytes, "tier": "street", "code": "310104999", "name": "新街道",
           "valid_from": "2026-01-01T00:00:00+00:00", "platform": 1, "sample": 1,
           "parent_uid": tiny_uid(1, 1).bytes, "geom": shape.wkb}  # fmt: skip
    tables.append("area", [batch("area", row)], quiet)
    place = city.folder or city.engine.url.set(drivername="postgresql").render_as_string(
        hide_password=False
    )
    assert complete_city(city, place, 1, quiet)["grids"] > 10
    assert complete_city(city, place, 1, quiet)["grids"] == 0


def test_that_a_remote_map_is_left_alone_when_nothing_is_new(postgres_url: str) -> None:
    city = create_tiny_city(postgres_url)
    tables = map_target(city)
    tables.append("part", [batch("part", part(1, 121.42))], quiet)
    before = map_token(city.engine, "test")
    tables.append("part", [batch("part", part(1, 121.42))], quiet)
    assert map_token(city.engine, "test") == before
    city.close()
