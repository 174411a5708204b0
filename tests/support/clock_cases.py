"""Random clocks for the proof, and what ours says of them, in the oracle's minutes."""

from __future__ import annotations

import random
from collections.abc import Callable

from app.domain.clocks import (
    Calendar,
    Clock,
    ClockEvent,
    EventKind,
    Limit,
    LimitUnit,
    Thresholds,
    begin,
    happened,
    left,
    parse_calendar,
    spent,
)
from tests.support.clock_notices import days_made_up, days_off
from tests.support.clock_oracle import DAY, EPOCH_MINUTES, FIRST, KNOWN_DAYS, Case, Oracle, Town

PLAIN = Town(((540, 720), (780, 1080)))
SEASONED = Town(
    ((510, 690), (780, 1050)),
    summer=((510, 690), (840, 1065)),
    friday=((510, 690), (780, 1020)),
    saturday=((540, 700),),
    special={
        "2021-07-26": (),  # closed for a typhoon
        "2022-09-14": ((510, 690),),
        "2024-09-16": (),
        "2024-09-20": ((615, 616),),
        "2025-06-07": ((0, 1440),),
    },
    hotline=((420, 1320),),
    rolls=False,
)
MOST = {
    "urgent_hour": 200, "urgent_minute": 3000, "work_hour": 60, "work_minute": 2000,
    "work_day": 25, "natural_day": 40, "hotline_day": 20,
}  # fmt: skip
_DATES = sorted(days_off() | days_made_up())


def plain_calendar(town: Town) -> dict[str, object]:
    """Return a town's calendar in the plain form of a rule set."""
    raw: dict[str, object] = {
        "zone": "Asia/Shanghai",
        "hours": _hours(town.usual),
        "off": [day.isoformat() for day in sorted(days_off())],
        "made_up": [day.isoformat() for day in sorted(days_made_up())],
        "known_until": "2026-12-31",
        "natural_rolls": town.rolls,
        "days": {day: _hours(spans) for day, spans in town.special.items()},
    }
    if town.summer:
        raw["seasons"] = [{"from": "06-01", "to": "09-30", "hours": _hours(town.summer)}]
    weekdays = {"5": town.friday, "6": town.saturday}
    raw["weekdays"] = {iso: _hours(spans) for iso, spans in weekdays.items() if spans}
    if town.hotline:
        raw["hotline"] = {"hours": _hours(town.hotline)}
    return raw


def _hours(spans: tuple[tuple[int, int], ...]) -> list[list[str]]:
    return [[f"{at // 60:02}:{at % 60:02}" for at in span] for span in spans]


def random_case(chance: random.Random) -> Case:
    """Return a clock that starts at any minute of 2019 to 2026, with up to a dozen events."""
    if chance.random() < 0.6:  # near a holiday or a make-up day
        day = (chance.choice(_DATES) - FIRST).days - chance.randint(0, 12)
        start = max(0, day) * DAY + chance.randrange(DAY)
    else:
        start = chance.randrange(KNOWN_DAYS * DAY)
    if chance.random() < 0.15:  # on the stroke of a turn
        start = start // DAY * DAY + chance.choice([0, 510, 540, 690, 720, 780, 1050, 1080, 1439])
    unit = chance.choice(list(MOST))
    amount = chance.randint(1, MOST[unit]) if chance.random() < 0.5 else chance.randint(1, 6)
    return Case(start, unit, amount, _events(chance, start, unit))


def _events(
    chance: random.Random, start: int, unit: str
) -> list[tuple[int, str, str, int | None, int, str]]:
    found: list[tuple[int, str, str, int | None, int, str]] = []
    at = start
    for _ in range(chance.choice([0, 0, 1, 2, 3, 4, 5, 6])):
        at += chance.choice(
            [0, chance.randint(0, 90), chance.randint(0, 1000), chance.randint(0, 5 * DAY)]
        )
        key = chance.choice("ab")
        kind = chance.choice(["hold", "hold", "hold", "extend", "refuse", "stop", "wake"])
        if kind in ("hold", "extend", "refuse") and chance.random() < 0.8:
            found.append((at, "ask", key, None, 0, ""))
            at += chance.randint(0, DAY)
        if kind == "hold":
            length = chance.choice([0, chance.randint(1, 120), chance.randint(1, 10 * DAY)])
            found.append((at, "hold", key, at + length, 0, ""))
            if chance.random() < 0.3:
                at += chance.randint(0, length + 60)
                found.append((at, "wake", key, None, 0, ""))
        elif kind == "extend" and chance.random() < 0.25:
            found.append((at, "extend", key, at + chance.randint(1, 20 * DAY), 0, ""))
        elif kind == "extend":
            more = unit if chance.random() < 0.6 else chance.choice(list(MOST))
            found.append((at, "extend", key, None, chance.randint(1, 5), more))
        elif kind == "stop":
            found.append((at, "stop", "", None, 0, ""))
            if chance.random() < 0.7:
                at += chance.randint(0, 4 * DAY)
                found.append((at, "resume", "", None, 0, ""))
        else:
            found.append((at, kind, key, None, 0, ""))
    return found


def ms_of(minute: int) -> int:
    """Return Unix ms of an oracle's minute."""
    return (minute + EPOCH_MINUTES) * 60_000


def minute_of(ms: int) -> float:
    """Return the oracle's minute of Unix ms; whole for what our clocks may say."""
    return ms / 60_000 - EPOCH_MINUTES


def ours(case: Case, calendar: Calendar) -> Clock:
    """Return our clock after all that happened to it."""
    limit = Limit(case.amount, LimitUnit(case.unit))
    clock = begin("handling", ms_of(case.start), limit, calendar)
    for at, kind, key, until, amount, unit in case.events:
        event = ClockEvent(
            ms_of(at), EventKind(kind), key,
            None if until is None else ms_of(until),
            Limit(amount, LimitUnit(unit)) if unit else None,
        )  # fmt: skip
        clock = happened(clock, event, calendar)
    return clock


def difference(case: Case, now: int, calendar: Calendar, oracle: Oracle) -> dict[str, object]:
    """Return what ours and the oracle say differently of a case, by name; empty when equal."""
    clock = ours(case, calendar)
    step = 1 if case.unit.endswith("day") else 60_000
    unit, marks = oracle.last_part(case)
    lead = Thresholds().lead[LimitUnit(unit)]
    said = {
        "due": (minute_of(clock.due_ms), oracle.due(case)),
        "near": (minute_of(clock.near_ms or 0),
                 oracle.due(case, min(lead, (marks + 1) // 2), rolled=False)),
        "far": (minute_of(clock.far_ms or 0),
                max(oracle.due(case), oracle.due(case, -marks, rolled=False))),
        "spent": (spent(clock, calendar, ms_of(now)) / step, oracle.spent(case, now)),
        "left": (left(clock, calendar, ms_of(now)) / step, oracle.left(case, now)),
        "stopped": (clock.stopped_ms,
                    None if (at := oracle.stopped(case)) is None else ms_of(at)),
        "provisional": (clock.provisional, oracle.provisional(case)),
    }  # fmt: skip
    return {name: pair for name, pair in said.items() if pair[0] != pair[1]}


def now_for(case: Case, chance: random.Random) -> int:
    """Return a moment at or after all that happened."""
    last = case.events[-1][0] if case.events else case.start
    return last + chance.choice([0, chance.randint(0, 600), chance.randint(0, 30 * DAY)])


Judge = Callable[[int], dict[str, object]]


def judge_of(changed: Callable[[dict[str, object]], object] | None = None) -> Judge:
    """Return what tells the differences of trial n; `changed` spoils our calendars' plain form."""
    towns = []
    for town in (PLAIN, SEASONED):
        raw = plain_calendar(town)
        if changed is not None:
            changed(raw)
        towns.append((parse_calendar(raw), Oracle(town)))

    def judge(trial: int) -> dict[str, object]:
        chance = random.Random(trial)
        case = random_case(chance)
        calendar, oracle = towns[trial % 2]
        found = difference(case, now_for(case, chance), calendar, oracle)
        return {"case": repr(case), **found} if found else {}

    return judge
