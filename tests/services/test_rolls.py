"""Changes of the rolls by commands: rights, leave with a stand-in, undo, the past as it was."""

from __future__ import annotations

import pytest

from app.domain.errors import NotAllowed
from app.domain.people import Role
from app.domain.rolls.changes import ADD_PERSON, LEAVE
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import Actor, ChangeRolls, UndoRolls
from app.services.questions import answer
from app.services.rolls_asking import RollGaps, RollsOf

NOW = 1_800_000_000_000
DAY = 86_400_000
LEAD = Actor(desk_person(Role.SHIFT_LEAD), Role.SHIFT_LEAD)


@pytest.fixture
def city(tmp_path):
    made = create_tiny_city(tmp_path / "city")
    yield made
    made.close()


@pytest.fixture
def post(city):
    with city.begin(write=False) as uow:
        street = next(d for d in uow.directory.all_rolls("Asia/Shanghai").posts if d.kind == "road")
    return street


def standing(city, post, at_ms):
    rows = answer(RollsOf(str(post.area), at_ms), city, NOW)
    return next(row.person for row in rows if row.uid == post.uid)


def leave(city, post, stand_in=True):
    with city.begin(write=False) as uow:
        rolls = uow.directory.all_rolls("Asia/Shanghai")
    slot = rolls.slot(NOW + DAY)
    who = post.person_by_shift[slot.shift.code]
    other = next(uid for uid in post.person_by_shift.values() if uid != who)
    fields = {"about": str(who), **({"other": str(other)} if stand_in else {})}
    handle(ChangeRolls(LEAD, LEAVE, fields, NOW + DAY // 2, NOW + 2 * DAY), city, NOW)
    return rolls.persons[who].name, rolls.persons[other].name


def test_that_a_stand_in_stands_while_the_leave_lasts_and_not_before(city, post):
    before = standing(city, post, NOW + DAY)
    who, other = leave(city, post)
    assert before == who
    assert standing(city, post, NOW + DAY) == other
    assert standing(city, post, NOW + 3 * DAY) == who


def test_that_a_leave_without_stand_in_is_told_as_a_gap_before_it_bites(city, post):
    leave(city, post, stand_in=False)
    gaps = [one for one in answer(RollGaps(14), city, NOW) if one.area == post.area]
    assert gaps
    assert {(one.what, one.kind) for one in gaps} == {("gap", "road")}
    assert all(NOW + DAY // 2 <= one.from_ms < one.to_ms <= NOW + 2 * DAY for one in gaps)
    assert all(one.meanwhile is not None for one in gaps)


def test_that_undo_ends_a_leave_now_and_leaves_the_past_as_it_was(city, post):
    who, other = leave(city, post)
    half = NOW + DAY + 1000
    handle(UndoRolls(LEAD), city, half)
    assert standing(city, post, NOW + DAY) == other
    assert standing(city, post, half + 1000) == who


def test_that_the_past_cannot_be_changed(city, post):
    before = standing(city, post, NOW - DAY)
    fields = {"about": str(next(iter(post.person_by_shift.values())))}
    handle(ChangeRolls(LEAD, LEAVE, fields, NOW - 2 * DAY, NOW + DAY), city, NOW)
    assert standing(city, post, NOW - DAY) == before


def test_that_a_unit_s_leader_may_not_change_another_unit(city, post):
    actor = Actor(desk_person(Role.UNIT_LEADER), Role.UNIT_LEADER)
    fields = {"about": str(next(iter(post.person_by_shift.values())))}
    with pytest.raises(NotAllowed):
        handle(ChangeRolls(actor, LEAVE, fields), city, NOW)


def test_that_a_new_person_s_name_does_not_stand_in_the_action(city, post):
    uid = "00000000-0000-7000-8000-0000000000ab"
    fields = {"about": uid, "unit": str(post.unit), "as_role": "handler", "name": "赵新人"}
    handle(ChangeRolls(LEAD, ADD_PERSON, fields), city, NOW)
    with city.begin(write=False) as uow:
        (signed,) = uow.actions.of_kind("rolls_changed")
        assert any(one.name == "赵新人" for one in uow.directory.persons())
    assert "赵新人".encode() not in signed.data
