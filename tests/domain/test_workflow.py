"""Workflow files: sound ones are taken, others refused with the place."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path

import pytest

from app.domain.errors import InvalidInput
from app.domain.workflow import parse_workflow

STANDARD = tomllib.loads(
    (Path(__file__).parents[2] / "resources/workflow/standard.toml").read_text("utf-8")
)


def test_that_the_standard_way_names_both_shanghais_and_the_nations_steps():
    workflow = parse_workflow(STANDARD)
    assert [s.zh for s in workflow.steps.values()][:7] == [
        "受理", "立案", "派遣", "签收", "处置", "核查", "结案",
    ]  # fmt: skip
    assert {s.national for s in workflow.steps.values()} == {
        "信息收集", "案卷建立", "任务派遣", "任务处理", "处理反馈", "核查结案", "综合评价",
    }  # fmt: skip


def test_that_the_machine_never_refuses_or_closes():
    moves = parse_workflow(STANDARD).moves
    assert {m.name for m in moves.values() if "machine" in m.roles} == {
        "report", "file", "dispatch",
    }  # fmt: skip
    assert all(m.machine == ("machine" in m.roles) for m in moves.values())


def change(**edits):
    raw = copy.deepcopy(STANDARD)
    for edit in edits.values():
        edit(raw)
    return raw


def move(raw, name):
    return next(m for m in raw["moves"] if m["name"] == name)


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (lambda raw: raw["moves"].remove(move(raw, "report")), "moves"),
        (lambda raw: move(raw, "sign").update(to="nowhere"), "moves.sign"),
        (lambda raw: move(raw, "sign").update(roles=[]), "moves.sign"),
        (lambda raw: move(raw, "sign").update(colour="red"), "moves.sign"),
        (lambda raw: raw["moves"].append(move(raw, "sign")), "moves.sign"),
        (lambda raw: raw["moves"].remove(move(raw, "close")), "checked"),
        (lambda raw: move(raw, "file").pop("zh"), "moves.file"),
        (lambda raw: raw["states"]["closed"].update(open=True), "closed"),
        (lambda raw: raw["states"]["filed"].pop("phase"), "states.filed"),
    ],
)
def test_that_an_unsound_workflow_is_refused_with_the_place(edit, place):
    with pytest.raises(InvalidInput) as caught:
        parse_workflow(change(edit=edit))
    assert caught.value.field == place


def test_that_whoever_is_outside_may_report_what_they_see():
    report = parse_workflow(STANDARD).moves["report"]
    assert {"supervisor", "handler"} <= set(report.roles)
