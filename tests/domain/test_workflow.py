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


def beside(**more):
    """A small sound way with approval, facts, a pause and tasks, changed by `more`."""
    raw = {
        "name": "small",
        "clocks": {"stop": {"zh": "停工", "en": "Stop"}},
        "facts": {
            "kind": {
                "zh": "类别", "en": "Kind",
                "values": {"stock": {"zh": "存量", "en": "Stock"},
                           "new": {"zh": "在建", "en": "New"}},
            }
        },
        "states": {
            name: {"zh": name, "en": name, "national": name, "phase": phase,
                   "open": phase != "done"}
            for name, phase in (
                ("reported", "intake"), ("working", "handling"), ("waiting", "handling"),
                ("closed", "done"),
            )
        },
        "moves": [
            way("report", [], "reported", ["intake", "machine"], machine=True),
            way("find_stock", ["reported"], "working", ["handler"], sets={"kind": "stock"},
                starts=["stop"]),
            way("find_new", ["reported"], "working", ["handler"], sets={"kind": "new"},
                starts=["stop"]),
            way("suspend", ["working"], "waiting", ["handler"], approval=True, pauses=["stop"],
                requires=["condition", "wake"]),
            way("wake", ["waiting"], "working", ["handler"], resumes=["stop"], needs=["woken"]),
            way("close", ["working"], "closed", ["supervisor"], stops=["stop"],
                not_by=["handler"]),
        ],
        "chains": [
            {"move": "suspend", "grade": "routine", "zh": "一般", "en": "Routine",
             "steps": [["shift_lead"], ["duty_leader"]]},
        ],
        "tasks": {"states": ["working"], "roles": ["dispatcher"], "clock": "stop"},
    }  # fmt: skip
    for key, edit in more.items():
        edit(raw[key])
    return raw


def way(name, sources, target, roles, **more):
    return {"name": name, "zh": name, "en": name, "from": sources, "to": target, "roles": roles,
            **more}  # fmt: skip


def named(moves, name):
    return next(one for one in moves if one["name"] == name)


def test_that_facts_chains_pauses_and_tasks_are_read():
    workflow = parse_workflow(beside())
    assert workflow.moves["suspend"].approval
    assert workflow.chain("suspend", "routine").steps == (("shift_lead",), ("duty_leader",))
    assert workflow.may_approve("suspend", "duty_leader")
    assert not workflow.may_approve("suspend", "handler")
    assert workflow.moves["find_new"].sets == {"kind": "new"}
    assert workflow.tasks.states == ("working",)


@pytest.mark.parametrize(
    ("key", "edit", "place"),
    [
        ("moves", lambda m: named(m, "close").update(stops=[]), "clocks.stop"),
        ("moves", lambda m: named(m, "wake").update(starts=["stop"], resumes=[]), "moves.wake"),
        ("moves", lambda m: named(m, "wake").update(roles=["machine"], machine=True), "waiting"),
        ("moves", lambda m: m.remove(named(m, "wake")), "waiting"),
        ("moves", lambda m: named(m, "close").update(when={"kind": ["stock"]}), "working"),
        ("moves", lambda m: named(m, "close").update(when={"kind": []}), "moves.close"),
        ("moves", lambda m: named(m, "close").update(when={"size": ["big"]}), "moves.close"),
        ("moves", lambda m: named(m, "find_new").update(sets={"kind": "old"}), "moves.find_new"),
        ("moves", lambda m: named(m, "close").update(roles=["mayor"]), "moves.close"),
        ("moves", lambda m: named(m, "close").update(requires=["luck"]), "moves.close"),
        ("moves", lambda m: named(m, "close").update(pauses=["tea"]), "moves.close"),
        ("moves", lambda m: named(m, "close").update(name="undo"), "moves.undo"),
        ("moves", lambda m: named(m, "close").update(name=7), "moves.7"),
        ("moves", lambda m: named(m, "close").update({"from": []}), "moves.close"),
        ("moves", lambda m: named(m, "suspend").update(roles=["machine"], machine=True),
         "moves.suspend"),
        ("moves", lambda m: named(m, "report").update(approval=True), "moves.report"),
        ("moves", lambda m: m.append(7), "moves"),
        ("chains", lambda c: c.clear(), "moves.suspend"),
        ("chains", lambda c: c.append(c[0]), "chains.1"),
        ("chains", lambda c: c[0].update(move="close"), "moves.suspend"),
        ("chains", lambda c: c[0].update(steps=[[]]), "chains.1"),
        ("chains", lambda c: c[0].update(steps=[["machine"]]), "chains.1"),
        ("facts", lambda f: f["kind"].update(values={}), "facts.kind"),
        ("facts", lambda f: f.update(source=f["kind"]), "facts.source"),
        ("states", lambda s: s["working"].update(phase="tea"), "states.working"),
        ("states", lambda s: s["working"].update(open="yes"), "states.working"),
        ("tasks", lambda t: t.update(clock="tea"), "tasks"),
        ("tasks", lambda t: t.update(roles=[]), "tasks"),
    ],
)  # fmt: skip
def test_that_a_way_on_which_a_case_could_be_left_alone_is_refused(key, edit, place):
    with pytest.raises(InvalidInput) as caught:
        parse_workflow(beside(**{key: edit}))
    assert caught.value.field == place


def test_that_a_refusal_tells_the_shortest_way_there():
    raw = beside(moves=lambda m: named(m, "close").update(stops=[]))
    with pytest.raises(InvalidInput, match="report > find_stock > close"):
        parse_workflow(raw)
