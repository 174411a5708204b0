"""Clocks against an oracle that walks minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.clocks import Calendar, Clock, Limit, LimitUnit

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(
    off=frozenset({date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 5)}),
    made_up=frozenset({date(2026, 10, 10)}),
)
minutes = st.integers(0, 30 * 24 * 60).map(
    lambda m: datetime(2026, 9, 20, tzinfo=ZONE) + timedelta(minutes=m)
)


def worked(moment: datetime) -> bool:
    day = moment.date()
    workday = day == date(2026, 10, 10) or (
        day.isoweekday() <= 5 and day not in {date(2026, 10, d) for d in (1, 2, 5)}
    )
    return workday and (9 <= moment.hour < 12 or 13 <= moment.hour < 18)


@settings(max_examples=60, deadline=None)
@given(start=minutes, hours=st.integers(1, 30))
def test_that_working_hours_agree_with_a_walk_minute_by_minute(start, hours):
    left, moment = hours * 60, start
    while left:
        left -= worked(moment)
        moment += timedelta(minutes=1)
    assert CALENDAR.due(start, Limit(hours, LimitUnit.WORK_HOUR)) == moment


@settings(max_examples=60, deadline=None)
@given(start=minutes, days=st.integers(1, 12))
def test_that_working_days_end_with_the_hours_of_the_last_day(start, days):
    day, left = start.date(), days
    while left:
        day += timedelta(days=1)
        left -= any(worked(datetime.combine(day, time(h), ZONE)) for h in range(24))
    expected = datetime.combine(day, time(18), ZONE)
    assert CALENDAR.due(start, Limit(days, LimitUnit.WORK_DAY)) == expected


@given(start=minutes, hours=st.integers(1, 100))
def test_that_urgent_hours_run_at_night_and_on_holidays(start, hours):
    due = CALENDAR.due(start, Limit(hours, LimitUnit.URGENT_HOUR))
    assert due - start == timedelta(hours=hours)
    assert due.tzinfo is not None
    assert due.utcoffset() == timedelta()


def test_that_a_stopped_clock_is_judged_by_when_it_stopped():
    due = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
    assert Clock("handling", due - 10, due, due + 1).late_at(due - 5)
    assert not Clock("handling", due - 10, due, due - 1).late_at(due + 99)
