"""`city check` also finds a map that cannot be read, and nothing in a whole one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.data.checking import check_city
from app.data.city_folder import open_city
from app.data.map_check import damage_of_map
from app.data.map_index import MapIndex
from app.domain.errors import StorageFailure
from app.sample.tiny import create_tiny_city


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map") / "city"
    create_tiny_city(folder).close()
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "city")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def no_text(path: Path) -> None:
    """Put a byte that is no UTF-8 into the words of the schema."""
    path.write_bytes(path.read_bytes().replace(b"CREATE INDEX", b"CREATE\xa0INDEX"))


DAMAGES = [cut, a_folder, no_text, Path.unlink, lambda path: path.write_bytes(b"")]


def test_that_a_whole_map_has_no_damage(folder: Path) -> None:
    assert damage_of_map(folder) == []


@pytest.mark.parametrize("harm", DAMAGES)
def test_that_a_harmed_map_is_told(folder: Path, harm: Callable[[Path], None]) -> None:
    harm(folder / "map.gpkg")
    city = open_city(folder)
    found = check_city(city, lambda _stage, _share: None).damage
    city.close()
    assert found
    assert {one.kind for one in found} == {"map"}


@pytest.mark.parametrize("harm", DAMAGES)
def test_that_a_harmed_map_is_a_clear_error_when_opened(
    folder: Path, harm: Callable[[Path], None]
) -> None:
    harm(folder / "map.gpkg")
    with pytest.raises(StorageFailure, match=r"map\.gpkg"):
        MapIndex(folder)
