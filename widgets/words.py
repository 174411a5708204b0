"""Times and ages in words: what remains of a deadline, how old a figure is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.areas import Area
from app.engines.english import english, english_matter, english_person
from widgets.i18n import language, tr

ZONE = ZoneInfo("Asia/Shanghai")
_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def span(ms: int) -> str:
    """Return a length of time, at the two coarsest units that matter."""
    if ms >= 2 * _DAY:
        return tr("time.days", d=ms // _DAY)
    hours, minutes = ms // _HOUR, ms % _HOUR // _MINUTE
    if hours == 0:
        return tr("time.minutes", m=minutes)
    if minutes == 0 or hours >= 10:
        return tr("time.hours", h=hours)
    return tr("time.hours_minutes", h=hours, m=minutes)


def remaining(due_ms: int | None, now_ms: int) -> str:
    """Return what the inbox shows of a deadline: what is left, or by how much it is over."""
    if due_ms is None:
        return ""
    if due_ms < now_ms:
        return tr("time.over", span=span(now_ms - due_ms))
    return span(due_ms - now_ms)


def age(at_ms: int | None, now_ms: int) -> str:
    """Return how long ago something was read; a missing time says so."""
    if at_ms is None:
        return tr("time.never")
    ms = max(0, now_ms - at_ms)
    if ms < _SECOND:
        return tr("time.now")
    if ms < _MINUTE:
        return tr("time.seconds_ago", s=ms // 1000)
    if ms < _HOUR:
        return tr("time.minutes_ago", m=ms // _MINUTE)
    if ms < _DAY:
        return tr("time.hours_ago", h=ms // _HOUR)
    return tr("time.days_ago", d=ms // _DAY)


def local(ms: int) -> datetime:
    """Return Unix milliseconds as the city's local time."""
    return datetime.fromtimestamp(ms / 1000, ZONE)


def clock(ms: int, now_ms: int) -> str:
    """Return the time of day, with the date before it if it was another day."""
    at, now = local(ms), local(now_ms)
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%m-%d %H:%M}"


def long_date(ms: int) -> str:
    """Return month, day and weekday."""
    at = local(ms)
    return tr("time.date", month=at.month, day=at.day,
              weekday=tr(f"time.{_WEEKDAYS[at.weekday()]}"))  # fmt: skip


def area_name(area: Area) -> str:
    """Return an area's name in the language spoken now."""
    return area.name_en if language() == "en" and area.name_en else named(area.name)


def named(name: str) -> str:
    """Return the name of a unit, road or place, or an address, in the language spoken now."""
    return english(name) if language() == "en" else name


def person_named(name: str) -> str:
    """Return a person's name in the letters of the language spoken now."""
    return english_person(name) if language() == "en" else name


def matter_named(name: str) -> str:
    """Return the name of a matter in the language spoken now."""
    return english_matter(name) if language() == "en" else name


def percent(per_mille: int) -> str:
    """Return a share of certainty as shown: one digit behind the point, none if it is whole."""
    return f"{per_mille / 10:.1f}%" if per_mille % 1000 else f"{per_mille // 10}%"


def figure(value: float, digits: int | None = None) -> str:
    """Return a value with thousands apart; NaN is a dash, never a number."""
    if value != value:
        return "–"
    if digits is None:
        digits = 0 if abs(value) >= 1000 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
