"""A scratch copy is the same city, and playing on it leaves the city as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.data.scratch import scratch_copy
from app.domain.errors import StorageFailure
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import Actor, ReportCase
from app.services.views import CaseQuery

NOW_MS = 1_790_130_600_000


def report(folder: Path, key: str | None = None) -> None:
    city = open_city(folder, key)
    actor = Actor(desk_person(Role.INTAKE), Role.INTAKE)
    handle(ReportCase(actor, "路灯不亮", 121.42, 31.13), city, NOW_MS)  # type: ignore[arg-type]
    city.close()


def count(folder: Path, key: str | None = None) -> int:
    city = open_city(folder, key)
    try:
        with city.begin(write=False) as uow:
            return uow.cases.page(CaseQuery()).total
    finally:
        city.close()


@pytest.mark.parametrize("key", [None, "it's a key"])
def test_that_a_copy_is_played_on_alone(tmp_path: Path, key: str | None) -> None:
    create_tiny_city(tmp_path / "city", key).close()
    report(tmp_path / "city", key)
    scratch_copy(tmp_path / "city", tmp_path / "copy", key)
    report(tmp_path / "copy", key)
    assert (count(tmp_path / "city", key), count(tmp_path / "copy", key)) == (1, 2)


def test_that_an_encrypted_city_needs_its_key(tmp_path: Path) -> None:
    create_tiny_city(tmp_path / "city", "secret").close()
    with pytest.raises(StorageFailure, match="could not be copied"):
        scratch_copy(tmp_path / "city", tmp_path / "copy")
