"""Rights as of the parents, and what an erasure takes with it: the same for every replica."""

from __future__ import annotations

import random

from app.domain.erasure import erase_body, erased_by
from app.domain.fold import fold, in_line

T0 = 1_790_001_000_000
REF = {"key": "00000000-0000-7000-8000-0000000000bb", "commitment": "1" * 64}


def effects(state):
    return {entry.hash: (entry.effect, entry.why) for entry in state.history}


def test_that_a_role_without_the_right_is_quarantined_not_refused(report, write, rules):
    file = write("file", [report], ms=T0, role="handler", matter="0110")
    state = fold([report, file], lambda _: rules)
    assert effects(state)[file.hash] == ("quarantined", "role")
    assert state.step == "reported"
    assert state.changed_ms == report.stamp.ms


def test_that_what_only_came_too_late_is_refused_not_quarantined(whole_way, write, rules):
    late = write("file", [whole_way[0]], ms=T0, matter="0110", device="dev-b")
    state = fold([*whole_way, late], lambda _: rules)
    assert effects(state)[late.hash][0] == "refused"


def test_that_who_knew_he_handled_it_is_quarantined_as_its_checker(whole_way, write, rules):
    handled = whole_way[:5]
    check = write("pass", [handled[-1]], ms=T0, actor=2, role="supervisor")
    state = fold([*handled, check], lambda _: rules)
    assert effects(state)[check.hash] == ("quarantined", "handled_it")


def test_that_work_goes_on_after_a_quarantined_step(report, write, rules):
    bad = write("file", [report], ms=T0, role="handler", matter="0110")
    good = write("file", [bad], ms=T0 + 1, role="dispatcher", matter="0110")
    state = fold([good, bad, report], lambda _: rules)
    assert state.step == "filed"
    assert state.heads == (good.hash,)


def test_that_only_who_leads_may_erase(whole_way, write, rules):
    for role, effect in (("handler", "quarantined"), ("shift_lead", "applied")):
        erase = write("erase", [whole_way[-1]], ms=T0 + 9, role=role, **erase_body([], "law"))
        state = fold([*whole_way, erase], lambda _: rules)
        assert effects(state)[erase.hash][0] == effect
        assert state.step == "closed"
        assert state.photos == (() if effect == "applied" else ("ab",))
        assert state.last_applied().type == "close"


def test_that_erasing_takes_what_was_written_without_knowing_of_it(whole_way, write, rules):
    erase = write("erase", [whole_way[-1]], ms=T0 + 1, role="shift_lead", why="request")
    apart = write("return", [whole_way[2]], ms=T0 + 2, actor=2, role="handler", device="dev-b",
                  refs={"reason": REF}, photos=["cd"])  # fmt: skip
    after = write("rework", [erase], ms=T0 + 3, role="shift_lead", photos=["ab"])
    actions = [*whole_way, erase, apart, after]
    random.Random(3).shuffle(actions)
    ready, _ = in_line(actions)
    gone = erased_by(ready)
    assert REF["key"] in {str(key) for key in gone.keys}
    assert gone.photos == {"cd"}  # "ab" is named again by one who knew of the erasure


def test_that_an_erasure_names_nobody(report):
    body = erase_body([report], "request")
    assert set(body) == {"why", "erased", "count"}
    assert len(body["erased"]) == 64
