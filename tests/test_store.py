"""The current picture: order, tabs and what a change asks the window to redraw."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.changes import CaseRow, Changes, SignRow, UnitRow
from app.store import TABS, Store, TabEdit, state_of

NOW = 1_795_000_000_000
HOUR = 3_600_000


def row(**given_values: object) -> CaseRow:
    base = CaseRow(
        uid=uuid4(), receipt="S1", number="", step="filed", matter="0101", matter_name="",
        title="", address="", lon=121.4, lat=31.2, grid=None, grid_code="", street=None,
        district=None, unit=None, unit_name="", person=None, person_name="", source="hotline",
        reported_ms=NOW - HOUR, due_ms=NOW + 5 * HOUR, due_clock="dispatching", returned=0,
        reworked=0, auto=False, urgent=False, is_open=True, changed_ms=NOW, closed_ms=None,
        sample=True,
    )  # fmt: skip
    return replace(base, **given_values)  # type: ignore[arg-type]


def uids(store: Store, tab: str) -> list[UUID]:
    return [store.row_at(int(slot)).uid for slot in store.order(tab)]


def test_that_urgent_cases_stand_first_then_returned_then_by_deadline() -> None:
    store = Store()
    late, soon = row(due_ms=NOW + 9 * HOUR), row(due_ms=NOW + HOUR)
    back, urgent = row(returned=1, due_ms=NOW + 20 * HOUR), row(urgent=True)
    store.apply(Changes(cases=(late, soon, back, urgent)))
    assert uids(store, "to_dispatch") == [urgent.uid, back.uid, soon.uid, late.uid]


def test_that_a_dispatched_case_leaves_the_tab_of_those_to_dispatch() -> None:
    store, case = Store(), row()
    store.apply(Changes(cases=(case,)))
    delta = store.apply(Changes(cases=(replace(case, step="dispatched"),)))
    slot = store.slot(case.uid)
    assert delta.tabs["to_dispatch"] == (TabEdit("remove", 0, slot or 0),)
    assert delta.tabs["open"] == (TabEdit("change", 0, slot or 0),)
    assert store.counts()["to_dispatch"] == 0
    assert store.counts()["open"] == 1


def test_that_a_closed_case_is_only_among_all() -> None:
    store, case = Store(), row()
    store.apply(Changes(cases=(case,)))
    store.apply(Changes(cases=(replace(case, is_open=False, step="closed", closed_ms=NOW),)))
    assert store.counts() == {**dict.fromkeys(TABS, 0), "all": 1}


def test_that_an_older_page_never_overwrites_a_newer_change() -> None:
    store, case = Store(), row(title="new")
    store.apply(Changes(cases=(case,)))
    store.apply(Changes(cases=(replace(case, title="old", changed_ms=NOW - 1),)))
    held = store.row(case.uid)
    assert held is not None
    assert held.title == "new"


def test_that_mine_depends_on_who_looks() -> None:
    store, me = Store(), uuid4()
    sent, checked = row(step="dispatched", person=me), row(step="checked")
    store.apply(Changes(cases=(sent, checked)))
    store.look_from(me, "handler")
    assert uids(store, "mine") == [sent.uid]
    store.look_from(uuid4(), "dispatcher")
    assert uids(store, "mine") == [checked.uid]


def test_that_time_alone_brings_a_case_among_those_due_soon() -> None:
    store, case = Store(), row(due_ms=NOW + 5 * HOUR)
    store.tick(NOW)
    store.apply(Changes(cases=(case,)))
    assert store.counts()["due_soon"] == 0
    delta = store.tick(NOW + 4 * HOUR)
    assert delta.tabs == {"due_soon": None}
    assert uids(store, "due_soon") == [case.uid]


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "normal"),
        ({"due_ms": NOW + HOUR // 2}, "attention"),
        ({"due_ms": NOW - 1}, "bad"),
        ({"due_ms": NOW - 1, "urgent": True}, "critical"),
        ({"returned": 1}, "attention"),
        ({"due_ms": NOW - 1, "is_open": False}, "normal"),
    ],
)
def test_that_a_state_is_computed_from_deadline_and_now(
    values: dict[str, object], state: str
) -> None:
    case = row(**values)
    assert state_of(case, NOW) == state
    store = Store()
    store.apply(Changes(cases=(case,)))
    drawn = store.map_cases(NOW)
    if case.is_open:
        assert drawn.state.tolist() == [
            ["normal", "attention", "bad", "critical", "unknown"].index(state)
        ]
    else:
        assert drawn.uids == ()


def test_that_the_worst_cases_are_drawn_last() -> None:
    store = Store()
    bad, fine = row(due_ms=NOW - 1), row()
    store.apply(Changes(cases=(bad, fine)))
    assert store.map_cases(NOW).uids == (fine.uid, bad.uid)


def test_that_a_unit_that_left_is_gone() -> None:
    store = Store()
    unit = UnitRow(uuid4(), "car", "patrol", 121.4, 31.2, 0.0, NOW)
    assert store.apply(Changes(units=(unit,))).units
    assert store.apply(Changes(gone=(unit.uid,))).units
    assert store.units == {}


def test_that_the_worst_sign_stands_for_its_dimension() -> None:
    store = Store()
    fine = SignRow("a", "310000", "", "", "safety", "", 1.0, "normal", NOW, "", 0.0, 2.0)
    bad = replace(fine, code="b", state="critical", at_ms=NOW - 5)
    store.apply(Changes(signs=(fine, bad)))
    assert store.headlines()["safety"].code == "b"
    assert store.oldest_reading_ms() == NOW - 5


cases = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.sampled_from(["reported", "filed", "dispatched", "closed"]),
        st.integers(-3, 3),
        st.booleans(),
        st.integers(0, 2),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(cases)
def test_that_edits_always_lead_from_the_old_list_to_the_new(
    steps: list[tuple[int, str, int, bool, int]],
) -> None:
    store = Store()
    store.tick(NOW)
    mirror: dict[str, list[int]] = {tab: [] for tab in TABS}
    for turn, (who, step, hours, urgent, returned) in enumerate(steps):
        case = row(
            uid=UUID(int=who), step=step, due_ms=NOW + hours * HOUR, urgent=urgent,
            returned=returned, is_open=step != "closed", changed_ms=NOW + turn,
        )  # fmt: skip
        delta = store.apply(Changes(cases=(case,)))
        for tab, edits in delta.tabs.items():
            assert edits is not None
            for kind, at, slot in edits:
                if kind == "remove":
                    assert mirror[tab].pop(at) == slot
                elif kind == "insert":
                    mirror[tab].insert(at, slot)
                else:
                    assert mirror[tab][at] == slot
    for tab in TABS:
        assert mirror[tab] == store.order(tab).tolist()
    fresh = Store()
    fresh.tick(NOW)
    fresh.apply(Changes(cases=tuple(store.row_at(int(s)) for s in store.order("all"))))
    for tab in TABS:
        assert uids(fresh, tab) == uids(store, tab)


def test_that_a_hundred_thousand_rows_take_one_more_at_once() -> None:
    store, many = Store(), 100_000
    base = row()
    rows = tuple(replace(base, uid=UUID(int=n), due_ms=NOW + n * 1000) for n in range(many))
    assert store.apply(Changes(cases=rows)).tabs["open"] is None
    delta = store.apply(Changes(cases=(replace(base, uid=uuid4(), due_ms=NOW + 500),)))
    assert delta.tabs["open"] is not None
    assert delta.tabs["open"][0].at == 1
    assert np.all(np.diff(store.order("open")[2:]) == 1)


def test_that_the_river_counts_today_and_what_is_late_now() -> None:
    store, day = Store(), NOW - 10 * HOUR
    unit = uuid4()
    store.apply(
        Changes(
            cases=(
                row(reported_ms=day + 1, number="1", unit=unit, auto=True, step="dispatched"),
                row(reported_ms=day + 1, number="2", unit=unit, step="signed", due_ms=NOW - 5),
                row(reported_ms=day - 1, is_open=False, step="closed", closed_ms=NOW),
                row(reported_ms=day + 1, step="reported"),
            )
        )
    )
    river = store.river(NOW, day)
    assert (river.reported, river.filed, river.sent, river.sent_by_rule) == (3, 2, 2, 1)
    assert (river.in_hand, river.overdue, river.longest_ms, river.closed) == (2, 1, 5, 1)


def test_that_a_district_never_stands_for_the_city() -> None:
    store = Store()
    city = SignRow("a", "310000", "", "", "safety", "", 1.0, "normal", NOW, "", 0.0, 2.0)
    store.apply(Changes(signs=(city, replace(city, area="310101", state="critical"))))
    assert store.headlines()["safety"].area == "310000"


def test_that_changing_the_role_asks_every_case_again() -> None:
    store, me = Store(), uuid4()
    handled, mine = row(step="handled"), row(step="signed", person=me)
    store.apply(Changes(cases=(handled, mine, row(step="checked"))))
    store.look_from(me, "supervisor")
    assert set(uids(store, "mine")) == {handled.uid, mine.uid}
    store.apply(Changes(cases=(replace(mine, person=uuid4(), changed_ms=NOW + 1),)))
    assert uids(store, "mine") == [handled.uid]
    store.look_from(None, "handler")
    assert uids(store, "mine") == []
