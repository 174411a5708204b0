"""What is asked for waits for its chain; co-handlers have tasks of their own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.domain.clocks import Phase
from app.domain.fold import fold
from app.domain.hlc import Stamp
from app.domain.identity import uuid7
from app.domain.requests import Standing, next_roles
from app.domain.rules import parse_rules

ROOT = Path(__file__).parents[2]
REF = {"key": "00000000-0000-7000-8000-0000000000aa", "commitment": "0" * 64}
UNIT, OTHER = str(uuid7(1_600_000_000_000, 60)), str(uuid7(1_600_000_000_000, 70))
T = 1_790_000_000_000
DAY = 86_400_000


@pytest.fixture(scope="module")
def book(rules):
    """The ordinary rule set with illegal building as the way of its matter 0110."""
    way = tomllib.loads((ROOT / "resources/workflow/illegal_building.toml").read_text("utf-8"))
    raw = {**rules.raw, "ways": [way], "sources": {"drone": "device"}}
    raw["matters"] = [
        {**one, "workflow": "illegal_building" if one["code"] == "0110" else ""}
        for one in raw["matters"]
    ]
    return parse_rules(raw)


class Case:
    """Writes a case step by step and folds it."""

    def __init__(self, write, book) -> None:
        self.write, self.book = write, book
        self.actions: list[Any] = []
        self.ms = T

    def then(self, kind: str, role: str, actor: int = 1, after_ms: int = 60_000, **body: Any):
        self.ms += after_ms
        made = self.write(kind, self.actions[-1:], ms=self.ms, role=role, actor=actor, **body)
        object.__setattr__(made, "rules", self.book.hash)
        object.__setattr__(made, "stamp", Stamp(self.ms, 0, "dev-a"))
        self.actions.append(made)
        return made.hash

    def state(self):
        return fold(self.actions, lambda _: self.book)

    def last(self):
        return next(e for e in self.state().history if e.hash == self.actions[-1].hash)

    def clock(self, name):
        return next(one for one in reversed(self.state().clocks) if one.name == name)


@pytest.fixture
def case(write, book):
    """An illegal building, signed for by its unit."""
    made = Case(write, book)
    words = {"note": REF, "reason": REF, "document": REF, "condition": REF, "words": REF}
    where = {"lon_e7": 1214500000, "lat_e7": 312100000}
    made.then("report", "machine", 9, **where, matter="0110", source="drone", refs=words)
    made.then("ask_verify", "intake")
    made.then("find_illegal", "supervisor", 3, photos=["aa"], refs=words)
    made.then("enter", "intake", refs=words)
    made.then("file_fast", "intake", matter="0110", number="1", refs=words)
    made.then("dispatch_fast", "dispatcher", unit=UNIT, post=UNIT, person=UNIT)
    made.then("sign", "handler", 2)
    assert made.state().step == "signed"
    made.words = words
    return made


def test_that_a_case_follows_the_way_of_its_matter(case):
    assert case.state().facts == {
        "source": "device", "legality": "illegal", "register": "entered",
        "building": "in_progress",
    }  # fmt: skip
    assert {one.name for one in case.state().running()} == {"stopping", "penalty", "demolishing"}
    case.then("dispatch", "dispatcher", unit=UNIT, post=UNIT, person=UNIT)
    assert case.last().why == "not_from_signed"


def test_that_an_extension_counts_only_once_its_chain_has_granted_it(case):
    due = case.clock("demolishing").due_ms
    asked = case.then("delay", "handler", 2, grade="engineering", amount=5,
                      amount_unit="work_day", refs=case.words)  # fmt: skip
    state = case.state()
    assert state.step == "signed"
    assert state.requests[0].standing is Standing.OPEN
    assert next_roles(state.requests[0], case.book.way("0110")) == ("unit_leader",)
    assert case.clock("demolishing").due_ms == due
    case.then("approve", "unit_leader", 5, request=asked)
    assert case.clock("demolishing").due_ms == due
    case.then("approve", "duty_leader", 6, request=asked)
    assert case.state().requests[0].standing is Standing.GRANTED
    assert case.clock("demolishing").due_ms > due
    assert case.state().delayed == 1


def test_that_a_refusal_leaves_the_clock_as_if_nobody_had_asked(case):
    before = case.clock("demolishing")
    asked = case.then("delay", "handler", 2, grade="routine", amount=5,
                      amount_unit="work_day", refs=case.words)  # fmt: skip
    case.then("decline", "shift_lead", 5, request=asked)
    after = case.clock("demolishing")
    assert (after.due_ms, after.stopped_ms) == (before.due_ms, None)
    assert case.state().requests[0].standing is Standing.REFUSED


def test_that_nobody_grants_what_they_asked_for_or_grants_twice(case):
    asked = case.then("void", "shift_lead", 4, grade="plain", refs=case.words)
    case.then("approve", "shift_lead", 4, request=asked)
    assert (case.last().effect, case.last().why) == ("quarantined", "asked_it")
    case.then("approve", "duty_leader", 6, request=asked)
    assert case.last().why == "role"  # the shift lead's step comes first
    case.then("approve", "shift_lead", 5, request=asked)
    case.then("approve", "duty_leader", 5, request=asked)
    assert case.last().why == "granted_it"
    case.then("approve", "duty_leader", 6, request=asked)
    assert case.state().step == "voided"
    assert not case.state().running()


def test_that_a_suspended_clock_stands_until_the_day_it_wakes(case):
    due, wake = case.clock("demolishing").due_ms, case.ms + 30 * DAY
    asked = case.then("suspend", "handler", 2, grade="routine", wake_ms=wake, refs=case.words)
    case.then("approve", "shift_lead", 5, request=asked)
    case.then("approve", "duty_leader", 6, request=asked)
    assert case.state().step == "suspended"
    assert case.clock("demolishing").phase_at(case.ms + DAY) is Phase.HELD
    assert case.clock("demolishing").due_ms > due
    case.then("wake", "handler", 2)
    assert case.last().why == "too_early"
    case.then("wake_early", "handler", 2, refs=case.words)
    assert case.state().step == "signed"
    assert case.clock("demolishing").due_ms < wake


def test_that_a_request_lapses_when_the_case_moves_on(case):
    asked = case.then("delay", "handler", 2, grade="routine", amount=5,
                      amount_unit="work_day", refs=case.words)  # fmt: skip
    case.then("return", "handler", 2, refs=case.words)
    assert case.state().requests[0].standing is Standing.LAPSED
    case.then("approve", "shift_lead", 5, request=asked)
    assert case.last().why == "request_lapsed"


def test_that_the_lead_waits_for_every_co_handler(case):
    task = case.then("task_give", "dispatcher", unit=OTHER, refs=case.words)
    assert case.state().tasks[0].clock is not None
    case.then("handle", "handler", 2, photos=["aa", "bb"], refs=case.words)
    assert case.last().why == "tasks_open"
    case.then("task_done", "handler", 7, task=task, refs=case.words)
    assert case.last().why == "task_given"  # it is signed for first
    case.then("task_sign", "handler", 7, task=task)
    case.then("task_done", "handler", 7, task=task, refs=case.words)
    assert case.state().tasks[0].clock.stopped_ms == case.ms
    case.then("handle", "handler", 2, photos=["aa", "bb"], refs=case.words)
    assert case.state().step == "handled"


def test_that_the_leading_unit_gets_no_task_beside_and_nobody_gets_two(case):
    case.then("task_give", "dispatcher", unit=UNIT, refs=case.words)
    assert case.last().why == "leads_it"
    case.then("task_give", "dispatcher", unit=OTHER, refs=case.words)
    case.then("task_give", "dispatcher", unit=OTHER, refs=case.words)
    assert case.last().why == "has_task"


def test_that_two_photos_are_two_different_ones(case):
    case.then("handle", "handler", 2, photos=["aa", "aa"], refs=case.words)
    assert case.last().why == "missing_two_photos"


def test_that_the_class_of_the_place_decides_how_long_a_clock_runs(write, book):
    street = uuid7(1_600_000_000_000, 80)
    raw = {**book.raw, "area_classes": {str(street): "A"}}
    limits = {"threshold": [4, "work_hour"], "areas": {"A": {"threshold": [1, "work_hour"]}}}
    raw["matters"] = [{**one, "limits": {"filing": limits}} for one in raw["matters"]]
    classed = parse_rules(raw)
    where = {"lon_e7": 1214500000, "lat_e7": 312100000, "refs": {"words": REF}, "matter": "0110"}
    dues = []
    for area in ({}, {"street": str(street)}):
        case = Case(write, classed)
        case.then("report", "intake", **where, **area)
        dues.append(case.clock("filing").due_ms)
    assert dues[0] - dues[1] == 4 * 3_600_000  # three working hours and the noon hour
