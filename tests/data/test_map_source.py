"""The map comes out in columns as it went in: points, rings, holes, kinds, names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from app.data.bulk import empty_tables, write_map
from app.data.engine import postgres_engine
from app.data.map_print import fingerprint
from app.data.map_schema import LAYERS
from app.data.map_source import GeoPackageSource
from app.data.postgis_bulk import write_postgis
from app.data.postgis_source import PostgisSource, map_token
from app.domain.errors import StorageFailure
from app.domain.geodesy import SHANGHAI
from app.domain.map_columns import AREA_TIERS, ROAD_KINDS, SITE_KINDS, MapSource

Make = Callable[[dict[str, list[pa.RecordBatch]]], MapSource]


def batch(layer: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    schema = LAYERS[layer].schema
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.RecordBatch.from_pylist(full, schema=schema)


def area(number: int, tier: str, shape: shapely.Geometry, valid_to: str | None = None) -> Any:
    return {
        "uid": bytes([number] * 16), "tier": tier, "code": str(number), "name": f"区{number}",
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": valid_to, "platform": 1, "sample": 1,
        "geom": shape.wkb,
    }  # fmt: skip


def tables() -> dict[str, list[pa.RecordBatch]]:
    outer = shapely.box(121.4, 31.1, 121.6, 31.3)
    holed = outer.difference(shapely.box(121.45, 31.15, 121.5, 31.2))
    two = shapely.MultiPolygon(
        [shapely.box(121.4, 31.1, 121.41, 31.11), shapely.box(121.5, 31.2, 121.51, 31.21)]
    )
    areas = [
        area(1, "city", shapely.MultiPolygon([holed])),
        area(2, "district", two),
        area(3, "grid", shapely.MultiPolygon([outer]), "2026-02-01T00:00:00Z"),
    ]
    line = shapely.LineString([(121.4, 31.1), (121.5, 31.2), (121.6, 31.2)])
    road = {"uid": b"r" * 16, "name": "汾阳路", "kind": "arterial", "width": 24.0}
    parts = [
        {"uid": bytes([i] * 16), "class": i, "state": 1, "geom": place.wkb}
        for i, place in enumerate(shapely.points([121.4] * 3, [31.1, 31.11, 31.12]))
    ]
    return empty_tables() | {
        "area": [batch("area", areas)],
        "road": [batch("road", [{**road, "geom": line.wkb, "sample": 1}])],
        "part": [batch("part", parts)],
    }


def quiet(_stage: str, _share: float) -> None:
    """Say nothing."""


@pytest.fixture(params=["gpkg", pytest.param("postgis", marks=pytest.mark.postgres)])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """A maker of sources over given tables: what is promised holds for both kinds."""
    if request.param == "gpkg":
        count = itertools.count()

        def in_folder(given: dict[str, list[pa.RecordBatch]]) -> MapSource:
            folder = tmp_path / str(next(count))
            folder.mkdir()
            write_map(folder / "map.gpkg", given, quiet)
            return GeoPackageSource(folder, SHANGHAI, sample=True)

        yield in_folder
        return
    engine = postgres_engine(request.getfixturevalue("postgres_url"))

    def in_database(given: dict[str, list[pa.RecordBatch]]) -> MapSource:
        with engine.begin() as connection:
            for name in LAYERS:
                connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
        write_postgis(engine, given, quiet)
        return PostgisSource(engine, "test", SHANGHAI, sample=True)

    yield in_database
    engine.dispose()


@pytest.fixture
def source(made: Make) -> MapSource:
    """The small map of `tables`."""
    return made(tables())


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A folder with the small map."""
    write_map(tmp_path / "map.gpkg", tables(), quiet)
    return tmp_path


def test_that_parts_keep_place_class_and_row(source: MapSource) -> None:
    (parts,) = source.parts()
    assert parts.lon.tolist() == pytest.approx([121.4] * 3)
    assert parts.lat.tolist() == pytest.approx([31.1, 31.11, 31.12])
    assert (parts.cls.tolist(), parts.state.tolist()) == ([0, 1, 2], [1, 1, 1])
    assert parts.fid.tolist() == [1, 2, 3]


def test_that_lines_keep_kind_width_and_name(source: MapSource) -> None:
    roads = source.shapes("road")
    assert roads.ring_off.tolist() == [0, 3]
    assert roads.feature_off.tolist() == [0, 1]
    assert ROAD_KINDS[roads.kind[0]] == "arterial"
    assert (roads.width[0], roads.texts["name"][0]) == (24.0, "汾阳路")


def test_that_pipes_come_with_all_their_vertices(made: Make) -> None:
    lines = [
        shapely.LineString([(121.4, 31.1), (121.5, 31.2)]),
        shapely.LineString([(121.4, 31.1), (121.41, 31.1), (121.42, 31.1)]),
    ]
    rows = [
        {"uid": bytes([i] * 16), "kind": 3 + i, "diameter": 300.0, "length_m": 9.0, "geom": one.wkb}
        for i, one in enumerate(lines)
    ]
    for chosen in (rows, rows[:1]):
        (pipes,) = made(empty_tables() | {"pipe": [batch("pipe", chosen)]}).pipes()
        true = np.concatenate([shapely.get_coordinates(one) for one in lines[: len(chosen)]])
        assert np.array_equal(pipes.coords, true)
        assert pipes.line_off.tolist() == [0, 2, 5][: len(chosen) + 1]
        assert pipes.kind.tolist() == [3, 4][: len(chosen)]
        assert set(pipes.size) == {300.0}


def test_that_sites_and_stations_are_points_with_names(made: Make) -> None:
    at = shapely.Point(121.45, 31.15).wkb
    given = empty_tables()
    named = {"uid": b"s" * 16, "name": "一号工地", "kind": "市政", "geom": at}
    given["site"] = [batch("site", [named, {**named, "kind": "?", "uid": b"t" * 16}])]
    given["place"] = [
        batch("place", [{**named, "kind": "station"}, {**named, "kind": "door", "uid": b"d" * 16}])
    ]  # fmt: skip
    points = made(given)
    sites = points.points("site")
    assert sites.name.tolist() == ["一号工地"] * 2
    assert sites.kind.tolist() == [1, len(SITE_KINDS)]
    assert (sites.lon[0], sites.lat[0]) == pytest.approx((121.45, 31.15))
    assert len(points.points("station")) == 1
    assert len(made(empty_tables()).points("site")) == 0


def test_that_areas_keep_holes_and_all_their_pieces(source: MapSource) -> None:
    areas = source.shapes("area")
    assert [AREA_TIERS[kind] for kind in areas.kind] == ["city", "district"]
    assert areas.feature_off.tolist() == [0, 2, 4]
    assert areas.hole.tolist() == [False, True, False, False]
    assert bytes(areas.uid[1]) == bytes([2] * 16)


def test_that_an_area_of_the_past_is_not_drawn(source: MapSource) -> None:
    assert 3 not in source.shapes("area").fid


def test_that_an_empty_layer_is_no_shapes(source: MapSource) -> None:
    assert len(source.shapes("building")) == 0


def test_that_the_fingerprint_changes_with_the_file(city: Path) -> None:
    before = fingerprint(city)
    assert fingerprint(city) == before
    (city / "map.gpkg").write_bytes((city / "map.gpkg").read_bytes() + b" ")
    assert fingerprint(city) != before


def test_that_a_missing_map_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageFailure, match=r"map\.gpkg"):
        fingerprint(tmp_path)


def test_that_columns_are_contiguous(source: MapSource) -> None:
    (parts,) = source.parts()
    assert all(np.asarray(one).flags.c_contiguous for one in (parts.lon, parts.cls, parts.fid))


def test_that_the_token_of_a_remote_map_changes_with_its_rows(postgres_url: str) -> None:
    engine = postgres_engine(postgres_url)
    write_postgis(engine, tables(), quiet)
    before = map_token(engine, "test")
    assert map_token(engine, "test") == before
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE part SET state = 2 WHERE fid = 1")
    assert map_token(engine, "test") != before
    engine.dispose()
