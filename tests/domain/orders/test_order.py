"""Orders: any delivery gives one state, always somebody's turn, replier never judge, undo."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.actions import Action
from app.domain.errors import InvalidInput
from app.domain.hlc import Stamp
from app.domain.identity import uuid7
from app.domain.orders.order import MOVES, ORDER_ACTIONS, OrderState, check_order, fold_order
from app.domain.orders.rules import BASES, WATCHED, Supervision, parse_supervision

ORDER, NOW = UUID(int=9), 1_795_000_000_000
ROAD, WATER = UUID(int=21), UUID(int=22)
RULES = Path(__file__).parents[3] / "resources" / "supervision.toml"
ROLES = ("handler", "unit_leader", "dispatcher", "shift_lead", "machine", "intake")


def act(kind: str, at: int, parents: tuple[Action, ...] = (), *, role: str = "dispatcher",
        actor: int = 1, device: str = "a", **body: Any) -> Action:  # fmt: skip
    given = {} if kind == "order_issue" else {"unit": str(ROAD)}
    return Action(
        uuid7(NOW + at, at), ORDER, device, Stamp(NOW + at, 0, device),
        tuple(sorted(one.hash for one in parents)), kind, 1, "rules", UUID(int=actor), role,
        {**given, **body},
    )  # fmt: skip


def issue(**more: Any) -> Action:
    body = {
        "units": [str(ROAD), str(WATER)], "order": "joint", "grade": "plain", "basis": "by_hand",
        "due_ms": NOW + 1000, "number": "ZL1", "sample": True,
    }  # fmt: skip
    return act("order_issue", 0, **{**body, **more})


def chain(*steps: tuple[str, str, int], **more: Any) -> list[Action]:
    line = [issue(**more)]
    for at, (kind, role, actor) in enumerate(steps, 1):
        line.append(act(kind, at, (line[-1],), role=role, actor=actor))
    return line


def folded(line: list[Action]) -> OrderState:
    state = fold_order(line)
    assert state is not None
    return state


REPLIED = (
    ("order_deliver", "machine", 9), ("order_sign", "handler", 2),
    ("order_start", "handler", 2), ("order_reply", "handler", 2),
)  # fmt: skip


def step_of(state: OrderState, unit: UUID = ROAD) -> str:
    one = state.receiver(unit)
    assert one is not None
    return one.step


def test_that_each_receiver_goes_its_own_way():
    state = folded(chain(*REPLIED, ("order_accept", "dispatcher", 1)))
    assert (step_of(state), step_of(state, WATER)) == ("closed", "issued")
    assert state.is_open


def test_that_a_refused_reply_is_worked_on_again():
    state = folded(chain(*REPLIED, ("order_refuse", "dispatcher", 1)))
    one = state.receiver(ROAD)
    assert one is not None
    assert (one.step, one.refused, one.turn) == ("working", 1, "receiver")


def test_that_who_replied_never_accepts():
    line = chain(*REPLIED, ("order_accept", "dispatcher", 2))
    state = folded(line)
    assert step_of(state) == "replied"
    assert (state.steps[-1].effect, state.steps[-1].why) == ("quarantined", "replied_it")
    line[-1] = act("order_accept", 5, (line[4],), role="handler", actor=3)
    assert folded(line).steps[-1].why == "role"


def test_that_a_recalled_order_stays_until_the_receiver_has_noted_it():
    recalled = chain(*REPLIED[:2], ("order_recall", "dispatcher", 1))
    one = folded(recalled).receiver(ROAD)
    assert one is not None
    assert (one.step, one.turn) == ("recalled", "receiver")
    noted = folded([*recalled, act("order_note", 9, (recalled[-1],), role="handler", actor=2)])
    assert next((r.step, r.noted, r.turn) for r in noted.receivers) == ("recalled", True, "")


def test_that_only_an_unread_order_escalates_and_only_by_one():
    line = chain(("order_deliver", "machine", 9))
    up = act("order_escalate", 2, (line[-1],), role="machine", level=1, told="unit_leader")
    twice = act("order_escalate", 3, (up,), role="machine", level=1, told="shift_lead")
    signed = act("order_sign", 4, (twice,), role="handler", actor=2)
    late = act("order_escalate", 5, (signed,), role="machine", level=2, told="shift_lead")
    state = folded([*line, up, twice, signed, late])
    one = state.receiver(ROAD)
    assert one is not None
    assert (one.level, one.told, one.step) == (1, "unit_leader", "signed")
    assert [step.why for step in state.steps] == ["", "", "", "step", "", "step"]


def test_that_only_its_author_takes_the_last_step_of_a_receiver_back():
    line = chain(*REPLIED)
    undo = act("order_undo", 9, (line[-1],), role="handler", actor=2, undoes=line[-1].hash)
    state = folded([*line, undo])
    assert (step_of(state), state.steps[4].effect) == ("working", "undone")
    other = act("order_undo", 9, (line[-1],), role="handler", actor=3, undoes=line[-1].hash)
    assert folded([*line, other]).steps[-1].why == "role"
    older = act("order_undo", 9, (line[-1],), role="handler", actor=2, undoes=line[2].hash)
    assert folded([*line, older]).steps[-1].why == "undone"


@pytest.mark.parametrize(
    ("role", "body", "stands"),
    [
        ("dispatcher", {"grade": "listed"}, False),
        ("shift_lead", {"grade": "listed"}, True),
        ("dispatcher", {"basis": "leader_note"}, False),
        ("machine", {"order": "supervise", "basis": "overdue"}, True),
        ("machine", {"order": "supervise", "basis": "by_hand"}, False),
        ("machine", {"order": "joint", "basis": "overdue"}, False),
        ("handler", {}, False),
    ],
)
def test_that_grade_and_basis_ask_for_the_right_issuer(role: str, body: Any, stands: bool):
    assert (fold_order([issue(role=role, **body)]) is not None) is stands


@pytest.mark.parametrize(
    ("name", "bad"),
    [("units", []), ("units", [str(ROAD)] * 2), ("order", "beg"), ("due_ms", True), ("case", "x")],
)
def test_that_a_body_of_a_wrong_form_is_refused_by_its_field(name: str, bad: Any):
    body = {**issue().body, name: bad}
    with pytest.raises(InvalidInput) as refused:
        check_order("order_issue", body)
    assert refused.value.field == name
    assert fold_order([issue(**{name: bad})]) is None


@given(st.data())
def test_that_any_history_in_any_order_gives_one_state_with_a_next_actor(data: st.DataObject):
    """Random steps over several devices, some apart, delivered shuffled and twice."""
    draw = data.draw
    held = [issue()]
    for at in range(1, draw(st.integers(2, 16))):
        kind = draw(st.sampled_from(ORDER_ACTIONS))
        seen = draw(st.sets(st.integers(0, len(held) - 1), min_size=1, max_size=2))
        body: dict[str, Any] = {"unit": str(draw(st.sampled_from((ROAD, WATER))))}
        body |= {"level": draw(st.integers(1, 2))} if kind == "order_escalate" else {}
        body |= {"undoes": draw(st.sampled_from(held)).hash} if kind == "order_undo" else {}
        body |= dict(issue().body) if kind == "order_issue" else {}
        parents = tuple(held[i] for i in seen)
        who = draw(st.integers(1, 3))
        role = draw(st.sampled_from(ROLES))
        held.append(act(kind, at, parents, role=role, actor=who, device="abc"[who - 1], **body))
    state = folded(held)
    assert folded(draw(st.permutations(held)) + held) == state
    assert len(state.steps) == len(held)
    for one in state.receivers:
        done = one.step == "closed" or (one.step == "recalled" and one.noted)
        assert bool(one.turn) is not done
        assert done or any(one.step in sources for sources, _ in MOVES.values())


def test_that_the_table_that_comes_along_can_be_read():
    table = parse_supervision(tomllib.loads(RULES.read_text("utf-8")))
    assert [grade.zh for grade in table.grades.values()] == ["一般", "重点", "挂牌"]
    assert set(table.bases) == set(WATCHED) < set(BASES)
    assert [one.role for one in table.chain] == ["unit_leader", "shift_lead", "duty_leader"]
    assert parse_supervision({}) == Supervision()


@pytest.mark.parametrize(
    "change",
    [
        {"bases": {"by_hand": {"deed": "issue", "grade": "plain"}}},
        {"bases": {"overdue": {"deed": "shout", "grade": "plain"}}},
        {"bases": {"overdue": {"deed": "issue", "grade": "none"}}},
        {"bases": {"overdue": {"deed": "issue", "grade": "plain", "count": 0}}},
        {"chain": [{"role": "shift_lead", "minutes": 5}, {"role": "handler", "minutes": 5}]},
        {"chain": [{"role": "king", "minutes": 5}]},
    ],
)
def test_that_a_table_that_cannot_be_followed_is_refused(change: Any):
    raw = tomllib.loads(RULES.read_text("utf-8"))
    with pytest.raises(ValueError, match=r"basis|chain"):
        parse_supervision({**raw, **change})
