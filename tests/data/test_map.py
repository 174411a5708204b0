"""The map on disk: written whole, read by place and name, added to without harm."""

from __future__ import annotations

from uuid import UUID

import pyarrow as pa
import pyogrio
import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import create_engine
from sqlcipher3 import dbapi2

from app.data.bulk import empty_tables, write_map
from app.data.gpkg_rows import decode_geometry, encode_geometries
from app.data.map_import import append_rows
from app.data.map_index import MapIndex
from app.data.map_schema import LAYERS
from app.data.postgis_bulk import write_postgis
from app.data.postgis_map import PostgisMap
from app.domain.areas import Tier
from app.domain.errors import Busy, InvalidInput, StorageFailure
from app.domain.identity import uuid7

CITY, WEST, EAST, ROAD_STREET, GRID_A, GRID_B = (uuid7(1, n) for n in range(6))


def batch(layer: str, rows: list[dict[str, object]]) -> pa.RecordBatch:
    schema = LAYERS[layer].schema
    filled = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.RecordBatch.from_pylist(filled, schema=schema)


def area(
    uid: UUID, tier: str, code: str, name: str, parent: UUID | None, shape: BaseGeometry
) -> dict[str, object]:
    return {
        "uid": uid.bytes, "tier": tier, "code": code, "name": name, "name_en": "",
        "parent_uid": parent.bytes if parent else None, "valid_from": "2026-01-01T00:00:00+00:00",
        "platform": 1, "sample": 1, "geom": shapely.MultiPolygon([shape]).wkb,
    }  # fmt: skip


def point(uid: UUID, x: float, y: float, **more: object) -> dict[str, object]:
    return {"uid": uid.bytes, "sample": 1, "geom": shapely.Point(x, y).wkb, **more}


def small_city() -> dict[str, list[pa.RecordBatch]]:
    box = shapely.box
    return empty_tables() | {
        "area": [
            batch(
                "area",
                [
                    area(CITY, "city", "310000", "上海市", None, box(121, 31, 122, 32)),
                    area(WEST, "district", "310104", "徐汇区", CITY, box(121, 31, 121.5, 32)),
                    area(EAST, "district", "310115", "浦东新区", CITY, box(121.5, 31, 122, 32)),
                    area(ROAD_STREET, "street", "310104003", "湖南路街道", WEST,
                         box(121.4, 31.2, 121.5, 31.3)),
                    area(GRID_A, "grid", "310104003001001", "", ROAD_STREET,
                         box(121.4, 31.2, 121.45, 31.3)),
                    area(GRID_B, "grid", "310104003001002", "", ROAD_STREET,
                         box(121.45, 31.2, 121.5, 31.3)),
                ],
            )
        ],
        "place": [batch("place", [point(uuid7(2, 1), 121.43, 31.21, name="汾阳路150号",
                                        address="汾阳路150号", road="汾阳路")])],
        "part": [batch("part", [point(uuid7(3, 1), 121.43, 31.21, code="3101040101000001",
                                      source="普查", initial_date="2023-11-15", accuracy="A",
                                      grid_uid=GRID_A.bytes, **{"class": 3, "state": 1}),
                           point(uuid7(3, 2), 121.44, 31.21, **{"class": 4, "state": 0})])],
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    write_map(tmp_path / "map.gpkg", small_city(), lambda _name, _share: None)
    return tmp_path


@pytest.fixture(params=["gpkg", pytest.param("postgis", marks=pytest.mark.postgres)])
def index(request):
    """Return the same small city read from a GeoPackage and from PostGIS."""
    if request.param == "gpkg":
        index = MapIndex(request.getfixturevalue("folder"))
        yield index
        index.close()
        return
    url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    write_postgis(engine, small_city(), lambda _name, _share: None)
    yield PostgisMap(engine)
    engine.dispose()


def test_that_a_point_is_found_in_all_its_areas(index):
    where = index.at(121.43, 31.21)
    assert (where.city.name, where.district.name, where.street.name) == (
        "上海市", "徐汇区", "湖南路街道",
    )  # fmt: skip
    assert where.grid.code == "310104003001001"
    assert where.label() == "徐汇区 › 湖南路街道"


def test_that_a_point_on_an_edge_belongs_to_the_smaller_code(index):
    assert index.at(121.45, 31.25).grid.code == "310104003001001"
    assert index.at(121.5, 31.9).district.code == "310104"


def test_that_outside_the_map_there_is_no_area(index):
    assert index.at(10, 10).city is None


def test_that_children_reach_over_the_levels_between(index):
    assert [a.name for a in index.children(CITY, Tier.STREET)] == ["湖南路街道"]
    assert [a.code[-1] for a in index.children(WEST, Tier.GRID)] == ["1", "2"]


@pytest.mark.parametrize("asked", ["310104010", "3101040101000001", "3101040101000011"])
def test_that_parts_are_found_by_their_code_its_beginning_or_with_one_slip(index, asked):
    (hit,) = index.parts(asked, 5)
    assert (hit.kind, hit.title, hit.lon is not None) == ("part", "3101040101000001", True)
    assert (hit.score == 1) == (asked == hit.title)


def test_that_a_place_of_the_map_is_an_entry_of_the_register(index, folder):
    with dbapi2.connect(str(folder / "map.gpkg")) as db:
        uid = UUID(bytes=db.execute("SELECT uid FROM place LIMIT 1").fetchone()[0])
    entry = index.place(uid)
    assert (entry.title, entry.status) == ("汾阳路150号", "active")
    assert index.place(uuid7(99, 9)) is None


def test_that_the_record_of_a_part_is_read_by_its_row(index):
    part = index.part(1)
    assert (part.uid, part.code, part.cls, part.state) == (uuid7(3, 1), "3101040101000001", 3, 1)
    assert (part.grid_code, part.source) == ("310104003001001", "普查")
    assert (part.initial_date, part.accuracy, part.sample) == ("2023-11-15", "A", True)


def test_that_what_a_part_does_not_say_is_empty_and_a_missing_one_is_none(index):
    bare = index.part(2)
    assert (bare.code, bare.grid_code, bare.source, bare.initial_date) == ("", "", "", "")
    assert index.part(99) is None


def test_that_an_import_adds_each_row_once_and_learns_its_grid(folder):
    rows = [
        batch("part", [point(uuid7(4, n), 121.44 + n / 50, 31.25, code=f"{n:016d}",
                             **{"class": 1, "state": 0}) for n in range(5)])
    ]  # fmt: skip
    first = append_rows(folder, "part", rows, lambda _done: None)
    again = append_rows(folder, "part", rows, lambda _done: None)
    assert (first.added, first.repeated, first.outside) == (5, 0, 1)
    assert (again.added, again.repeated) == (0, 5)
    table = pyogrio.read_dataframe(folder / "map.gpkg", layer="part", where="code LIKE '000%'")
    assert len(table) == 5
    with dbapi2.connect(str(folder / "map.gpkg")) as db:
        grids = [row[0] for row in db.execute("SELECT grid_uid FROM part ORDER BY fid")]
        boxes = db.execute("SELECT count(*) FROM rtree_part_geom").fetchone()[0]
    assert grids[:2] == [GRID_A.bytes, None]
    assert grids[2:] == [GRID_A.bytes, GRID_B.bytes, GRID_B.bytes, GRID_B.bytes, None]
    assert boxes == 7


def test_that_imported_areas_find_their_parent(folder):
    shape = shapely.box(121.6, 31.2, 121.7, 31.3)
    row = area(uuid7(5, 1), "street", "310115004", "潍坊新村街道", None, shape)
    append_rows(folder, "area", [batch("area", [row])], lambda _done: None)
    index = MapIndex(folder)
    try:
        assert index.get(uuid7(5, 1)).parent == EAST
        assert [a.name for a in index.children(EAST, Tier.STREET)] == ["潍坊新村街道"]
    finally:
        index.close()


def test_that_a_failed_import_leaves_the_map_as_it_was(folder):
    def rows():
        yield batch("part", [point(uuid7(6, 1), 121.44, 31.25, code="1")])
        raise InvalidInput("row 2 is bad", field="code")

    with pytest.raises(InvalidInput):
        append_rows(folder, "part", rows(), lambda _done: None)
    assert append_rows(folder, "part", [], lambda _done: None).added == 0
    with dbapi2.connect(str(folder / "map.gpkg")) as db:
        assert db.execute("SELECT count(*) FROM part").fetchone()[0] == 2


def test_that_a_map_held_by_another_program_is_named_busy(folder, monkeypatch):
    monkeypatch.setattr("app.data.staging.working_copy._WAIT_S", 0.05)
    holder = dbapi2.connect(str(folder / "map.gpkg"), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(Busy, match="another program"):
            append_rows(folder, "part", [], lambda _done: None)
    finally:
        holder.close()


def test_that_a_broken_or_missing_map_is_one_clear_error(tmp_path):
    with pytest.raises(StorageFailure, match="missing"):
        MapIndex(tmp_path)
    (tmp_path / "map.gpkg").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageFailure, match="cannot be read"):
        MapIndex(tmp_path)


def test_that_unknown_layers_and_columns_are_named(tmp_path):
    with pytest.raises(InvalidInput, match="rivers"):
        write_map(tmp_path / "map.gpkg", {"rivers": []}, lambda _n, _s: None)
    odd = pa.RecordBatch.from_pydict({"uid": [b"1"]})
    with pytest.raises(InvalidInput, match="name"):
        write_map(tmp_path / "map.gpkg", {"water": [odd]}, lambda _n, _s: None)
    assert not list(tmp_path.iterdir())


def test_that_geometry_blobs_come_back_as_they_went():
    shapes = [shapely.Point(1, 2), shapely.box(0, 0, 3, 4), shapely.LineString([(0, 0), (5, 5)])]
    blobs = encode_geometries(shape.wkb for shape in shapes)
    assert [decode_geometry(blob) for blob in blobs] == shapes
