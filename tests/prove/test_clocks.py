"""Clocks are exact to the minute: ours against a walk minute by minute (P15).

`make prove NAME=clocks`: 10^5 random clocks of 2019 to 2026 on two timetables, started at any
minute, in every unit, with up to six pauses, extensions, refusals, stops and resumptions; what is
due, near due, far overdue, spent, left and provisional must be equal. The proof must also be able
to fail: a calendar or a rule that is spoiled a little is found out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from app.data.rules_seed import seed_calendar
from app.domain.clocks import counting, parse_calendar, running
from app.domain.clocks.timetable import Timetable
from tests.support.clock_cases import judge_of
from tests.support.clock_notices import days_made_up, days_off

QUICK = 600
Raw = dict[str, Any]


def test_that_clocks_agree_with_a_walk_minute_by_minute(proof) -> None:
    judge = judge_of()
    trials = proof("clocks", full=100_000, quick=QUICK)
    for trial in trials:
        trials.record(trial, **judge(trial))
    wrong = [row for row in trials.rows() if "case" in row]
    assert not wrong, wrong[:3]
    assert len(trials.rows()) == trials.total


def found_out(changed: Callable[[Raw], object] | None = None, most: int = 4000) -> bool:
    """Tell whether trials differ on spoiled calendars, or with code spoiled by the caller."""
    judge = judge_of(changed)
    return any(judge(trial) for trial in range(most))


def without(name: str, day: str) -> Callable[[Raw], object]:
    return lambda raw: raw[name].remove(day)


def with_hours(*hours: list[str]) -> Callable[[Raw], object]:
    return lambda raw: raw.update(hours=list(hours))


@pytest.mark.parametrize(
    "changed",
    [
        without("made_up", "2021-02-20"),
        without("made_up", "2026-02-28"),
        without("off", "2020-01-31"),  # the extension of 2020 forgotten
        without("off", "2019-05-03"),  # the notice of March 2019 forgotten
        lambda raw: raw["made_up"].append("2020-02-01"),  # worked before the extension
        with_hours(["09:00", "12:00"], ["13:00", "17:59"]),  # off by one minute
        with_hours(["09:01", "12:00"], ["13:00", "18:00"]),
        with_hours(["09:00", "18:00"]),  # no lunch break
        lambda raw: raw["days"].clear(),  # storm days and half days forgotten
        lambda raw: raw.pop("hotline", None),
        lambda raw: raw.pop("seasons", None),
        lambda raw: raw.update(natural_rolls=not raw["natural_rolls"]),
        lambda raw: raw.update(zone="Asia/Urumqi"),
        lambda raw: raw.update(known_until="2025-12-31"),
    ],
)  # fmt: skip
def test_that_the_proof_finds_a_spoiled_calendar(changed) -> None:
    assert found_out(changed)


def never(*_args: object) -> list[tuple[int, int]]:
    return []


def from_asking(events: Any) -> list[tuple[int, int]]:
    """Let clocks stand from the request, not from the approval."""
    asked = [(e.at_ms, e.at_ms + 3_600_000) for e in events if e.kind == "ask"]
    return running.merged([*running.holds_of(events), *running.stops_of(events)[:-1], *asked])


def counted_twice(spans: Any) -> list[tuple[int, int]]:
    return sorted((a, b) for a, b in spans if a < b)


@pytest.mark.parametrize(
    ("place", "name", "spoiled"),
    [
        (running, "stands_still", never),
        (running, "stands_still", from_asking),
        (running, "stages_of", lambda limit, _events: [running.Stage(limit.unit, limit.steps)]),
        (counting.WorkDays, "begins", lambda _self, at: at),  # the day of the start counted
        (Timetable, "closings", lambda self, a, b: self.day_of(b) - self.day_of(a)),
        (Timetable, "midnight", lambda _self, day: day * 86_400_000 - 28_740_000),
    ],
)
def test_that_the_proof_finds_a_spoiled_rule(monkeypatch, place, name, spoiled) -> None:
    monkeypatch.setattr(place, name, spoiled)
    assert found_out()


def test_that_the_proof_finds_overlapping_pauses_counted_twice(monkeypatch) -> None:
    monkeypatch.setattr("app.domain.clocks.events.merged", counted_twice)
    monkeypatch.setattr(running, "merged", counted_twice)
    assert found_out()


def test_that_the_installed_holidays_are_those_of_the_notices() -> None:
    """`chinesecalendar` against the typed table: every day of 2019 to its last year."""
    calendar = parse_calendar(seed_calendar())
    off, made_up = days_off(), days_made_up()
    day = date(2019, 1, 1)
    differ = []
    while day <= date(2026, 12, 31):
        worked = day in made_up or (day.weekday() < 5 and day not in off)
        if calendar.is_working_day(day) != worked:
            differ.append(day)
        day += timedelta(days=1)
    assert not differ
