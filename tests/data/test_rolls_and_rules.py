"""Directory, rule sets and counters, on every kind of city."""

from __future__ import annotations

from datetime import time

import pytest

from app.data.rules_seed import seed_rules
from app.domain.errors import NotFound
from app.domain.identity import new_uid, uuid7
from app.domain.people import Duty, Person, Role, Shift, Unit
from app.domain.rules import parse_rules


@pytest.fixture
def rolls(city):
    unit = Unit(new_uid(), "市政所", "road", new_uid(), "021-1")
    people = [
        Person(uuid7(1, i), name, unit.uid, Role.HANDLER) for i, name in enumerate(("王磊", "李静"))
    ]
    shifts = [Shift("a", "早班", time(8), time(16)), Shift("b", "夜班", time(16), time(8))]
    duties = [
        Duty(uuid7(2, i), f"岗{i}", unit.uid, new_uid(), "road", {"a": people[0].uid})
        for i in range(3)
    ]
    with city.begin(write=True) as uow:
        uow.directory.put_units([unit])
        uow.directory.put_persons(people)
        uow.directory.put_shifts(shifts)
        uow.directory.put_duties(duties)
        uow.commit()
    return unit, people, shifts, duties


def test_that_the_rolls_are_read_back_as_they_were_put(city, rolls):
    unit, people, shifts, duties = rolls
    with city.begin(write=False) as uow:
        directory = uow.directory
        assert directory.unit(unit.uid) == unit
        assert directory.person(people[0].uid) == people[0]
        assert directory.duty(duties[0].uid) == duties[0]
        assert directory.shifts() == shifts
        assert directory.units("road") == [unit]
        assert directory.units("gas") == []
        assert directory.persons() == people
        assert directory.persons(role="handler", unit=unit.uid) == people
        assert directory.persons(role="intake") == []
        assert directory.duty_of(people[0].uid) == duties[0]
        assert directory.duty_of(people[1].uid) is None
        assert directory.names([unit.uid, people[1].uid, duties[2].uid, new_uid()]) == {
            unit.uid: "市政所", people[1].uid: "李静", duties[2].uid: "岗2",
        }  # fmt: skip
        assert directory.unit(new_uid()) is directory.person(new_uid()) is None


def test_that_posts_come_in_the_order_of_the_areas_asked(city, rolls):
    *_, duties = rolls
    areas = [duties[2].area, new_uid(), duties[0].area]
    with city.begin(write=False) as uow:
        assert uow.directory.duties(areas, "road") == [duties[2], duties[0]]
        assert uow.directory.duties(areas, "gas") == []
        assert uow.directory.duties([], "road") == []


def test_that_rolls_put_again_are_brought_up_to_date(city, rolls):
    _, people, *_ = rolls
    moved = Person(people[0].uid, "王磊", new_uid(), Role.SUPERVISOR)
    with city.begin(write=True) as uow:
        uow.directory.put_persons([moved])
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.directory.person(moved.uid) == moved


def test_that_every_rule_set_stays_and_the_last_one_put_counts(city):
    with city.begin(write=False) as uow:
        first = uow.rules.current()
    changed = parse_rules({**seed_rules(), "workflow": {**first.raw["workflow"], "name": "two"}})
    with city.begin(write=True) as uow:
        uow.rules.put(changed)
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.rules.current().hash == changed.hash
        assert uow.rules.get(first.hash).raw == first.raw
        with pytest.raises(NotFound):
            uow.rules.get("0" * 64)


def test_that_the_first_rule_set_came_by_a_signed_action(city):
    with city.begin(write=False) as uow:
        kinds = {one.action.type: one for _, one in uow.actions.since(0, 10)}
        book = parse_rules(kinds["rules"].action.body["ruleset"])
        assert book.hash == uow.rules.current().hash == kinds["rules"].action.rules


def test_that_numbers_count_by_day_and_district_and_are_given_once(city):
    with city.begin(write=True) as uow:
        receipts = [uow.next_receipt("2026-11-23") for _ in range(3)]
        numbers = [uow.next_number("310104", "20261123") for _ in range(2)]
        uow.commit()
    with city.begin(write=True) as uow:
        receipts.append(uow.next_receipt("2026-11-23"))
        numbers += [uow.next_number("310104", "20261124"), uow.next_number("310101", "20261123")]
    device = city.signer.device[:4]
    assert receipts == [f"20261123-{device}-{i:04d}" for i in (1, 2, 3, 4)]
    assert numbers == [
        "310104-20261123-00001", "310104-20261123-00002", "310104-20261124-00001",
        "310101-20261123-00001",
    ]  # fmt: skip


def test_that_a_number_of_a_transaction_that_failed_is_given_again(city):
    with city.begin(write=True) as uow:
        lost = uow.next_number("310104", "20261123")
    with city.begin(write=True) as uow:
        assert uow.next_number("310104", "20261123") == lost
