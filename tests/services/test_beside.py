"""Asking, granting, and tasks of co-handlers, through commands and the sheet."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app.domain.errors import InvalidInput, NotAllowed
from app.domain.people import Role
from app.domain.rules import parse_rules
from app.services.commands import ActOnCase, Actor, AnswerRequest, GiveTask, TaskStep
from app.services.questions import OpenSheet

WAY = Path(__file__).parents[2] / "resources/workflow/illegal_building.toml"


@pytest.fixture
def built(desk):
    """A desk whose every matter follows the way of illegal building, and a case signed for."""
    way = tomllib.loads(WAY.read_text("utf-8"))
    with desk.city.begin(write=True) as uow:
        raw = dict(uow.rules.current().raw)
        raw["ways"] = [way]
        raw["matters"] = [{**one, "workflow": way["name"]} for one in raw["matters"]]
        uow.rules.put(parse_rules(raw))
        uow.commit()
    code = desk.sheet(desk.report().uid).suggestion.matters[0].code
    case = desk.report(matter=code).uid
    intake, dispatcher = desk.actor(Role.INTAKE), desk.actor(Role.DISPATCHER)
    desk.act(case, "ask_verify", intake)
    desk.handle(photographed(desk, case, "find_illegal", Role.SUPERVISOR, note="天井搭建"))
    desk.act(case, "enter", intake, document="存量库 2026-117")
    desk.act(case, "file", intake)
    desk.act(case, "dispatch", dispatcher)
    desk.act(case, "sign", desk.handler_of(case))
    return case


def photographed(desk, case, move, role, **fields):
    return ActOnCase(desk.actor(role), case, move, fields, photos=("ab" * 32,))


def test_that_what_must_be_asked_for_waits_and_the_sheet_tells_for_whom(desk, built):
    handler = desk.handler_of(built)
    desk.act(built, "suspend", handler, condition="等产权人回沪", grade="routine",
             wake_ms=str(desk.now_ms + 30 * 86_400_000))  # fmt: skip
    sheet = desk.sheet(built, Role.SHIFT_LEAD)
    (request,) = sheet.requests
    assert sheet.row.step == "signed"
    assert request.said == {"condition": "等产权人回沪"}
    assert request.next_roles == ("shift_lead",)
    assert request.may_answer
    assert not desk.sheet(built, Role.DISPATCHER).requests[0].may_answer
    granted = AnswerRequest(desk.actor(Role.SHIFT_LEAD), built, request.hash, "approve")
    assert desk.handle(granted).step == "signed"
    last = AnswerRequest(desk.actor(Role.DUTY_LEADER), built, request.hash, "approve")
    assert desk.handle(last).step == "suspended"


def test_that_a_grade_is_named_where_there_are_several(desk, built):
    with pytest.raises(InvalidInput) as caught:
        desk.act(built, "delay", desk.handler_of(built), reason="雨", amount="3",
                 amount_unit="work_day")  # fmt: skip
    assert caught.value.field == "grade"
    assert "routine" in caught.value.advice


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "three", "amount_unit": "work_day"}, "amount"),
        ({"amount": "3", "amount_unit": "moons"}, "amount_unit"),
        ({"amount": "0", "amount_unit": "work_day"}, "amount"),
        ({"amount_unit": "work_day"}, "amount"),
    ],
)
def test_that_a_wrong_amount_is_told_by_its_field(desk, built, fields, field):
    with pytest.raises(InvalidInput) as caught:
        desk.act(built, "delay", desk.handler_of(built), reason="雨", grade="routine", **fields)
    assert caught.value.field == field


def test_that_who_asked_can_withdraw_and_nobody_else(desk, built):
    handler = desk.handler_of(built)
    desk.act(built, "delay", handler, reason="雨", grade="routine", amount="3",
             amount_unit="work_day")  # fmt: skip
    request = desk.sheet(built).requests[0].hash
    with pytest.raises(NotAllowed):
        desk.handle(AnswerRequest(desk.actor(Role.DISPATCHER), built, request, "withdraw"))
    desk.handle(AnswerRequest(handler, built, request, "withdraw"))
    assert desk.sheet(built).requests[0].standing == "withdrawn"


def test_that_a_co_handler_takes_the_steps_of_its_task(desk, built):
    mine = desk.sheet(built).state.unit
    with desk.city.begin(write=False) as uow:
        other = next(one for one in uow.directory.persons("handler") if one.unit != mine)
    desk.handle(GiveTask(desk.actor(Role.DISPATCHER), built, other.unit, "断水断电"))
    helper = Actor(other.uid, "handler")
    (task,) = desk.ask(OpenSheet(built, helper)).tasks
    assert task.words == "断水断电"
    assert task.may == ("task_sign", "task_return", "task_cancel")
    desk.handle(TaskStep(helper, built, task.hash, "task_sign"))
    with pytest.raises(InvalidInput) as caught:
        desk.handle(TaskStep(helper, built, task.hash, "task_done"))
    assert caught.value.field == "note"
    desk.handle(TaskStep(helper, built, task.hash, "task_done", words="已断电"))
    assert desk.sheet(built).tasks[0].step == "done"
