"""The rule sends what it is sure of, once, and never what a person touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.assembly.live import open_core
from app.domain.people import Role
from app.feeds.rule_dispatch import RuleDispatch
from app.sample.tiny import create_tiny_city, desk_person
from app.services.changes import CaseRow
from app.services.commands import AcceptSuggestion, Actor, ReportCase, UndoLast

INTAKE = Actor(desk_person(Role.INTAKE), Role.INTAKE)
DISPATCHER = Actor(desk_person(Role.DISPATCHER), Role.DISPATCHER)
SURE = "汾阳路150号门口路灯不亮，请尽快处理"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Any]:
    create_tiny_city(tmp_path / "city").close()
    core = open_core(str(tmp_path / "city"))
    yield core
    core.close()


def report(core: Any, words: str) -> CaseRow:
    command = ReportCase(INTAKE, words, 121.42, 31.13, auto_dispatch=False)
    row: CaseRow = core.submit(command).result().cases[0]
    return row


def step(core: Any, row: CaseRow) -> CaseRow:
    """Let everything asked so far be answered, then read the row."""
    for _ in range(3):
        core.with_city(lambda _city: None).result()

    def read(city: Any) -> Any:
        with city.begin(write=False) as uow:
            return uow.cases.row(row.uid)

    found: CaseRow = core.with_city(read).result()
    return found


def test_that_a_sure_case_is_sent_by_the_machine(core: Any) -> None:
    rule = RuleDispatch(core, lambda: True)
    core.subscribe(rule)
    sent = step(core, report(core, SURE))
    assert (sent.step, sent.auto) == ("dispatched", True)
    assert rule.sent == 1


def test_that_an_unsure_case_waits_for_a_person(core: Any) -> None:
    core.subscribe(RuleDispatch(core, lambda: True))
    assert step(core, report(core, "这里有点问题，请来看看")).step == "reported"


def test_that_who_does_not_play_the_role_sends_nothing(core: Any) -> None:
    core.subscribe(RuleDispatch(core, lambda: False))
    assert step(core, report(core, SURE)).step == "reported"


def test_that_what_a_person_took_back_is_not_sent_again(core: Any) -> None:
    row = report(core, SURE)
    core.submit(AcceptSuggestion(DISPATCHER, row.uid)).result()
    core.subscribe(RuleDispatch(core, lambda: True))
    core.submit(UndoLast(DISPATCHER, row.uid)).result()
    core.submit(UndoLast(DISPATCHER, row.uid)).result()
    assert step(core, row).step == "reported"


def test_that_what_came_in_while_nobody_played_is_sent_on_taking_over(core: Any) -> None:
    playing = [False]
    rule = RuleDispatch(core, lambda: playing[0])
    core.subscribe(rule)
    missed, handled = report(core, SURE), report(core, SURE)
    core.submit(AcceptSuggestion(DISPATCHER, handled.uid)).result()
    rule.catch_up()
    assert step(core, missed).step == "reported"
    playing[0] = True
    rule.catch_up()
    assert step(core, missed).auto
    assert not step(core, handled).auto
    assert rule.sent == 1
