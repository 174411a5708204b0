"""Calendars and limits as data: hours by weekday and season, single days, refusals with reasons."""

from __future__ import annotations

import time as timer
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.domain.clocks import (
    Limit,
    LimitUnit,
    Tier,
    begin,
    parse_calendar,
    parse_tiers,
    with_notice,
)

PLAIN: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "hours": [["08:30", "11:30"], ["13:00", "17:30"]],
    "off": ["2026-10-01"],
    "made_up": ["2026-10-10"],
    "known_until": "2026-12-31",
}


def due(start: str, amount: int, unit: str, **more: Any) -> str:
    """Return the local end of a limit begun at a local time of 2026."""
    calendar = parse_calendar({**PLAIN, **more})
    begun = datetime.strptime(f"2026-{start}+0800", "%Y-%m-%d %H:%M%z")
    found = calendar.due(begun, Limit(amount, LimitUnit(unit)))
    assert found.tzinfo is UTC
    return datetime.fromtimestamp(found.timestamp() + 8 * 3600, UTC).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "amount", "unit", "more", "end"),
    [
        ("09-25 17:00", 1, "work_hour", {}, "09-28 09:00"),  # Friday to Monday
        ("09-25 10:30", 1, "work_hour", {}, "09-25 11:30"),  # the close, not the opening after
        ("09-25 17:00", 90, "work_minute", {}, "09-28 09:30"),
        ("09-25 23:50", 20, "urgent_minute", {}, "09-26 00:10"),
        ("09-26 10:00", 1, "work_day", {}, "09-28 17:30"),  # begun on a Saturday
        ("09-30 10:00", 1, "work_day", {}, "10-02 17:30"),
        ("10-09 10:00", 1, "work_day", {}, "10-10 17:30"),  # a Saturday made up
        ("09-25 10:00", 1, "work_day", {"weekdays": {"6": [["09:00", "12:00"]]}}, "09-26 12:00"),
        ("09-24 10:00", 1, "work_day", {"weekdays": {"5": [["08:30", "12:00"]]}}, "09-25 12:00"),
        ("09-24 10:00", 1, "work_day", {"days": {"2026-09-25": []}}, "09-28 17:30"),  # a storm
        ("09-24 10:00", 1, "work_day", {"days": {"2026-09-25": [["08:30", "11:30"]]}},
         "09-25 11:30"),
        ("09-26 09:00", 2, "work_hour", {"days": {"2026-09-26": [["10:00", "24:00"]]}},
         "09-26 12:00"),
        ("09-24 10:00", 1, "hotline_day", {}, "09-25 17:30"),
        ("09-24 10:00", 1, "hotline_day", {"hotline": {"hours": [["08:00", "20:00"]]}},
         "09-25 20:00"),
        ("09-24 10:00", 2, "natural_day", {}, "09-29 00:00"),  # Saturday, so the end of Monday
        ("09-24 10:00", 2, "natural_day", {"natural_rolls": False}, "09-27 00:00"),
    ],
)  # fmt: skip
def test_that_a_limit_ends_when_the_calendar_says(start, amount, unit, more, end):
    assert due(start, amount, unit, **more) == end


def test_that_a_season_has_hours_of_its_own_even_over_new_year():
    winter = {"from": "11-15", "to": "02-28", "hours": [["09:00", "12:00"], ["13:00", "17:00"]]}
    assert due("11-13 10:00", 1, "work_day", seasons=[winter]) == "11-16 17:00"
    assert due("11-12 10:00", 1, "work_day", seasons=[winter]) == "11-13 17:30"
    assert due("01-13 10:00", 1, "work_day", seasons=[winter]) == "01-14 17:00"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hours": []}, "disjoint"),
        ({"hours": [["09:00", "12:00"], ["11:00", "18:00"]]}, "disjoint"),
        ({"hours": [["09:00", "09:00"]]}, "disjoint"),
        ({"hours": [["09:00:30", "12:00"]]}, "hour and minute"),
        ({"zone": "Europe/Paris"}, "summer time"),
        ({"weekdays": {"8": []}}, "1 .Monday. to 7"),
        ({"weekdays": {str(day): [] for day in range(1, 6)}}, "no weekday"),
        ({"holidays": []}, "unknown keys"),
        ({"seasons": [{"from": "06-01", "to": "08-31", "hours": [["08:00", "12:00"]]},
                      {"from": "08-31", "to": "09-30", "hours": [["08:00", "12:00"]]}]},
         "two seasons hold on 08-31"),
    ],
)  # fmt: skip
def test_that_an_unsound_calendar_is_refused_with_the_reason(change, why):
    with pytest.raises(ValueError, match=why):
        parse_calendar({**PLAIN, **change})


def test_that_a_deadline_beyond_the_notices_is_provisional_unless_no_calendar_has_a_say():
    calendar = parse_calendar(PLAIN)
    start = int(datetime(2026, 12, 30, 2, tzinfo=UTC).timestamp() * 1000)
    asked = {
        (unit, amount): begin("x", start, Limit(amount, LimitUnit(unit)), calendar).provisional
        for unit, amount in [
            ("work_day", 1), ("work_day", 2), ("work_hour", 200), ("urgent_hour", 200),
        ]
    }  # fmt: skip
    assert list(asked.values()) == [False, True, True, False]


def test_that_two_calendars_tell_from_which_day_they_differ():
    old = parse_calendar(PLAIN)
    new = parse_calendar(
        {**PLAIN, "off": ["2026-10-01", "2027-01-01"], "known_until": "2027-12-31"}
    )
    assert old.first_difference(old) is None
    assert old.first_difference(new) == new.first_difference(old) == date(2027, 1, 1)
    storm = parse_calendar({**PLAIN, "days": {"2026-09-25": [["08:30", "09:30"]]}})
    assert old.first_difference(storm) == date(2026, 9, 25)


def test_that_a_later_notice_beats_an_earlier_one_day_by_day():
    first = {**PLAIN, "off": ["2020-01-24"], "made_up": ["2020-02-01"]}
    second = with_notice(first, [date(2020, 1, 31), date(2020, 2, 1)], [], date(2020, 12, 31))
    calendar = parse_calendar(second)
    assert not calendar.is_working_day(date(2020, 2, 1))
    assert not calendar.is_working_day(date(2020, 1, 31))
    assert not calendar.is_working_day(date(2020, 1, 24))
    assert calendar.known_until == date(2026, 12, 31)
    assert parse_calendar(first).first_difference(calendar) == date(2020, 1, 31)


def test_that_tiers_and_area_classes_give_other_limits():
    tiers = parse_tiers(
        {
            "threshold": [2, "work_day"],
            "raised": [1, "work_day"],
            "areas": {"A": {"threshold": [4, "work_hour"]}, "C": {"raised": [2, "work_day"]}},
        }
    )
    asked = [(t, a) for t in Tier for a in ("", "A", "B", "C")]
    assert [tiers.pick(t, a).amount for t, a in asked] == [2, 4, 2, 2, 1, 4, 1, 2]
    assert parse_tiers([4, "work_hour"]).pick(Tier.RAISED, "A") == Limit(4, LimitUnit.WORK_HOUR)


@pytest.mark.parametrize(
    "raw",
    [
        [0, "work_hour"],
        [4, "fortnight"],
        [1001, "work_day"],
        {"raised": [1, "work_day"]},
        {"threshold": [1, "work_day"], "raised": [2, "work_day"]},
        {"threshold": [1, "work_day"], "quick": [2, "work_day"]},
    ],
)
def test_that_an_unsound_limit_is_refused(raw):
    with pytest.raises(ValueError):
        parse_tiers(raw)


def test_that_a_hundred_thousand_deadlines_a_second_are_reckoned():
    """Twenty thousand within 0.6 s of this process: a third of the promised speed at the least."""
    calendar = parse_calendar(PLAIN)
    limit, start = Limit(12, LimitUnit.WORK_HOUR), 1_790_000_000_000
    calendar.due_ms(start, limit)
    before = timer.process_time()
    for i in range(20_000):
        calendar.due_ms(start + i * 997_000, limit)
    assert timer.process_time() - before < 0.6
