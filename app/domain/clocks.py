"""Clocks 时限: deadlines in 紧急工作时, 工作时 and 工作日 over a calendar with make-up days.

紧急工作时 runs on the natural clock; 工作时 runs only inside working hours of working days;
工作日 counts whole working days, the day of the start excluded, and ends with working hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_LONGEST_SEARCH = timedelta(days=3660)


class LimitUnit(StrEnum):
    """Unit of a time limit."""

    URGENT_HOUR = "urgent_hour"  # 紧急工作时
    WORK_HOUR = "work_hour"  # 工作时
    WORK_DAY = "work_day"  # 工作日


@dataclass(frozen=True)
class Limit:
    """How long a clock may run."""

    amount: int
    unit: LimitUnit


@dataclass(frozen=True)
class Calendar:
    """Working days and hours of a city.

    `off` are holidays on weekdays, `made_up` weekend days that are worked (调休); `hours` are
    disjoint local working spans in order; `known_until` is the last day the notices cover.
    """

    zone: str = "Asia/Shanghai"
    hours: tuple[tuple[time, time], ...] = (
        (time(9), time(12)),
        (time(13), time(18)),
    )
    off: frozenset[date] = field(default_factory=frozenset)
    made_up: frozenset[date] = field(default_factory=frozenset)
    known_until: date = date(2026, 12, 31)

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is worked."""
        return day in self.made_up or (day.weekday() < 5 and day not in self.off)

    def due(self, start: datetime, limit: Limit) -> datetime:
        """Return when `limit` runs out, in UTC, for a clock started at the aware `start`."""
        zone = ZoneInfo(self.zone)
        utc = ZoneInfo("UTC")
        if limit.unit is LimitUnit.URGENT_HOUR:
            return start.astimezone(utc) + timedelta(hours=limit.amount)
        local = start.astimezone(zone)
        if limit.unit is LimitUnit.WORK_DAY:
            return self._end_of_working_day(local, limit.amount).astimezone(utc)
        return self._after_working_time(local, timedelta(hours=limit.amount)).astimezone(utc)

    def _end_of_working_day(self, local: datetime, amount: int) -> datetime:
        day = local.date()
        while amount:
            day += timedelta(days=1)
            amount -= self.is_working_day(day)
        return datetime.combine(day, self.hours[-1][1], local.tzinfo)

    def _after_working_time(self, local: datetime, left: timedelta) -> datetime:
        day = local.date()
        last = day + _LONGEST_SEARCH
        while day < last:
            if self.is_working_day(day):
                for opens, closes in self.hours:
                    begin = max(local, datetime.combine(day, opens, local.tzinfo))
                    end = datetime.combine(day, closes, local.tzinfo)
                    if begin + left <= end:
                        return begin + left
                    left -= max(end - begin, timedelta())
            day += timedelta(days=1)
        raise OverflowError("no working time within ten years")


@dataclass(frozen=True)
class Clock:
    """One running or stopped deadline of a case; times in Unix milliseconds, UTC."""

    name: str
    started_ms: int
    due_ms: int
    stopped_ms: int | None = None
    provisional: bool = False  # 暂定: beyond the last published calendar

    def late_at(self, now_ms: int) -> bool:
        """Tell whether it ran out, as seen at `now_ms`."""
        return (self.stopped_ms or now_ms) > self.due_ms
