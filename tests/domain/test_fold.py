"""The fold: same state for every order of delivery; nothing dropped, nothing half done."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.fold import fold, in_line
from app.domain.rules import RuleBook


def test_that_a_case_goes_from_report_to_close(whole_way, rules):
    state = fold(whole_way, lambda _: rules)
    assert state is not None
    assert state.step == "closed"
    assert state.matter == "0110"
    assert [e.effect for e in state.history] == ["applied"] * 7
    assert state.photos == ("ab",)
    assert not state.running()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(seed=st.integers(0, 2**32), copies=st.integers(1, 3))
def test_that_any_order_of_delivery_gives_the_same_state(whole_way, write, rules, seed, copies):
    branch = write("return", [whole_way[2]], ms=1_790_000_000_500, actor=2, role="handler",
                   device="dev-b", refs={"reason": {"key": str(whole_way[0].uid),
                                                    "commitment": "1" * 64}})  # fmt: skip
    actions = [*whole_way, branch]
    expected = fold(actions, lambda _: rules)
    shuffled = actions * copies
    random.Random(seed).shuffle(shuffled)
    assert fold(shuffled, lambda _: rules) == expected
    assert expected is not None
    assert len(expected.history) == len(actions)


def test_that_of_two_moves_made_apart_one_is_applied_and_the_other_kept_as_refused(
    whole_way, write, rules
):
    filed = whole_way[:2]
    first, second = (
        write("dispatch", [filed[-1]], ms=ms, device=device, unit=str(filed[0].uid),
              post=str(filed[0].uid), person=str(filed[0].uid))
        for ms, device in ((1_790_000_100_000, "dev-a"), (1_790_000_200_000, "dev-b"))
    )  # fmt: skip
    state = fold([*filed, second, first], lambda _: rules)
    assert state is not None
    effects = {e.hash: (e.effect, e.why) for e in state.history}
    assert effects[first.hash] == ("applied", "")
    assert effects[second.hash] == ("refused", "not_from_dispatched")
    assert set(state.heads) == {first.hash, second.hash}


def test_that_an_action_whose_parent_is_not_here_waits_outside_the_state(whole_way, rules):
    without_dispatch = [a for a in whole_way if a.type != "dispatch"]
    state = fold(without_dispatch, lambda _: rules)
    assert state is not None
    assert state.step == "filed"
    assert [e.effect for e in state.history] == ["applied"] * 2 + ["waiting"] * 4


def test_that_who_handled_cannot_check(whole_way, write, rules):
    handled = whole_way[:5]
    check = write("pass", [handled[-1]], ms=1_790_001_000_000, actor=2, role="supervisor")
    state = fold([*handled, check], lambda _: rules)
    assert state is not None
    assert state.step == "handled"
    assert state.history[-1].why == "handled_it"


def test_that_a_role_without_the_right_is_refused(report, write, rules):
    file = write("file", [report], ms=1_790_000_001_000, role="handler", matter="0110")
    state = fold([report, file], lambda _: rules)
    assert state is not None
    assert state.step == "reported"
    assert state.history[-1].why == "role"


def test_that_undo_restores_the_state_before_the_last_step_and_keeps_both(whole_way, write, rules):
    sent = whole_way[:3]
    undo = write("undo", [sent[-1]], ms=1_790_000_500_000, undoes=sent[-1].hash)
    before = fold(sent[:-1], lambda _: rules)
    after = fold([*sent, undo], lambda _: rules)
    assert before is not None
    assert after is not None
    assert after.step == before.step == "filed"
    assert after.clocks == before.clocks
    assert [e.effect for e in after.history] == ["applied", "applied", "undone", "applied"]


def test_that_only_the_last_step_can_be_undone_and_never_the_report(whole_way, write, rules):
    sent = whole_way[:3]
    for target in (sent[1], sent[0]):
        undo = write("undo", [sent[-1]], ms=1_790_000_500_000, undoes=target.hash)
        state = fold([*sent, undo], lambda _: rules)
        assert state is not None
        assert state.step == "dispatched"
        assert state.history[-1].why == "not_last"


def test_that_without_the_report_there_is_no_case(whole_way, rules):
    assert fold(whole_way[1:], lambda _: rules) is None


def test_that_parents_come_before_children_whatever_their_clocks_say(write, report):
    early = write("file", [report], ms=1_600_000_000_000, matter="0110")
    ready, waiting = in_line([early, report])
    assert [a.type for a in ready] == ["report", "file"]
    assert waiting == []


def test_that_clocks_start_and_stop_with_their_moves(whole_way, rules: RuleBook):
    dispatched = fold(whole_way[:3], lambda _: rules)
    assert dispatched is not None
    assert [c.name for c in dispatched.running()] == ["handling"]
    handled = fold(whole_way[:5], lambda _: rules)
    assert handled is not None
    stopped = next(c for c in handled.clocks if c.name == "handling")
    assert stopped.stopped_ms == whole_way[4].stamp.ms
