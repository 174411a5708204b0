"""A database with flipped bytes: what can be read is right, all else is one clear message."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.domain.errors import Forged, StorageFailure
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import Actor, ReportCase
from app.services.questions import ListCases, OpenSheet, answer
from app.services.views import CaseQuery

NOW = 1_795_000_000_000
INTAKE = Actor(desk_person(Role.INTAKE), "intake")
WORDS = "路面龟裂，约两平方米"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "city"
    city = create_tiny_city(folder)
    for number in range(4):
        handle(ReportCase(INTAKE, WORDS, 121.42, 31.12), city, NOW + number)
    city.close()
    return folder


def work(folder: Path) -> None:
    city = open_city(folder)
    try:
        page = answer(ListCases(CaseQuery(tab="all", now_ms=NOW)), city, NOW)
        for row in page.rows:
            answer(OpenSheet(row.uid, INTAKE), city, NOW)
        handle(ReportCase(INTAKE, WORDS, 121.42, 31.12), city, NOW + 9)
    finally:
        city.close()


@pytest.mark.parametrize("seed", range(12))
def test_that_flipped_bytes_end_in_one_clear_message(whole, tmp_path, seed) -> None:
    folder = tmp_path / "city"
    shutil.copytree(whole, folder)
    chance = random.Random(seed)
    data = bytearray((folder / "log.db").read_bytes())
    for _ in range((30, 300, 4000)[seed % 3]):
        data[chance.randrange(0 if seed % 2 else 100, len(data))] ^= 1 << chance.randrange(8)
    (folder / "log.db").write_bytes(data)
    with contextlib.suppress(StorageFailure, Forged):  # anything else is a crash
        work(folder)


def zero(log: Path) -> None:
    log.write_bytes(b"")


def short(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:50_000])


def rubbish(log: Path) -> None:
    log.write_bytes(random.Random(1).randbytes(200_000))


@pytest.mark.parametrize("harm", [zero, short, rubbish])
def test_that_a_torn_database_is_left_as_it_is(whole, tmp_path, harm: Callable[[Path], None]):
    folder = tmp_path / "city"
    shutil.copytree(whole, folder)
    harm(folder / "log.db")
    before = (folder / "log.db").read_bytes()
    with pytest.raises(StorageFailure):
        work(folder)
    assert (folder / "log.db").read_bytes() == before


def test_that_the_map_of_another_city_is_refused(whole, tmp_path) -> None:
    folder = tmp_path / "city"
    shutil.copytree(whole, folder)
    city = open_city(folder)
    city.facts = replace(city.facts, code="1101")
    with pytest.raises(StorageFailure, match="another city"):
        handle(ReportCase(INTAKE, WORDS, 121.42, 31.12), city, NOW)
    city.close()
