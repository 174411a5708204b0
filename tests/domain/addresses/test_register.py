"""An address is what approved requests made of it, in whatever order the actions came."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.actions import Action
from app.domain.addresses.register import APPROVE, PROPOSE, REFUSE, Standing, fold_address
from app.domain.hlc import Stamp
from app.domain.identity import uuid7

NOW = 1_795_000_000_000
PLACE = {"lon_e7": 1_214_700_000, "lat_e7": 312_300_000}
ANN, BEA, LEAD = UUID(int=1), UUID(int=2), UUID(int=3)
UID = uuid7(NOW, 7)


def act(at: int, kind: str, by: UUID, body: dict[str, Any], *parents: Action,
        role: str = "shift_lead") -> Action:  # fmt: skip
    return Action(
        uuid7(NOW + at, at), UID, "dev", Stamp(NOW + at, 0, "dev"),
        tuple(sorted(one.hash for one in parents)), kind, 1, "r", by, role, body,
    )  # fmt: skip


def story() -> list[Action]:
    new = act(1, PROPOSE, ANN, {"change": "new", "name": "老虎灶", "address": "安福路1号", **PLACE})
    yes = act(2, APPROVE, LEAD, {"request": new.hash}, new)
    rename = act(3, PROPOSE, ANN, {"change": "rename", "name": "茶馆"}, yes)
    alias = act(4, PROPOSE, BEA, {"change": "alias", "alias": "安福茶馆"}, yes)
    both = act(5, APPROVE, LEAD, {"request": rename.hash}, rename, alias)
    also = act(6, APPROVE, LEAD, {"request": alias.hash}, both)
    move = act(7, PROPOSE, BEA, {"change": "move", "lon_e7": 1_214_800_000, "lat_e7": 312_300_000},
               also)  # fmt: skip
    no = act(8, REFUSE, LEAD, {"request": move.hash}, move)
    retire = act(9, PROPOSE, BEA, {"change": "retire"}, no)
    return [new, yes, rename, alias, both, also, move, no, retire,
            act(10, APPROVE, ANN, {"request": retire.hash}, retire)]  # fmt: skip


def test_that_approved_requests_and_no_others_count() -> None:
    state = fold_address(story())
    assert state is not None
    assert state.entry is not None
    assert (state.entry.title, state.entry.old, state.entry.aliases) == (
        "茶馆", ("老虎灶",), ("安福茶馆",),
    )  # fmt: skip
    assert (state.entry.lon_e7, state.entry.status) == (PLACE["lon_e7"], "retired")
    assert state.entry.valid_to_ms == NOW + 10
    standings = [one.standing for one in state.requests]
    assert standings.count(Standing.REFUSED) == 1
    assert standings.count(Standing.APPROVED) == 4


@given(st.permutations(range(10)), st.sets(st.integers(0, 9)))
def test_that_order_and_repetition_change_nothing(order: list[int], twice: set[int]) -> None:
    actions = story()
    mixed = [actions[i] for i in order] + [actions[i] for i in twice]
    assert fold_address(mixed) == fold_address(actions)


@pytest.mark.parametrize(("by", "role"), [(ANN, "shift_lead"), (LEAD, "handler")])
def test_that_neither_who_asked_nor_who_may_not_approves(by: UUID, role: str) -> None:
    new = act(1, PROPOSE, ANN, {"change": "new", "name": "x", **PLACE})
    state = fold_address([new, act(2, APPROVE, by, {"request": new.hash}, new, role=role)])
    assert state is not None
    assert state.entry is None
    assert state.requests[0].standing is Standing.OPEN


@given(st.dictionaries(
    st.sampled_from(["change", "name", "alias", "lon_e7", "lat_e7", "before", "grid", "request"]),
    st.one_of(st.text(max_size=5), st.integers(-5, 5), st.booleans(), st.sampled_from(
        ["new", "rename", "alias", "move", "retire"]), st.just({}), st.lists(st.text())),
))  # fmt: skip
def test_that_a_malformed_body_breaks_nothing(body: dict[str, Any]) -> None:
    proposed = act(1, PROPOSE, ANN, body)
    fold_address([proposed, act(2, APPROVE, LEAD, {"request": proposed.hash}, proposed)])


def test_that_a_place_of_the_map_comes_with_its_first_request() -> None:
    before = {"name": "汾阳路150号", "address": "汾阳路150号", **PLACE}
    asked = act(1, PROPOSE, ANN, {"change": "alias", "alias": "眼耳鼻喉科", "before": before})
    state = fold_address([asked, act(2, APPROVE, LEAD, {"request": asked.hash}, asked)])
    assert state is not None
    assert state.entry is not None
    assert (state.entry.title, state.entry.aliases) == ("汾阳路150号", ("眼耳鼻喉科",))
