"""When a tour's virtual present begins: by day, after all that the city remembers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.clocks import Calendar
from app.runtime.core import Core
from app.services.changes import CaseRow
from app.services.questions import OpenCases

BEGINS = time(14, 30)  # the early shift is at work, and pictures show a day


def present_of(core: Core) -> int:
    """Return the next 14:30 of the city at or after its last stamp, Unix ms.

    The last stamp is when the last open case changed, or when the city was made: the same city
    gives the same present.
    """
    made = int(datetime.fromisoformat(core.facts.created_at).timestamp() * 1000)
    rows: tuple[CaseRow, ...] = core.ask(OpenCases()).result()
    return next_at(BEGINS, max([made, *(row.changed_ms for row in rows)]))


def next_at(hour: time, after_ms: int, zone: str = Calendar.zone) -> int:
    """Return the first moment at or after `after_ms` when clocks in `zone` show `hour`, Unix ms."""
    last = datetime.fromtimestamp(after_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    there = datetime.combine(last.date(), hour, last.tzinfo)
    if there < last:
        there += timedelta(days=1)
    return round(there.timestamp() * 1000)
