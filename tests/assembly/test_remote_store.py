"""The drawing store of a remote city: in this user's cache, derived from PostGIS, renewed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import shapely

from app.assembly.live import open_core
from app.assembly.stores import open_store, renewed_store, store_folder
from app.data.map_schema import LAYERS
from app.data.map_target import open_map
from app.domain.identity import uuid7
from app.engines.citystore import CityStore
from app.runtime.core import Core
from app.sample.tiny import create_tiny_city


def silent(_stage: str, _share: float) -> None:
    """Show nothing."""


def a_part(number: int) -> pa.RecordBatch:
    schema = LAYERS["part"].schema
    row: dict[str, object] = dict.fromkeys(schema.names)
    row |= {"uid": uuid7(9, number).bytes, "code": f"310101010100000{number}", "class": 0,
            "state": 0, "sample": 1, "geom": shapely.Point(121.42, 31.12).wkb}  # fmt: skip
    return pa.RecordBatch.from_pylist([row], schema=schema)


def add(city: str, number: int) -> int:
    with open_map(city) as tables:
        return tables.append("part", [a_part(number)], lambda _rows: None).added


@pytest.fixture
def core(postgres_url: str) -> Iterator[Core]:
    """The tiny city on a server, open."""
    create_tiny_city(postgres_url).close()
    core = open_core(postgres_url)
    yield core
    core.close()


def opened(city: str, core: Core) -> CityStore:
    return open_store(city, core.facts, silent)


def test_that_the_drawing_store_follows_a_remote_map(core: Core, postgres_url: str) -> None:
    assert len(opened(postgres_url, core).parts.fid) == 0
    assert add(postgres_url, 1) == 1
    assert len(renewed_store(core, postgres_url).result(60).parts.fid) == 1
    assert len(opened(postgres_url, core).parts.fid) == 1


def test_that_a_store_is_built_once_for_one_state_of_the_map(
    core: Core, postgres_url: str, monkeypatch: Any
) -> None:
    add(postgres_url, 1)
    opened(postgres_url, core)
    monkeypatch.setattr("app.assembly.stores.build_store", None)  # a second build would fail
    assert add(postgres_url, 1) == 0
    opened(postgres_url, core)
    assert store_folder(postgres_url).is_dir()


def test_that_each_remote_city_has_a_store_of_its_own() -> None:
    one, other = (store_folder(f"postgresql://me@host/{name}") for name in "ab")
    assert one != other
