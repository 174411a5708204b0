"""Clocks 时限: units and calendars, and what happens to a deadline until it is met.

`begin` starts a clock, `happened` adds to its events (延期, 挂账, 返工, …), `reckoned` reckons it
anew with another calendar; `spent` and `left` ask it. Instants are Unix ms, UTC; nothing reads
the present.
"""

from __future__ import annotations

from app.domain.clocks.calendars import Calendar, Schedule, Season, parse_calendar, with_notice
from app.domain.clocks.events import PAUSE, ClockEvent, EventKind
from app.domain.clocks.limits import (
    Limit,
    LimitUnit,
    Tier,
    TierLimits,
    parse_limit,
    parse_tiers,
)
from app.domain.clocks.running import (
    Clock,
    Phase,
    begin,
    happened,
    left,
    reckoned,
    spent,
)
from app.domain.clocks.thresholds import Thresholds, parse_thresholds

__all__ = [
    "PAUSE", "Calendar", "Clock", "ClockEvent", "EventKind", "Limit", "LimitUnit", "Phase",
    "Schedule", "Season", "Thresholds", "Tier", "TierLimits", "begin", "happened", "left",
    "parse_calendar", "parse_limit", "parse_thresholds", "parse_tiers", "reckoned", "spent",
    "with_notice",
]  # fmt: skip
