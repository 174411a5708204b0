"""Working days and hours of a city 工作日历, as data that a rule set carries and its hash pins.

The fold of an old action reads nothing but the calendar of the rule set it pins: neither the
version of a library nor the time zone data of the machine have a say. Beyond the last year that
the State Council's notices cover, weekends alone are off, and what was reckoned there is 暂定
until a calendar with the new year comes as an action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from app.domain.clocks.counting import Counting, Elapsed, NaturalDays, WorkDays, WorkTime
from app.domain.clocks.limits import Limit, LimitUnit
from app.domain.clocks.timetable import DAY_MS, Spans, Timetable

Hours = tuple[tuple[time, time], ...]  # local spans in order; an end of 0:00 is 24:00

_OFFSETS_MIN = {  # zones without summer time: an instant has one local time, on every machine
    "Asia/Shanghai": 480, "Asia/Urumqi": 360, "Asia/Hong_Kong": 480, "Asia/Macau": 480,
    "Asia/Taipei": 480, "UTC": 0,
}  # fmt: skip
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_ORDINAL = date.max.toordinal()
_TABLE_KEYS = {"hours", "weekdays", "seasons", "days"}
_CALENDAR_KEYS = _TABLE_KEYS | {
    "zone", "off", "made_up", "known_until", "hotline", "natural_rolls",
}  # fmt: skip


@dataclass(frozen=True)
class Season:
    """Other hours from one day of the year to another (`(month, day)`, both included)."""

    first: tuple[int, int]
    last: tuple[int, int]
    hours: Hours
    weekdays: tuple[tuple[int, Hours], ...] = ()

    def holds(self, day: date) -> bool:
        """Tell whether `day` lies in it; a season may run over New Year."""
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True)
class Schedule:
    """Hours by weekday and season, and single days that differ.

    `weekdays` are ISO numbers with their hours (a Saturday named here is worked); `days` are
    local days off, half days and storm closures 停工, which beat everything else.
    """

    hours: Hours
    weekdays: tuple[tuple[int, Hours], ...] = ()
    seasons: tuple[Season, ...] = ()
    days: tuple[tuple[date, Hours], ...] = ()


@dataclass(frozen=True)
class Calendar:
    """Working days and hours of a city.

    `off` are holidays, `made_up` weekend days that are worked (调休) at the hours of an ordinary
    weekday; `hours` are disjoint local working spans in order; `known_until` is the last day the
    notices cover. `weekdays`, `seasons` and `days` as in `Schedule`; `hotline` is the timetable
    of 12345, the office's own if None. `natural_rolls` tells whether 自然日 that end on a day off
    end with the next working day.
    """

    zone: str = "Asia/Shanghai"
    hours: Hours = ((time(9), time(12)), (time(13), time(18)))
    off: frozenset[date] = field(default_factory=frozenset)
    made_up: frozenset[date] = field(default_factory=frozenset)
    known_until: date = date(2026, 12, 31)
    weekdays: tuple[tuple[int, Hours], ...] = ()
    seasons: tuple[Season, ...] = ()
    days: tuple[tuple[date, Hours], ...] = ()
    hotline: Schedule | None = None
    natural_rolls: bool = True

    @cached_property
    def office(self) -> Timetable:
        """Working spans of the office on every day."""
        own = Schedule(self.hours, self.weekdays, self.seasons, self.days)
        return self._table(own)

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is worked."""
        return self.office.is_worked(day.toordinal() - _EPOCH)

    def counting(self, unit: LimitUnit) -> Counting:
        """Return how `unit` is counted here."""
        return self._countings[unit]

    def due(self, start: datetime, limit: Limit) -> datetime:
        """Return when `limit` runs out, in UTC, for a clock started at the aware `start`."""
        at = (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        due_ms = self.due_ms(at, limit)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=due_ms)

    def due_ms(self, start_ms: int, limit: Limit) -> int:
        """Return when `limit` runs out for a clock that nothing stops; Unix ms."""
        counting = self._countings[limit.unit]
        at = counting.reach(counting.begins(start_ms), limit.steps)
        while not counting.may_end(at):
            at += DAY_MS
        return at

    def is_provisional(self, due_ms: int) -> bool:
        """Tell whether a deadline lies beyond the days that the notices cover (暂定)."""
        return self.office.day_of(due_ms - 1) > self.known_until.toordinal() - _EPOCH

    def first_difference(self, other: Calendar) -> date | None:
        """Return the first day up to the later `known_until` that is worked otherwise in `other`.

        Deadlines that end before it are the same by both; None when all days agree. Rules that
        differ beyond (hours of a season, days of the year after) show in the next calendar.
        """
        days = [self.known_until, other.known_until, *dict(self.days), *dict(other.days)]
        known = [*self.off, *self.made_up, *other.off, *other.made_up, *days]
        mine, theirs = self._tables, other._tables
        for day in range(min(known).toordinal() - _EPOCH, max(known).toordinal() - _EPOCH + 367):
            if any(a.spans(day) != b.spans(day) for a, b in zip(mine, theirs, strict=True)):
                return date.fromordinal(day + _EPOCH)
        return None

    @cached_property
    def _hotline_table(self) -> Timetable:
        return self._table(self.hotline) if self.hotline else self.office

    @property
    def _tables(self) -> tuple[Timetable, Timetable]:
        return self.office, self._hotline_table

    @cached_property
    def _countings(self) -> Mapping[LimitUnit, Counting]:
        elapsed, work = Elapsed(), WorkTime(self.office)
        return {
            LimitUnit.URGENT_HOUR: elapsed,
            LimitUnit.URGENT_MINUTE: elapsed,
            LimitUnit.WORK_HOUR: work,
            LimitUnit.WORK_MINUTE: work,
            LimitUnit.WORK_DAY: WorkDays(self.office),
            LimitUnit.NATURAL_DAY: NaturalDays(self.office, self.natural_rolls),
            LimitUnit.HOTLINE_DAY: WorkDays(self._hotline_table),
        }

    def _table(self, schedule: Schedule) -> Timetable:
        plan = _Plan(schedule, self.off, self.made_up)
        return Timetable(plan.spans, _OFFSETS_MIN[self.zone] * 60_000)


class _Plan:
    """The working spans of a day by its number, from a schedule and the notices."""

    def __init__(self, schedule: Schedule, off: Iterable[date], made_up: Iterable[date]) -> None:
        self._hours = _spans(schedule.hours)
        self._weekdays = _by_weekday(schedule.weekdays)
        self._seasons = [(s, _spans(s.hours), _by_weekday(s.weekdays)) for s in schedule.seasons]
        self._days = {_number(day): _spans(hours) for day, hours in schedule.days}
        self._off = {_number(day) for day in off}
        self._made_up = {_number(day) for day in made_up}

    def spans(self, day: int) -> Spans:
        """Return the spans of a day counted from 1970-01-01."""
        if day in self._days:
            return self._days[day]
        if day in self._off and day not in self._made_up:
            return ()
        hours, weekdays = self._hours, self._weekdays
        for season, its_hours, its_weekdays in self._seasons:
            if season.holds(date.fromordinal(min(max(1, day + _EPOCH), _LAST_ORDINAL))):
                hours, weekdays = its_hours, its_weekdays
                break
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
        if day in self._made_up:
            return hours
        return weekdays.get(weekday, hours if weekday < 5 else ())


def _number(day: date) -> int:
    return day.toordinal() - _EPOCH


def _spans(hours: Hours) -> Spans:
    return tuple((_ms(opens), _ms(closes) or DAY_MS) for opens, closes in hours)


def _ms(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60_000


def _by_weekday(weekdays: Iterable[tuple[int, Hours]]) -> dict[int, Spans]:
    return {iso - 1: _spans(hours) for iso, hours in weekdays}


def parse_calendar(raw: Mapping[str, Any]) -> Calendar:
    """Read a calendar in its plain form; raises `ValueError` or `KeyError` for an unsound one.

    `zone`, `hours` ([[from, to], …], "24:00" allowed), `off`, `made_up`, `known_until`; optional
    `weekdays` {"6": hours}, `seasons` [{from: "06-01", to: "09-30", hours, weekdays}], `days`
    {"2026-09-18": hours, none for closed}, `hotline` {hours, weekdays, seasons, days},
    `natural_rolls`.
    """
    unknown = set(raw) - _CALENDAR_KEYS
    if unknown:
        raise ValueError(f"the calendar has unknown keys {sorted(unknown)}")
    if raw["zone"] not in _OFFSETS_MIN:
        raise ValueError(f"the zone {raw['zone']} has summer time or is not known")
    office, hotline = _schedule(raw), raw.get("hotline")
    off = frozenset(date.fromisoformat(day) for day in raw["off"])
    made_up = frozenset(date.fromisoformat(day) for day in raw["made_up"])
    return Calendar(
        zone=raw["zone"],
        hours=office.hours,
        off=off,
        made_up=made_up,
        known_until=date.fromisoformat(raw["known_until"]),
        weekdays=office.weekdays,
        seasons=office.seasons,
        days=office.days,
        hotline=_schedule(hotline) if hotline else None,
        natural_rolls=raw.get("natural_rolls", True) is True,
    )


def with_notice(
    raw: Mapping[str, Any], off: Iterable[date], made_up: Iterable[date], known_until: date
) -> dict[str, Any]:
    """Return the plain calendar with a further notice of the State Council's office.

    A later notice beats an earlier one day by day, as that of January 2020 did, which let the
    holiday last over a day that was to be worked. Publish it in a new rule set; cases that stand
    are reckoned anew by an action that pins that set.
    """
    new_off, new_made_up = ({day.isoformat() for day in days} for days in (off, made_up))
    return {
        **raw,
        "off": sorted({*raw["off"]} - new_made_up | new_off),
        "made_up": sorted({*raw["made_up"]} - new_off | new_made_up),
        "known_until": max(raw["known_until"], known_until.isoformat()),
    }


def _schedule(raw: Mapping[str, Any]) -> Schedule:
    seasons = tuple(_season(one) for one in raw.get("seasons", ()))
    for leap in range(366):
        day = date(2024, 1, 1) + timedelta(days=leap)
        if sum(season.holds(day) for season in seasons) > 1:
            raise ValueError(f"two seasons hold on {day:%m-%d}")
    found = Schedule(
        _hours(raw["hours"]), _weekdays(raw), seasons,
        tuple(sorted((date.fromisoformat(d), _hours(h, True))
                     for d, h in raw.get("days", {}).items())),
    )  # fmt: skip
    _check_worked(found)
    return found


def _check_worked(schedule: Schedule) -> None:
    """Refuse a timetable in which no day is ever worked: a clock would never end."""
    ruled = [
        (schedule.hours, schedule.weekdays),
        *((s.hours, s.weekdays) for s in schedule.seasons),
    ]
    for hours, weekdays in ruled:
        by_day = dict(weekdays)
        if not any(by_day.get(iso, hours if iso <= 5 else ()) for iso in range(1, 8)):
            raise ValueError("no weekday has working hours")


def _season(raw: Mapping[str, Any]) -> Season:
    ends = [date.fromisoformat(f"2024-{raw[key]}") for key in ("from", "to")]
    first, last = ((day.month, day.day) for day in ends)
    return Season(first, last, _hours(raw["hours"]), _weekdays(raw))


def _weekdays(raw: Mapping[str, Any]) -> tuple[tuple[int, Hours], ...]:
    found = {int(iso): _hours(hours, True) for iso, hours in raw.get("weekdays", {}).items()}
    if not set(found) <= set(range(1, 8)):
        raise ValueError("weekdays are 1 (Monday) to 7")
    return tuple(sorted(found.items()))


def _hours(raw: Iterable[Iterable[str]], may_be_none: bool = False) -> Hours:
    hours = tuple((_time(opens), _time(closes)) for opens, closes in raw)
    turns = [at for span in _spans(hours) for at in span]
    if sorted(set(turns)) != turns or not (hours or may_be_none):
        raise ValueError("working hours must be disjoint and in order")
    return hours


def _time(text: str) -> time:
    at = time() if text == "24:00" else time.fromisoformat(text)
    if at.second or at.microsecond or at.tzinfo:
        raise ValueError(f"{text} is no hour and minute")
    return at
