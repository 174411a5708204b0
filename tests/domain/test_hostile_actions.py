"""What strangers may send: read and folded, or refused by name; never a crash."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.actions import Action, canonical_bytes, parse_action
from app.domain.bodies import check_body
from app.domain.errors import AppError, Forged, InvalidInput, NotFound
from app.domain.fold import fold
from app.domain.hlc import MOST_COUNT, HybridClock, Stamp

_T = 1_790_000_000_000
_leaf = st.one_of(
    st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(max_size=9),
    st.sampled_from(["", "NaN", "\x00", "0110", "a" * 300, "0" * 64,
                     "00000000-0000-7000-8000-0000000000aa"]),
)  # fmt: skip
_json = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["words", "key", "commitment", ""]), inner, max_size=3),
    ),
    max_leaves=8,
)
_names = st.sampled_from(
    ["lon_e7", "lat_e7", "refs", "photos", "reasons", "auto", "sample", "matter", "number",
     "unit", "post", "person", "grid", "at_ms", "undoes", "source", "receipt", "note", "other"]
)  # fmt: skip
_bodies = st.dictionaries(_names, _json, max_size=6)
_types = st.sampled_from(["report", "file", "dispatch", "handle", "undo", "close", "strange"])


def altered(action: Action, **changes: object) -> bytes:
    raw = json.loads(action.canonical) | changes
    return canonical_bytes(raw)


@pytest.mark.parametrize(
    "changes",
    [
        {"parents": "ab"},
        {"parents": [["x"]]},
        {"parents": [{}]},
        {"parents": [7]},
        {"parents": ["ab"]},
        {"parents": ["a" * 64, "a" * 64]},
        {"parents": ["b" * 64, "a" * 64]},
        {"body": []},
        {"body": "x"},
        {"format": 2},
        {"uid": 7},
        {"hlc": "1.2"},
        {"hlc": "+1790000000000.00000.dev-a"},
        {"version": "1"},
        {"extra": 1},
    ],
)
def test_that_bytes_of_another_form_are_no_action(report: Action, changes) -> None:
    with pytest.raises(Forged):
        parse_action(altered(report, **changes))


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"{}", b"[" * 100_000, b"9" * 5_000, b'{"a":NaN}', b"x" * 300_000]
)
def test_that_rubbish_is_no_action(data: bytes) -> None:
    with pytest.raises(Forged):
        parse_action(data)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stamp": Stamp(_T, 0, "dev-b")}, "hlc"),
        ({"stamp": Stamp(_T, MOST_COUNT + 1, "dev-a")}, "hlc"),
        ({"stamp": Stamp(_T, -1, "dev-a")}, "hlc"),
        ({"stamp": Stamp(-5, 0, "dev-a")}, "hlc"),
        ({"type": "re\x00port"}, "type"),
        ({"role": "r" * 201}, "role"),
        ({"body": {"refs": {"words": {"key": "", "commitment": ""}}}}, "refs"),
        ({"body": {"refs": {"n" * 201: {"key": "", "commitment": ""}}}}, "refs"),
        ({"body": {"photos": "ab"}}, "photos"),
        ({"body": {"number": "\x00"}}, "number"),
        ({"body": {"lon_e7": True, "lat_e7": 1}}, "lon_e7"),
        ({"body": {"unit": 7}}, "unit"),
        ({"body": {"at_ms": 4_102_444_800_001}}, "at_ms"),
    ],
)
def test_that_a_wrong_part_is_refused_by_its_name(report: Action, changes, field) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_body(replace(report, **changes))
    assert caught.value.field == field


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(_types, _bodies, st.integers(1, 2)), max_size=5))
def test_that_what_passes_the_border_never_breaks_the_fold(steps, report, rules, write) -> None:
    taken = [report]
    for number, (kind, body, version) in enumerate(steps, 1):
        made = write(kind, [taken[-1]], ms=_T + number, role="dispatcher")
        try:
            action = parse_action(replace(made, body=body, version=version).canonical)
            check_body(action)
        except AppError:
            continue
        taken.append(action)
    state = fold(taken, lambda _: rules)
    assert state is not None
    assert len(state.history) == len(taken)


def test_that_an_action_under_an_unknown_rule_set_waits_with_what_follows_it(
    whole_way: list[Action], rules
) -> None:
    def known(digest: str):
        if digest != rules.hash:
            raise NotFound("not here")
        return rules

    filed = replace(whole_way[1], rules="f" * 64)
    sent = replace(whole_way[2], parents=(filed.hash,))
    state = fold([whole_way[0], filed, sent], known)
    assert state is not None
    assert state.step == "reported"
    assert [(e.effect, e.why) for e in state.history[1:]] == [
        ("waiting", "rules"), ("waiting", "parent"),
    ]  # fmt: skip
    assert state.heads == (whole_way[0].hash,)
    assert fold([replace(whole_way[0], rules="f" * 64)], known) is None


def test_that_a_body_of_a_later_release_waits_unread(whole_way: list[Action], rules) -> None:
    later = replace(whole_way[1], version=2, body={"refs": 7, "photos": False})
    check_body(later)
    state = fold([whole_way[0], later], lambda _: rules)
    assert state is not None
    assert (state.history[1].effect, state.history[1].why) == ("waiting", "version")


def test_that_a_parent_of_another_subject_is_waited_for(whole_way: list[Action], rules) -> None:
    stray = replace(whole_way[1], parents=("e" * 64,))
    state = fold([whole_way[0], stray], lambda _: rules)
    assert state is not None
    assert state.history[1].effect == "waiting"


def test_that_an_unknown_matter_opens_no_case_file(whole_way: list[Action], rules) -> None:
    strange = replace(whole_way[1], body={"matter": "zz"})
    state = fold([whole_way[0], strange], lambda _: rules)
    assert state is not None
    assert (state.step, state.history[1].why) == ("reported", "unknown_matter")
    told = replace(whole_way[0], body={**whole_way[0].body, "matter": "zz"})
    assert fold([told], lambda _: rules).matter == ""


def test_that_two_undo_the_same_step_only_once(whole_way: list[Action], write, rules) -> None:
    done = whole_way[:3]
    one, other = (
        write("undo", [done[-1]], ms=_T + 999_000 + n, device=f"dev-{n}", undoes=done[-1].hash)
        for n in range(2)
    )
    again = write("undo", [one, other], ms=_T + 1_999_000, undoes=one.hash)
    state = fold([*done, one, other, again], lambda _: rules)
    assert state is not None
    assert state.step == "filed"
    assert [e.effect for e in state.history[-3:]] == ["applied", "refused", "refused"]


def test_that_a_clock_stays_sortable_when_it_stands_still() -> None:
    clock = HybridClock("dev-a", Stamp(_T, MOST_COUNT - 1, "dev-a"))
    stamps = [clock.tick(_T) for _ in range(3)]
    assert stamps == sorted(stamps)
    assert [str(one) for one in stamps] == sorted(map(str, stamps))
