"""Dated counts are read alike from a folder's map and from PostGIS, masked ones without figure."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
import shapely

from app.data.aggregates import area_aggregates
from app.data.bulk import empty_tables, write_map
from app.data.city import SqlCity
from app.data.city_folder import create_city, open_city
from app.data.map_schema import LAYERS
from app.data.postgis_bulk import write_postgis
from app.domain.errors import NotFound
from app.domain.identity import uuid7

AREA, FIRST, SECOND = (uuid7(1, n).bytes for n in range(3))


def batch(layer: str, *rows: dict[str, Any]) -> pa.RecordBatch:
    schema = LAYERS[layer].schema
    filled = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.RecordBatch.from_pylist(filled, schema=schema)


def count(uid: bytes, measure: str, value: int | None) -> dict[str, Any]:
    return {
        "uid": uid, "area_uid": AREA, "tier": "grid", "code": "310104003001001",
        "measure": measure, "as_of": "2020-12-31", "value": value, "masked": int(value is None),
        "sample": 1,
    }  # fmt: skip


TABLES = empty_tables() | {
    "area": [
        batch("area", {"uid": AREA, "tier": "grid", "code": "310104003001001", "name": "一格",
                       "valid_from": "2026-01-01T00:00:00+00:00", "platform": 0, "sample": 1,
                       "geom": shapely.MultiPolygon([shapely.box(121, 31, 122, 32)]).wkb})
    ],
    "aggregate": [batch("aggregate", count(FIRST, "people", 3_000_000_000),
                        count(SECOND, "firms", None))],
}  # fmt: skip


@pytest.fixture(params=["local", "postgres"])
def filled(request: pytest.FixtureRequest, city_folders: Any, tmp_path: Any) -> Any:
    """A city of each kind whose map holds one area with two counts."""
    if request.param == "local":
        folder = request.getfixturevalue("folder")
        write_map(folder / "map.gpkg", TABLES, lambda _name, _share: None)
        city = open_city(folder)
    else:
        city = create_city(request.getfixturevalue("postgres_url"), _facts(city_folders))
        write_postgis(city.engine, TABLES, lambda _name, _share: None)
    yield city
    city.close()


def _facts(city_folders: Any) -> Any:
    city = open_city(city_folders["local"])
    facts = city.facts
    city.close()
    return facts


def test_that_counts_of_an_area_are_read_with_their_date(filled: SqlCity) -> None:
    found = area_aggregates(filled, "310104003001001")
    assert (found["tier"], found["name"], found["sample"]) == ("grid", "一格", True)
    assert found["counts"] == [
        {"name": "people", "value": 3_000_000_000, "masked": False, "date": "2020-12-31"},
        {"name": "firms", "value": None, "masked": True, "date": "2020-12-31"},
    ]


def test_that_a_code_of_no_area_is_refused(filled: SqlCity) -> None:
    with pytest.raises(NotFound, match="310999"):
        area_aggregates(filled, "310999")
