"""The register of parts: any order of arrival gives one result; what was done apart is shown."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.actions import Action
from app.domain.hlc import Stamp
from app.domain.identity import uuid7
from app.domain.parts.grids import Cell, cell_body, fold_grids
from app.domain.parts.register import fold_part

PART = UUID(int=77)
NOW = 1_795_000_000_000
WHOLE = {
    "code": "3101010101000001", "cls": 0, "state": 0, "place": [1_214_200_000, 311_200_000],
    "grid": "", "source": "", "accuracy": "B", "initial_date": "2020-01-01", "retired": False,
}  # fmt: skip


def action(kind: str, at: int, parents: tuple[Action, ...] = (), *, device: str = "a",
           role: str = "supervisor", actor: int = 1, **body: Any) -> Action:  # fmt: skip
    return Action(
        uuid7(NOW + at, at), PART, device, Stamp(NOW + at, 0, device),
        tuple(sorted(one.hash for one in parents)), kind, 1, "rules", UUID(int=actor), role,
        {"date": "2026-11-23", "sample": True, **body},
    )  # fmt: skip


def changed(at: int, parents: tuple[Action, ...], **more: Any) -> Action:
    given = {name: more.pop(name) for name in ("device", "role", "actor") if name in more}
    new = {name.replace("__", "."): value for name, value in more.items()}
    return action("part_changed", at, parents, new=new, old={}, before=WHOLE, **given)


def test_that_two_who_change_a_field_apart_are_both_shown():
    first = changed(1, (), accuracy="A")
    here = changed(2, (first,), state=1, device="a")
    there = changed(3, (first,), state=2, device="b", actor=2)
    for held in ([first, here, there], [there, here, first]):
        state = fold_part(held)
        assert state is not None
        assert state.part is not None
        assert state.part.state == 2
        assert [(one.field, one.stands, one.other) for one in state.conflicts] == [
            ("state", there.hash, here.hash)
        ]
        assert {one.hash for one in state.steps if one.against} == {here.hash, there.hash}
        assert len(state.heads) == 2
    settled = changed(4, (here, there), state=1)
    state = fold_part([first, here, there, settled])
    assert state is not None
    assert (state.part.state, state.conflicts, len(state.heads)) == (1, (), 1)  # type: ignore[union-attr]


def test_that_different_fields_changed_apart_both_count_without_conflict():
    first = changed(1, (), source="普查")
    state = fold_part([first, changed(2, (first,), state=1), changed(3, (first,), accuracy="A")])
    assert state is not None
    assert state.part is not None
    assert (state.part.state, state.part.accuracy, state.conflicts) == (1, "A", ())


@given(st.data())
def test_that_any_history_in_any_order_gives_one_result(data: st.DataObject):
    """Random histories over several devices, delivered in random orders and twice."""
    draw = data.draw
    held: list[Action] = [action("part_added", 0, new=WHOLE)]
    for at in range(1, draw(st.integers(2, 14))):
        picked = draw(st.sets(st.integers(0, len(held) - 1), min_size=1, max_size=2))
        seen = tuple(held[i] for i in picked)
        who = draw(st.integers(1, 3))
        role = draw(st.sampled_from(("supervisor", "handler", "dispatcher", "intake")))
        given_by: dict[str, Any] = {"device": "abc"[who - 1], "actor": who, "role": role}
        kind = draw(st.sampled_from(("state", "accuracy", "retire", "undo", "attr")))
        if kind == "undo":
            undoes = draw(st.sampled_from(held)).hash
            held.append(action("part_undone", at, seen, undoes=undoes, **given_by))
        elif kind == "retire":
            held.append(changed(at, seen, retired=True, state=3, **given_by))
        elif kind == "attr":
            held.append(changed(at, seen, attrs__size=str(at % 3), **given_by))
        else:
            value = draw(st.integers(0, 3)) if kind == "state" else draw(st.sampled_from("ABC"))
            held.append(changed(at, seen, **{kind: value}, **given_by))
    state = fold_part(held)
    assert state is not None
    assert {one.hash for one in state.steps} == {one.hash for one in held}
    for seed in range(3):
        other = [*held, *held[::2]]
        random.Random(seed).shuffle(other)
        assert fold_part(other) == state
    for end in range(len(held)):  # what waits for a parent never makes it fail
        fold_part(held[end:])


@pytest.mark.parametrize(
    "new", [{"state": 9}, {"accuracy": "Z"}, {"place": [1, 2, 3]}, {"grid": "x"}, {"attrs.": "v"},
            {"initial_date": "soon"}, {"retired": 1}, {"state": True}, {"else": 1}, {}, [1]],
)  # fmt: skip
def test_that_a_change_of_a_wrong_form_does_not_count(new: Any):
    added = action("part_added", 0, new=WHOLE)
    bad = action("part_changed", 1, (added,), new=new, old={})
    state = fold_part([added, bad])
    assert state is not None
    assert [one.effect for one in state.steps] == ["applied", "refused"]


def cell(number: int) -> Cell:
    return Cell(UUID(int=number), f"31010100100100{number}", "", None, b"\x01", "2026-01-01", True)


def test_that_of_two_splits_of_one_grid_the_first_counts_and_both_are_shown():
    def split(at: int, device: str, new: tuple[int, int]) -> Action:
        sides = {"old": [cell_body(cell(1))], "new": [cell_body(cell(n)) for n in new]}
        return action("grids_split", at, role="shift_lead", device=device, at_ms=NOW + at, **sides)

    here, there = split(1, "a", (2, 3)), split(2, "b", (4, 5))
    for held in ([here, there], [there, here]):
        state = fold_grids(held)
        assert state is not None
        effects = {one.hash: (one.effect, one.why, one.against) for one in state.steps}
        assert effects[here.hash] == ("applied", "", ())
        assert effects[there.hash] == ("refused", "ended", (here.hash,))
        valid = {u.int for u, c in state.cells.items() if c.to_ms is None and not c.is_void}
        assert valid == {2, 3}
        assert {u.int for u, c in state.cells.items() if c.is_void} == {4, 5}
