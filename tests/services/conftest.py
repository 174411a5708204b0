"""A tiny city on disk and short ways to act in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.assembly.gazetteers import give_gazetteer
from app.data.city import SqlCity
from app.data.city_folder import open_city
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.changes import CaseRow
from app.services.commands import ActOnCase, Actor, ReportCase
from app.services.questions import OpenSheet, answer
from app.services.views import CaseSheet

MORNING = int(datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


class Desk:
    """Acts and asks in one city at a clock that moves a second at every step."""

    def __init__(self, city: SqlCity) -> None:
        self.city = city
        self.now_ms = MORNING

    def actor(self, role: Role) -> Actor:
        return Actor(desk_person(role), role.value)

    def handle(self, command: Any) -> CaseRow:
        self.now_ms += 1000
        return handle(command, self.city, self.now_ms).cases[0]

    def ask(self, question: Any) -> Any:
        return answer(question, self.city, self.now_ms)

    def report(self, words: str = "路面龟裂，约两平方米", **more: Any) -> CaseRow:
        given = {"lon": 121.42, "lat": 31.12, "address": "汾阳路150号", "auto_dispatch": False}
        return self.handle(ReportCase(self.actor(Role.INTAKE), words, **(given | more)))

    def act(self, case: UUID, move: str, actor: Actor, **fields: str) -> CaseRow:
        return self.handle(ActOnCase(actor, case, move, fields))

    def sheet(self, case: UUID, role: Role = Role.DISPATCHER) -> CaseSheet:
        return self.ask(OpenSheet(case, self.actor(role)))

    def handler_of(self, case: UUID) -> Actor:
        person = self.sheet(case).state.person
        assert person is not None
        return Actor(person, "handler")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "city"
    create_tiny_city(folder).close()
    return folder


@pytest.fixture
def desk(tiny_folder: Path, tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "city"
    shutil.copytree(tiny_folder, folder)
    city = open_city(folder)
    give_gazetteer(city)
    yield Desk(city)
    city.close()
