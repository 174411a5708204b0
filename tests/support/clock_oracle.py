"""What clocks must say, found by walking minute by minute over a table; knows nothing of ours.

A case is a start, a limit and events, all in whole minutes since 2019-01-01 0:00 in Shanghai. A
minute `m` is the time (m, m + 1]. Whether the clock stands in a minute is a mark in an array that
events write and wipe; nothing is merged, summed or searched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numba
import numpy as np
from numpy.typing import NDArray

from tests.support.clock_notices import days_made_up, days_off

FIRST = date(2019, 1, 1)
EPOCH_MINUTES = (FIRST - date(1970, 1, 1)).days * 1440 - 480  # Shanghai is 8 hours ahead of UTC
N_DAYS = (date(2029, 1, 1) - FIRST).days
KNOWN_DAYS = (date(2027, 1, 1) - FIRST).days
DAY = 1440

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Town:
    """The hours of a town as minutes of the day, written for the oracle alone."""

    usual: tuple[tuple[int, int], ...]
    summer: tuple[tuple[int, int], ...] | None = None  # June to September
    friday: tuple[tuple[int, int], ...] | None = None  # outside summer
    saturday: tuple[tuple[int, int], ...] | None = None  # outside summer
    special: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    hotline: tuple[tuple[int, int], ...] | None = None
    rolls: bool = True


def spans_on(
    town: Town, day: date, off: set[date], made_up: set[date], hotline: bool
) -> tuple[tuple[int, int], ...]:
    """Return the working spans of a day in minutes."""
    if hotline and town.hotline is not None:
        worked = day in made_up or (day.weekday() < 5 and day not in off)
        return town.hotline if worked else ()
    if day.isoformat() in town.special:
        return town.special[day.isoformat()]
    summer = town.summer if town.summer is not None and 6 <= day.month <= 9 else None
    if day in made_up:
        return summer or town.usual
    if day in off:
        return ()
    if summer is not None:
        return summer if day.weekday() < 5 else ()
    if day.weekday() == 4 and town.friday is not None:
        return town.friday
    if day.weekday() == 5 and town.saturday is not None:
        return town.saturday
    return town.usual if day.weekday() < 5 else ()


class Table:
    """A mark for every minute of 2019 to 2028: worked, and last worked of its day."""

    def __init__(self, town: Town, hotline: bool = False) -> None:
        self.town = town
        self.worked = np.zeros(N_DAYS * DAY, np.uint8)
        self.closing = np.zeros(N_DAYS * DAY, np.uint8)
        self.midnight = np.zeros(N_DAYS * DAY, np.uint8)
        off, made_up = days_off(), days_made_up()
        for n in range(N_DAYS):
            spans = spans_on(town, FIRST + timedelta(days=n), off, made_up, hotline)
            for opens, closes in spans:
                self.worked[n * DAY + opens : n * DAY + closes] = 1
            if spans:
                self.closing[n * DAY + spans[-1][1] - 1] = 1
            self.midnight[n * DAY + DAY - 1] = 1

    def day_worked(self, n: int) -> bool:
        return bool(self.worked[n * DAY : n * DAY + DAY].any())


@dataclass
class Case:
    """A clock to judge. Events are (minute, kind, key, until, more amount, more unit)."""

    start: int
    unit: str
    amount: int
    events: list[tuple[int, str, str, int | None, int, str]]

    @property
    def window(self) -> int:
        """Return how many minutes from the start events may mark; later the clock runs."""
        return max((max(at, until or 0) for at, _, _, until, *_ in self.events), default=0) + 1


@numba.njit
def walk(counted, still, begin, still_from, amount):  # type: ignore[no-untyped-def]
    """Return the minute at whose beginning `amount` counted minutes have passed since `begin`."""
    m = begin
    while amount > 0:
        if counted[m] and not (m - still_from < still.size and still[m - still_from]):
            amount -= 1
        m += 1
    return m


@numba.njit
def walked(counted, still, begin, still_from, end):  # type: ignore[no-untyped-def]
    """Return the counted minutes from `begin` to `end` in which nothing stands still."""
    found = 0
    for m in range(begin, end):
        if counted[m] and not (m - still_from < still.size and still[m - still_from]):
            found += 1
    return found


class Oracle:
    """Judges cases of one town."""

    def __init__(self, town: Town) -> None:
        self.office = Table(town)
        self.hotline = Table(town, hotline=True) if town.hotline else self.office
        self.always = np.ones(N_DAYS * DAY, np.uint8)

    def counted(self, unit: str) -> tuple[Bytes, int]:
        """Return the marks that a unit counts, and how many make one of it."""
        match unit:
            case "urgent_hour":
                return self.always, 60
            case "urgent_minute":
                return self.always, 1
            case "work_hour":
                return self.office.worked, 60
            case "work_minute":
                return self.office.worked, 1
            case "work_day":
                return self.office.closing, 1
            case "hotline_day":
                return self.hotline.closing, 1
            case "natural_day":
                return self.office.midnight, 1
        raise ValueError(unit)

    def begin(self, unit: str, start: int) -> int:
        """Return from when on it counts: days leave out the day of the start."""
        return (start // DAY + 1) * DAY if unit.endswith("day") else start

    def due(self, case: Case, shorter: int = 0, rolled: bool = True) -> int:
        """Return when it runs out; `shorter` marks less, as for what comes before the end."""
        parts: list[list[object]] = [[case.unit, case.amount * self.counted(case.unit)[1], None]]
        for n, (at, kind, _key, until, amount, unit) in enumerate(case.events):
            if kind == "extend" and until is not None:
                parts = [["urgent_minute", until - at, n]]
            elif kind == "extend" and parts[-1][0] == unit:
                parts[-1][1] += amount * self.counted(unit)[1]  # type: ignore[operator]
            elif kind == "extend":
                parts.append([unit, amount * self.counted(unit)[1], None])
        at = case.start
        for i, (unit, marks, event) in enumerate(parts):
            if event is None:
                begin, still = self.begin(unit, at), self.still(case, 0, False)
            else:
                begin, still = case.events[event][0], self.still(case, event + 1, False)
            marks -= shorter if i == len(parts) - 1 else 0
            at = int(walk(self.counted(unit)[0], still, begin, case.start, marks))
            if unit == "natural_day" and (rolled or i < len(parts) - 1):
                at = self.rolled(case, at)
        return at

    def rolled(self, case: Case, at: int) -> int:
        """Return the midnight from `at` on that ends a working day, the clock running."""
        still = self.still(case, 0, False)
        while self.office.town.rolls:
            stands = self.marked(still, at - 1 - case.start)
            if self.office.day_worked(at // DAY - 1) and not stands:
                break
            at += DAY
        return at

    def last_part(self, case: Case) -> tuple[str, int]:
        """Return the unit that the clock ends in, and its marks."""
        unit, marks = case.unit, case.amount * self.counted(case.unit)[1]
        for at, kind, _key, until, amount, more in case.events:
            if kind == "extend" and until is not None:
                unit, marks = "urgent_minute", until - at
            elif kind == "extend":
                added = amount * self.counted(more)[1]
                unit, marks = more, added + (marks if unit == more else 0)
        return unit, marks

    def spent(self, case: Case, now: int) -> int:
        """Return the marks spent at `now`."""
        begin = self.begin(case.unit, case.start)
        still = self.still(case, 0, True, now - case.start)
        return int(walked(self.counted(case.unit)[0], still, begin, case.start, now))

    def left(self, case: Case, now: int) -> int:
        """Return the marks of its own unit from `now` to its end, negative beyond."""
        begin = self.begin(case.unit, case.start)
        still, counted, due = self.still(case, 0, False), self.counted(case.unit)[0], self.due(case)
        stopped = self.stopped(case)
        now = max(now if stopped is None else min(now, stopped), begin)
        if now <= due:
            return int(walked(counted, still, now, case.start, due))
        return -int(walked(counted, still, due, case.start, now))

    def still(self, case: Case, since: int, open_stop: bool, least: int = 1) -> Bytes:
        """Return marks, `least` at the least, for the minutes from the start that it stands in."""
        layers: dict[str, Bytes] = {}
        size = max(least, case.window - case.start)
        tail = size
        for at, kind, key, until, _amount, _unit in case.events[since:]:
            m = at - case.start
            if kind in ("hold", "wake"):
                layer = layers.setdefault("hold " + key, np.zeros(size, np.uint8))
                if kind == "hold":
                    layer[m : until - case.start] = 1
                else:
                    layer[m:] = 0
            elif kind in ("stop", "resume"):
                layer = layers.setdefault("stop", np.zeros(size, np.uint8))
                if kind == "stop":
                    tail = min(tail, m)
                    layer[m:] = 1
                else:
                    layer[m:] = 0
                    tail = size
        if tail < size and not open_stop:
            layers["stop"][tail:] = 0
        found = np.zeros(size, np.uint8)
        for layer in layers.values():
            found |= layer
        return found

    def marked(self, still: Bytes, m: int) -> bool:
        """Tell whether the clock stands in the m-th minute from its start."""
        return m < len(still) and bool(still[m])

    def stopped(self, case: Case) -> int | None:
        """Return when it stopped for good."""
        found: int | None = None
        for at, kind, *_ in case.events:
            if kind == "stop":
                found = at if found is None else found
            elif kind == "resume":
                found = None
        return found

    def provisional(self, case: Case) -> bool:
        """Tell whether it ends on a day of a year without a notice, by something that asks."""
        asks = [case.unit]
        for _at, kind, _key, until, _amount, unit in case.events:
            if kind == "extend":
                asks = ["urgent_minute"] if until is not None else [*asks, unit]
        beyond = (self.due(case) - 1) // DAY >= KNOWN_DAYS
        return beyond and not all(unit.startswith("urgent") for unit in asks)
