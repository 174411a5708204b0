"""Rule sets: one hash for one content; bad ones refused with the place."""

from __future__ import annotations

import copy
import json
from datetime import time

import pytest

from app.domain.clocks import Limit, LimitUnit
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
