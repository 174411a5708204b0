"""The map comes out in columns as it went in: points, rings, holes, kinds, names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from app.data.bulk import empty_tables, write_map
from app.data.map_schema import LAYERS
from app.data.map_source import GeoPackageSource, fingerprint
from app.domain.errors import StorageFailure
from app.domain.geodesy import SHANGHAI
from app.domain.map_columns import AREA_TIERS, ROAD_KINDS, SITE_KINDS


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


@pytest.fixture
def city(tmp_path: Path) -> Path:
    outer = shapely.box(121.4, 31.1, 121.6, 31.3)
    holed = outer.difference(shapely.box(121.45, 31.15, 121.5, 31.2))
    two = shapely.MultiPolygon(
        [shapely.box(121.4, 31.1, 121.41, 31.11), shapely.box(121.5, 31.2, 121.51, 31.21)]
    )
    tables = empty_tables()
    tables["area"] = [
        batch(
            "area",
            [
                area(1, "city", shapely.MultiPolygon([holed])),
                area(2, "district", two),
                area(3, "grid", shapely.MultiPolygon([outer]), "2026-02-01T00:00:00Z"),
            ],
        )
    ]
    line = shapely.LineString([(121.4, 31.1), (121.5, 31.2), (121.6, 31.2)])
    road = {"uid": b"r" * 16, "name": "汾阳路", "kind": "arterial", "width": 24.0}
    tables["road"] = [batch("road", [{**road, "geom": line.wkb, "sample": 1}])]
    parts = [
        {"uid": bytes([i] * 16), "class": i, "state": 1, "geom": place.wkb}
        for i, place in enumerate(shapely.points([121.4] * 3, [31.1, 31.11, 31.12]))
    ]
    tables["part"] = [batch("part", parts)]
    write_map(tmp_path / "map.gpkg", tables, lambda _stage, _share: None)
    return tmp_path


def source(city: Path) -> GeoPackageSource:
    return GeoPackageSource(city, SHANGHAI, sample=True)


def test_that_parts_keep_place_class_and_row(city: Path) -> None:
    (parts,) = source(city).parts()
    assert parts.lon.tolist() == pytest.approx([121.4] * 3)
    assert parts.lat.tolist() == pytest.approx([31.1, 31.11, 31.12])
    assert (parts.cls.tolist(), parts.state.tolist()) == ([0, 1, 2], [1, 1, 1])
    assert parts.fid.tolist() == [1, 2, 3]


def test_that_lines_keep_kind_width_and_name(city: Path) -> None:
    roads = source(city).shapes("road")
    assert roads.ring_off.tolist() == [0, 3]
    assert roads.feature_off.tolist() == [0, 1]
    assert ROAD_KINDS[roads.kind[0]] == "arterial"
    assert (roads.width[0], roads.texts["name"][0]) == (24.0, "汾阳路")


def test_that_pipes_come_with_all_their_vertices(city: Path) -> None:
    lines = [
        shapely.LineString([(121.4, 31.1), (121.5, 31.2)]),
        shapely.LineString([(121.4, 31.1), (121.41, 31.1), (121.42, 31.1)]),
    ]
    rows = [
        {"uid": bytes([i] * 16), "kind": 3 + i, "diameter": 300.0, "length_m": 9.0, "geom": one.wkb}
        for i, one in enumerate(lines)
    ]
    tables = empty_tables()
    for folder, chosen in ((city / "two", rows), (city / "one", rows[:1])):
        folder.mkdir()
        tables["pipe"] = [batch("pipe", chosen)]
        write_map(folder / "map.gpkg", tables, lambda _stage, _share: None)
        (pipes,) = source(folder).pipes()
        true = np.concatenate([shapely.get_coordinates(one) for one in lines[: len(chosen)]])
        assert np.array_equal(pipes.coords, true)
        assert pipes.line_off.tolist() == [0, 2, 5][: len(chosen) + 1]
        assert pipes.kind.tolist() == [3, 4][: len(chosen)]
        assert set(pipes.size) == {300.0}


def test_that_sites_and_stations_are_points_with_names(city: Path) -> None:
    at = shapely.Point(121.45, 31.15).wkb
    tables = empty_tables()
    named = {"uid": b"s" * 16, "name": "一号工地", "kind": "市政", "geom": at}
    tables["site"] = [batch("site", [named, {**named, "kind": "?", "uid": b"t" * 16}])]
    tables["place"] = [
        batch("place", [{**named, "kind": "station"}, {**named, "kind": "door", "uid": b"d" * 16}])
    ]  # fmt: skip
    (city / "points").mkdir()
    write_map(city / "points" / "map.gpkg", tables, lambda _stage, _share: None)
    sites = source(city / "points").points("site")
    assert sites.name.tolist() == ["一号工地"] * 2
    assert sites.kind.tolist() == [1, len(SITE_KINDS)]
    assert (sites.lon[0], sites.lat[0]) == pytest.approx((121.45, 31.15))
    assert len(source(city / "points").points("station")) == 1
    assert len(source(city).points("site")) == 0


def test_that_areas_keep_holes_and_all_their_pieces(city: Path) -> None:
    areas = source(city).shapes("area")
    assert [AREA_TIERS[kind] for kind in areas.kind] == ["city", "district"]
    assert areas.feature_off.tolist() == [0, 2, 4]
    assert areas.hole.tolist() == [False, True, False, False]
    assert bytes(areas.uid[1]) == bytes([2] * 16)


def test_that_an_area_of_the_past_is_not_drawn(city: Path) -> None:
    assert 3 not in source(city).shapes("area").fid


def test_that_an_empty_layer_is_no_shapes(city: Path) -> None:
    assert len(source(city).shapes("building")) == 0


def test_that_the_fingerprint_changes_with_the_file(city: Path) -> None:
    before = fingerprint(city)
    assert fingerprint(city) == before
    (city / "map.gpkg").write_bytes((city / "map.gpkg").read_bytes() + b" ")
    assert fingerprint(city) != before


def test_that_a_missing_map_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageFailure, match=r"map\.gpkg"):
        fingerprint(tmp_path)


def test_that_columns_are_contiguous(city: Path) -> None:
    (parts,) = source(city).parts()
    assert all(np.asarray(one).flags.c_contiguous for one in (parts.lon, parts.cls, parts.fid))
