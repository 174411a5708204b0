"""Merging beside the step: identity of merge and unmerge, any order of delivery, circles."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.clocks import left
from app.domain.fold import fold
from app.domain.sightings import keeps_open

MASTER = "00000000-0000-7000-8000-0000000000bb"
T = 1_790_000_000_000
BARE = {"history": (), "heads": (), "changed_ms": 0, "clocks": ()}


def bare(state):
    return replace(state, **BARE)


def test_that_merge_then_unmerge_is_identity_but_for_the_time_that_stood(rules, write, whole_way):
    for upto in range(1, len(whole_way)):
        done = whole_way[:upto]
        before = fold(done, lambda _: rules)
        merge = write("merge", [done[-1]], ms=T + 3_600_000, master=MASTER)
        back = write("unmerge", [merge], ms=T + 9_000_000)
        after = fold([*done, merge, back], lambda _: rules)
        assert bare(after) == bare(before)
        for old, new in zip(before.clocks, after.clocks, strict=True):
            assert (old.name, old.stopped_ms) == (new.name, new.stopped_ms)
            if old.stopped_ms is None:
                calendar = rules.calendar
                assert left(old, calendar, T + 3_600_000) == left(new, calendar, T + 9_000_000)


def test_that_every_order_of_delivery_gives_the_same_state(rules, write, report):
    merge = write("merge", [report], ms=T + 1000, master=MASTER)
    apart = write("file", [report], ms=T + 2000, device="dev-b", matter="0110", number="1")
    back = write("unmerge", [merge], ms=T + 3000)
    states = [fold(order, lambda _: rules) for order in permutations([report, merge, apart, back])]
    assert all(state == states[0] for state in states)
    assert [one.why for one in states[0].history] == ["", "", "merged", ""]


def test_that_a_merged_case_is_merged_no_second_time_and_never_into_itself(rules, write, report):
    own = write("merge", [report], ms=T + 1000, master=str(report.subject))
    merge = write("merge", [own], ms=T + 2000, master=MASTER)
    again = write("merge", [merge], ms=T + 3000, master=MASTER)
    by_handler = write("unmerge", [again], ms=T + 4000, role="handler")
    state = fold([report, own, merge, again, by_handler], lambda _: rules)
    whys = [one.why for one in state.history]
    assert whys == ["", "merges_itself", "", "merged", "role"]
    assert state.history[-1].effect == "quarantined"
    assert state.master == UUID(MASTER)


@given(st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_that_of_a_circle_exactly_one_stays_open(masters):
    cases = [UUID(int=n) for n in range(6)]
    master = {case: cases[to] for case, to in zip(cases, masters, strict=True)}
    opened = {one for one in cases if keeps_open(one, master[one], master.get)}
    circles = set()
    for case in cases:
        at = case
        for _ in range(6):
            at = master[at]
        circle = {at}
        while master[at] not in circle:
            at = master[at]
            circle.add(at)
        circles.add(min(circle))
    assert opened == circles
