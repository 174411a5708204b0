"""Rule sets: one hash for one content; bad ones refused with the place."""

from __future__ import annotations

import copy
import json
from datetime import time
from uuid import UUID

import pytest

from app.domain.clocks import Limit, LimitUnit, Tier
from app.domain.effects import start_clock
from app.domain.errors import InvalidInput
from app.domain.people import Shift
from app.domain.rules import parse_rules


def test_that_the_hash_depends_on_the_content_alone(rules):
    again = parse_rules(json.loads(json.dumps(rules.raw)))
    assert again.hash == rules.hash
    other = copy.deepcopy(dict(rules.raw))
    other["matters"][1]["urgent"] = True
    assert parse_rules(other).hash != rules.hash


def test_that_a_matter_takes_its_own_limit_and_then_the_default(rules):
    assert rules.limit("0110", "handling") == Limit(4, LimitUnit.WORK_HOUR)
    assert rules.limit("", "handling") == rules.limit("gone", "handling")


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(format=2),
        lambda raw: raw["matters"].append(raw["matters"][0]),
        lambda raw: raw["matters"][1].update(parent="99"),
        lambda raw: raw["matters"][1].update(limits={"handling": [4, "fortnight"]}),
        lambda raw: raw["calendar"].update(off=["yesterday"]),
        lambda raw: raw.pop("workflow"),
    ],
)
def test_that_an_unsound_rule_set_is_refused(rules, change):
    raw = copy.deepcopy(dict(rules.raw))
    change(raw)
    with pytest.raises(InvalidInput):
        parse_rules(raw)


@pytest.mark.parametrize(
    ("at", "holds"),
    [(time(0), True), (time(7, 59), True), (time(8), False), (time(21, 59), False),
     (time(22), True), (time(23, 59), True)],
)  # fmt: skip
def test_that_a_night_shift_runs_over_midnight(at, holds):
    assert Shift("night", "夜班", time(22), time(8)).holds(at) is holds


def test_that_a_clock_has_two_tiers_and_a_class_of_area(rules):
    raw = copy.deepcopy(dict(rules.raw))
    street = "00000000-0000-7000-8000-000000000001"
    raw["matters"][1]["limits"]["handling"] = {
        "threshold": [8, "work_hour"],
        "raised": [4, "work_hour"],
        "areas": {"A": {"threshold": [2, "work_hour"]}},
    }
    raw["area_classes"] = {street: "A"}
    book = parse_rules(raw)
    assert book.limit("0110", "handling") == Limit(8, LimitUnit.WORK_HOUR)
    assert book.limit("0110", "handling", Tier.RAISED) == Limit(4, LimitUnit.WORK_HOUR)
    area = book.area_class(None, UUID(street))
    assert book.limit("0110", "handling", area=area) == Limit(2, LimitUnit.WORK_HOUR)
    clock = start_clock("handling", 1_790_000_000_000, "0110", book)
    assert clock.raised == Limit(4, LimitUnit.WORK_HOUR)
    assert clock.raised_due_ms is not None
    assert start_clock("filing", 1_790_000_000_000, "0110", book).raised is None


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [("evidence", ["song"], "evidence"), ("verify", "perhaps", "verify"),
     ("blocks", ["moon"], "blocks"), ("lines", "水务", "lines")],
)  # fmt: skip
def test_that_odd_terms_of_a_matter_are_refused_with_the_place(rules, key, value, field):
    raw = copy.deepcopy(dict(rules.raw))
    raw["matters"][1][key] = value
    with pytest.raises(InvalidInput, match="0110") as caught:
        parse_rules(raw)
    assert caught.value.field == field


def test_that_an_unknown_class_of_area_is_refused(rules):
    classes = {"00000000-0000-7000-8000-000000000001": "Z"}
    with pytest.raises(InvalidInput, match="unknown class"):
        parse_rules({**rules.raw, "area_classes": classes})
