"""What happens to a clock: properties of pauses, extensions, refusals and resumptions."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.clocks import (
    Clock,
    ClockEvent,
    EventKind,
    Limit,
    LimitUnit,
    Phase,
    Thresholds,
    begin,
    happened,
    left,
    parse_calendar,
    parse_thresholds,
    reckoned,
    spent,
)

CALENDAR = parse_calendar(
    {
        "zone": "Asia/Shanghai",
        "hours": [["09:00", "12:00"], ["13:00", "18:00"]],
        "off": ["2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"],
        "made_up": ["2026-09-20", "2026-10-10"],
        "known_until": "2026-12-31",
    }
)
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FIRST = 1_789_833_600_000  # 2026-09-20 0:00 in Shanghai


def at(text: str) -> int:
    """Return Unix ms of a local time such as `09-24 10:00` of 2026."""
    local = datetime.strptime(f"2026-{text}+0800", "%Y-%m-%d %H:%M%z")
    return int(local.astimezone(UTC).timestamp() * 1000)


def shown(ms: int | None) -> str:
    assert ms is not None
    local = datetime.fromtimestamp(ms / 1000 + 8 * 3600, UTC)
    return f"{local:%m-%d %H:%M}"


moments = st.integers(FIRST, FIRST + 40 * DAY)
limits = st.builds(Limit, st.integers(1, 12), st.sampled_from(LimitUnit))
spans = st.tuples(st.integers(0, 9 * DAY), st.integers(0, 5 * DAY))


def started(start: int, limit: Limit, *events: ClockEvent) -> Clock:
    clock = begin("handling", start, limit, CALENDAR)
    for event in events:
        clock = happened(clock, event, CALENDAR)
    return clock


def hold(since: int, length: int, key: str = "") -> ClockEvent:
    return ClockEvent(since, EventKind.HOLD, key, until_ms=since + length)


@given(moments, limits, st.integers(0, 60 * DAY))
def test_that_a_later_start_is_never_due_earlier(start, limit, later):
    assert started(start, limit).due_ms <= started(start + later, limit).due_ms


@given(moments, limits)
def test_that_a_longer_limit_is_due_later(start, limit):
    longer = Limit(limit.amount + 1, limit.unit)
    assert started(start, limit).due_ms < started(start, longer).due_ms or limit.unit is (
        LimitUnit.NATURAL_DAY  # two may end with the same working day
    )


@given(moments, limits, spans)
def test_that_a_pause_never_brings_a_deadline_nearer(start, limit, span):
    since, length = span
    paused = started(start, limit, hold(start + since, length))
    assert paused.due_ms >= started(start, limit).due_ms


@given(moments, limits, st.integers(0, 9 * DAY))
def test_that_a_pause_of_no_length_is_nothing(start, limit, since):
    whole, paused = started(start, limit), started(start, limit, hold(start + since, 0))
    assert (paused.due_ms, paused.near_ms, paused.far_ms) == (
        whole.due_ms, whole.near_ms, whole.far_ms
    )  # fmt: skip


@given(moments, limits, st.integers(0, 9 * DAY), st.integers(0, 3 * DAY))
def test_that_a_refused_request_was_never_made(start, limit, asked, answered):
    refused = started(
        start,
        limit,
        ClockEvent(start + asked, EventKind.ASK, "x"),
        ClockEvent(start + asked + answered, EventKind.REFUSE, "x"),
    )
    whole = started(start, limit)
    for now in (start + asked, start + asked + answered // 2, start + asked + answered):
        assert left(refused, CALENDAR, now) == left(whole, CALENDAR, now)
        assert refused.phase_at(now) is whole.phase_at(now)
    assert refused.due_ms == whole.due_ms
    assert refused.asked == ()


@given(moments, limits, st.lists(spans, max_size=4), st.lists(st.integers(0, 20 * DAY), max_size=4))
def test_that_what_is_spent_adds_up_over_splits(start, limit, pauses, cuts):
    clock = started(start, limit, *(hold(start + a, n) for a, n in sorted(pauses)))
    counting = CALENDAR.counting(limit.unit)
    turns = [counting.begins(start), *sorted(counting.begins(start) + cut for cut in cuts)]
    pieces = [
        spent(clock, CALENDAR, b) - spent(clock, CALENDAR, a) for a, b in itertools.pairwise(turns)
    ]
    assert min(pieces, default=0) >= 0
    assert sum(pieces) == spent(clock, CALENDAR, turns[-1])


@given(moments, limits, st.lists(spans, max_size=4))
def test_that_spent_and_left_make_the_limit_until_it_is_due(start, limit, pauses):
    clock = started(start, limit, *(hold(start + a, n) for a, n in sorted(pauses)))
    both = spent(clock, CALENDAR, clock.due_ms - 1) + left(clock, CALENDAR, clock.due_ms - 1)
    assert both >= limit.steps
    assert both == limit.steps or limit.unit is LimitUnit.NATURAL_DAY
    assert left(clock, CALENDAR, clock.due_ms) == 0


@given(moments, limits, st.lists(spans, min_size=1, max_size=5))
def test_that_overlapping_pauses_count_once(start, limit, pauses):
    each = started(
        start, limit, *(hold(start + a, n, str(i)) for i, (a, n) in enumerate(sorted(pauses)))
    )
    union: list[list[int]] = []
    for a, n in sorted(pauses):
        if union and a <= union[-1][1]:
            union[-1][1] = max(union[-1][1], a + n)
        else:
            union.append([a, a + n])
    whole = started(start, limit, *(hold(start + a, b - a) for a, b in union))
    assert each.due_ms == whole.due_ms


@given(moments, limits, st.integers(0, 9 * DAY), st.integers(0, 5 * DAY))
def test_that_stopping_and_resuming_is_a_pause(start, limit, since, length):
    resumed = started(
        start,
        limit,
        ClockEvent(start + since, EventKind.STOP),
        ClockEvent(start + since + length, EventKind.RESUME),
    )
    assert resumed.stopped_ms is None
    assert resumed.due_ms == started(start, limit, hold(start + since, length)).due_ms


@given(moments, limits, limits, st.integers(0, 9 * DAY))
def test_that_an_approved_extension_moves_the_deadline_on(start, limit, more, when):
    clock = started(start, limit, ClockEvent(start + when, EventKind.EXTEND, more=more))
    assert clock.due_ms > started(start, limit).due_ms or more.unit is LimitUnit.NATURAL_DAY


@settings(max_examples=200)
@given(moments, limits, st.lists(spans, max_size=3), st.integers(0, 30))
def test_that_a_new_calendar_moves_only_what_was_provisional(start, limit, pauses, skip):
    clock = started(
        start + 60 * DAY, limit, *(hold(start + 60 * DAY + a, n) for a, n in sorted(pauses))
    )
    raw = {
        "zone": "Asia/Shanghai",
        "hours": [["09:00", "12:00"], ["13:00", "18:00"]],
        "off": sorted([*map(str, CALENDAR.off), f"2027-01-{skip + 1:02}"]),
        "made_up": [*map(str, CALENDAR.made_up), "2027-01-09"],
        "known_until": "2027-12-31",
    }
    renewed = parse_calendar(raw)
    again = reckoned(clock, renewed)
    assert not again.provisional
    assert again.due_ms == clock.due_ms or clock.provisional
    changed = CALENDAR.first_difference(renewed)
    assert changed is not None
    assert changed > CALENDAR.known_until


def test_that_a_clock_held_from_approval_to_waking_goes_on_with_what_was_left():
    clock = started(at("09-21 09:30"), Limit(4, LimitUnit.WORK_HOUR))
    assert shown(clock.due_ms) == "09-21 14:30"
    clock = happened(clock, ClockEvent(at("09-21 10:00"), EventKind.ASK, "h"), CALENDAR)
    assert shown(clock.due_ms) == "09-21 14:30"
    assert [event.key for event in clock.asked] == ["h"]
    approved = ClockEvent(at("09-21 11:30"), EventKind.HOLD, "h", until_ms=at("09-28 00:00"))
    clock = happened(clock, approved, CALENDAR)
    assert shown(clock.due_ms) == "09-28 11:00"
    assert clock.phase_at(at("09-23 10:00")) is Phase.HELD
    clock = happened(clock, ClockEvent(at("09-22 09:00"), EventKind.WAKE, "h"), CALENDAR)
    assert shown(clock.due_ms) == "09-22 11:00"


def test_that_a_day_is_spent_by_a_clock_that_runs_when_work_closes():
    whole = started(at("09-21 10:00"), Limit(2, LimitUnit.WORK_DAY))
    assert shown(whole.due_ms) == "09-23 18:00"
    within = ClockEvent(at("09-22 09:00"), EventKind.HOLD, until_ms=at("09-22 17:59"))
    assert happened(whole, within, CALENDAR).due_ms == whole.due_ms
    over = ClockEvent(at("09-22 17:59"), EventKind.HOLD, until_ms=at("09-23 09:00"))
    assert shown(happened(whole, over, CALENDAR).due_ms) == "09-24 18:00"


def test_that_an_extension_in_another_unit_begins_where_the_limit_ended():
    clock = started(at("09-21 16:00"), Limit(4, LimitUnit.WORK_HOUR))
    more = ClockEvent(at("09-21 17:00"), EventKind.EXTEND, more=Limit(1, LimitUnit.WORK_DAY))
    assert shown(clock.due_ms) == "09-22 11:00"
    assert shown(happened(clock, more, CALENDAR).due_ms) == "09-23 18:00"


def test_that_a_new_deadline_is_that_moment_and_later_holds_move_it():
    clock = started(
        at("09-21 09:00"),
        Limit(4, LimitUnit.WORK_HOUR),
        hold(at("09-21 10:00"), 3 * DAY),
        ClockEvent(at("09-21 11:00"), EventKind.EXTEND, until_ms=at("10-03 12:00")),
    )
    assert shown(clock.due_ms) == "10-03 12:00"
    clock = happened(clock, hold(at("09-30 00:00"), 2 * DAY), CALENDAR)
    assert shown(clock.due_ms) == "10-05 12:00"


def test_that_natural_days_that_end_on_a_holiday_end_with_the_next_working_day():
    clock = started(at("09-29 10:00"), Limit(3, LimitUnit.NATURAL_DAY))
    assert shown(clock.due_ms) == "10-09 00:00"  # the end of 8 October


def test_that_a_stopped_clock_says_whether_it_was_met():
    limit = Limit(1, LimitUnit.WORK_HOUR)
    met = started(at("09-21 09:00"), limit, ClockEvent(at("09-21 10:00"), EventKind.STOP))
    missed = started(at("09-21 09:00"), limit, ClockEvent(at("09-21 10:01"), EventKind.STOP))
    assert (met.phase_at(at("09-30 09:00")), met.late_at(at("09-30 09:00"))) == (Phase.MET, False)
    assert missed.phase_at(at("09-30 09:00")) is Phase.MISSED
    assert left(met, CALENDAR, at("09-30 09:00")) == 0


@pytest.mark.parametrize(
    ("now", "phase"),
    [
        ("09-21 15:59", Phase.RUNNING),
        ("09-21 16:00", Phase.NEAR),
        ("09-21 17:00", Phase.NEAR),
        ("09-21 17:01", Phase.OVERDUE),
        ("09-22 16:00", Phase.OVERDUE),
        ("09-22 16:01", Phase.FAR),
    ],
)
def test_that_a_clock_is_near_due_then_overdue_then_far_overdue(now, phase):
    clock = started(at("09-21 09:00"), Limit(7, LimitUnit.WORK_HOUR))
    assert clock.phase_at(at(now)) is phase


def test_that_thresholds_are_data():
    ruled = parse_thresholds({"lead": {"work_hour": 120}, "lead_percent": 100, "far_percent": 0})
    clock = begin("filing", at("09-21 09:00"), Limit(2, LimitUnit.WORK_HOUR), CALENDAR, ruled)
    assert clock.near_ms == clock.started_ms
    assert clock.far_ms == clock.due_ms
    assert parse_thresholds({}) == Thresholds()
    with pytest.raises(ValueError, match="lead_percent"):
        parse_thresholds({"lead_percent": 101})


def test_that_the_raised_standard_runs_beside_the_threshold():
    clock = begin(
        "handling", at("09-21 09:00"), Limit(1, LimitUnit.WORK_DAY), CALENDAR,
        raised=Limit(4, LimitUnit.WORK_HOUR),
    )  # fmt: skip
    assert (shown(clock.raised_due_ms), shown(clock.due_ms)) == ("09-21 14:00", "09-22 18:00")


def test_that_an_event_from_a_slow_machine_counts_as_of_the_last_one():
    limit = Limit(8, LimitUnit.WORK_HOUR)
    stop, wake = at("09-21 12:00"), at("09-21 10:00")
    clock = started(
        at("09-21 09:00"), limit,
        ClockEvent(stop, EventKind.STOP), ClockEvent(wake, EventKind.RESUME),
    )  # fmt: skip
    assert clock.events[-1].at_ms == stop
    assert clock.due_ms == started(at("09-21 09:00"), limit).due_ms


@given(moments, limits, st.lists(st.sampled_from(EventKind), max_size=6))
def test_that_no_order_of_events_breaks_a_clock(start, limit, kinds):
    clock = started(start, limit, *(ClockEvent(start + i * HOUR, k) for i, k in enumerate(kinds)))
    assert clock.due_ms == started(start, limit).due_ms or "resume" in kinds
    assert (clock.near_ms or 0) <= clock.due_ms <= (clock.far_ms or 0)
