"""The rolls leave no gap and no doubt about who is accountable."""

from __future__ import annotations

from datetime import UTC, datetime, time
from uuid import UUID

import pytest

from app.domain.areas import Area, Tier
from app.domain.people import Role
from app.sample.names import LEADS
from app.sample.records import SHIFTS, make_rolls, shift_of

FROM = datetime(2026, 1, 1, tzinfo=UTC)


def area(number: int, tier: Tier, name: str, parent: int, platform: bool = True) -> Area:
    up = UUID(int=parent) if parent else None
    return Area(UUID(int=number), tier, f"{310000 + number}", name, up, FROM, platform=platform)


AREAS = (
    area(1, Tier.CITY, "上海市", 0),
    area(2, Tier.DISTRICT, "徐汇区", 1),
    area(3, Tier.STREET, "湖南路街道", 2),
    area(4, Tier.STREET, "某开发区", 2, platform=False),
)


@pytest.mark.parametrize("street", [3, 4])
@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("shift", [shift.code for shift in SHIFTS])
def test_that_exactly_one_person_answers_for_street_trade_and_shift(
    street: int, kind: str, shift: str
) -> None:
    rolls = make_rolls(AREAS, 1)
    for where in (UUID(int=street), UUID(int=2)):
        duties = [one for one in rolls.duties if (one.area, one.kind) == (where, kind)]
        if duties:
            break
    assert len(duties) == 1
    persons = [one for one in rolls.persons if one.uid == duties[0].person_by_shift[shift]]
    assert [one.role for one in persons] == [Role.HANDLER]
    assert persons[0].unit == duties[0].unit


def test_that_the_same_seed_draws_the_same_people() -> None:
    assert make_rolls(AREAS, 1) == make_rolls(AREAS, 1)
    assert make_rolls(AREAS, 1) != make_rolls(AREAS, 2)


def test_that_nobody_stands_twice_and_every_role_is_filled() -> None:
    rolls = make_rolls(AREAS, 1)
    for rows in (rolls.units, rolls.persons, rolls.duties):
        assert len({row.uid for row in rows}) == len(rows)
    assert {one.role for one in rolls.persons} == set(Role) - {Role.MACHINE}


def test_that_who_checks_a_street_never_handles_there() -> None:
    rolls = make_rolls(AREAS, 1)
    handling = {one.uid for one in rolls.persons if one.role is Role.HANDLER}
    checking = {one.uid for one in rolls.persons if one.role is Role.SUPERVISOR}
    assert not handling & checking


@pytest.mark.parametrize(
    ("at", "code"), [(time(8), "morning"), (time(23, 59), "middle"), (time(0), "night")]
)
def test_that_every_minute_lies_in_one_shift(at: time, code: str) -> None:
    assert shift_of(at).code == code
    assert sum(shift.holds(at) for shift in SHIFTS) == 1
