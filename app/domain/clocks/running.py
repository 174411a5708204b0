"""One clock of a case: what happened to it, and when it is near due, due and far overdue.

A clock is its start, its limit and an ordered list of events; deadlines are reckoned anew from
these and a calendar whenever one changes, never from the present. What does not apply (a wake
without a hold, a stop of what stands) changes nothing, so that no history can break a fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.clocks.calendars import Calendar
from app.domain.clocks.counting import Counting
from app.domain.clocks.events import (
    PAUSE,
    ClockEvent,
    EventKind,
    Stage,
    Still,
    holds_of,
    merged,
    stages_of,
    stands_still,
    stopped_at,
    stops_of,
)
from app.domain.clocks.limits import Limit
from app.domain.clocks.thresholds import Thresholds
from app.domain.clocks.timetable import DAY_MS


class Phase(StrEnum):
    """How a clock stands at a moment."""

    RUNNING = "running"
    HELD = "held"  # 挂账: stands still
    NEAR = "near"  # 临期
    OVERDUE = "overdue"  # 超期
    FAR = "far"  # 严重超期
    MET = "met"  # stopped in time
    MISSED = "missed"  # stopped late


@dataclass(frozen=True)
class Clock:
    """One running or stopped deadline of a case; times in Unix milliseconds, UTC."""

    name: str
    started_ms: int
    due_ms: int
    stopped_ms: int | None = None
    provisional: bool = False  # 暂定: beyond the last published calendar
    limit: Limit | None = None
    raised: Limit | None = None  # 提高: the stricter standard, if the matter has one
    raised_due_ms: int | None = None
    near_ms: int | None = None  # from here on near due
    far_ms: int | None = None  # from here on far overdue
    events: tuple[ClockEvent, ...] = ()

    @property
    def paused(self) -> bool:
        """Whether it stands until a move lets it go on."""
        last = self.events[-1] if self.events else None
        return last is not None and last.kind is EventKind.STOP and last.key == PAUSE

    def late_at(self, now_ms: int) -> bool:
        """Tell whether it ran out, as seen at `now_ms`."""
        return (self.stopped_ms or now_ms) > self.due_ms

    def phase_at(self, now_ms: int) -> Phase:
        """Return how it stands at `now_ms`."""
        if self.stopped_ms is not None:
            return Phase.MISSED if self.stopped_ms > self.due_ms else Phase.MET
        if now_ms > self.due_ms:
            return Phase.FAR if self.far_ms and now_ms > self.far_ms else Phase.OVERDUE
        if self.held_at(now_ms):
            return Phase.HELD
        near = self.near_ms is not None and now_ms >= self.near_ms
        return Phase.NEAR if near else Phase.RUNNING

    def held_at(self, now_ms: int) -> bool:
        """Tell whether it stands still by an approved hold."""
        return any(a < now_ms <= b for a, b in merged(holds_of(self.events)))

    @property
    def asked(self) -> tuple[ClockEvent, ...]:
        """Return the requests nobody has answered yet; the clock runs meanwhile."""
        answers = (EventKind.REFUSE, EventKind.EXTEND, EventKind.HOLD)
        open_by_key: dict[str, ClockEvent] = {}
        for event in self.events:
            if event.kind is EventKind.ASK:
                open_by_key[event.key] = event
            elif event.kind in answers:
                open_by_key.pop(event.key, None)
        return tuple(open_by_key.values())


def begin(
    name: str,
    start_ms: int,
    limit: Limit,
    calendar: Calendar,
    thresholds: Thresholds | None = None,
    raised: Limit | None = None,
) -> Clock:
    """Return a clock that starts at `start_ms`."""
    fresh = Clock(name, start_ms, start_ms, limit=limit, raised=raised)
    return reckoned(fresh, calendar, thresholds)


def happened(
    clock: Clock, event: ClockEvent, calendar: Calendar, thresholds: Thresholds | None = None
) -> Clock:
    """Return the clock after `event`.

    An event stamped before the last one (the clocks of two machines disagree) counts as of the
    last one: time does not run backwards in a list of events.
    """
    last = clock.events[-1].at_ms if clock.events else clock.started_ms
    event = replace(event, at_ms=max(event.at_ms, last))
    return reckoned(replace(clock, events=(*clock.events, event)), calendar, thresholds)


def reckoned(clock: Clock, calendar: Calendar, thresholds: Thresholds | None = None) -> Clock:
    """Return the clock with its deadlines reckoned anew, as when a new calendar has come."""
    if clock.limit is None:
        return clock
    ruled = thresholds or Thresholds()
    stages = stages_of(clock.limit, clock.events)
    unit, steps = stages[-1].unit, stages[-1].steps
    due = _due(clock, stages, calendar)
    raised = stages_of(clock.raised, clock.events) if clock.raised else []
    return replace(
        clock,
        due_ms=due,
        raised_due_ms=_due(clock, raised, calendar) if raised else None,
        near_ms=_ends(clock, stages, calendar, steps - ruled.near(unit, steps)),
        far_ms=max(due, _ends(clock, stages, calendar, ruled.far(unit, steps))),
        stopped_ms=stopped_at(clock.events),
        provisional=calendar.is_provisional(due)
        and any(calendar.counting(stage.unit).bound for stage in stages),
    )


def spent(clock: Clock, calendar: Calendar, now_ms: int) -> int:
    """Return what was spent up to `now_ms`, in steps of its limit's unit (ms, or days)."""
    counting = _own(clock, calendar)
    still = merged([*holds_of(clock.events), *stops_of(clock.events)])
    return _amount(counting, counting.begins(clock.started_ms), now_ms, still)


def left(clock: Clock, calendar: Calendar, now_ms: int) -> int:
    """Return what is left at `now_ms`, in steps of its limit's unit; negative when overdue.

    A stopped clock keeps what was left when it stopped.
    """
    counting, still = _own(clock, calendar), stands_still(clock.events)
    now = now_ms if clock.stopped_ms is None else min(now_ms, clock.stopped_ms)
    now = max(now, counting.begins(clock.started_ms))
    if now <= clock.due_ms:
        return _amount(counting, now, clock.due_ms, still)
    return -_amount(counting, clock.due_ms, now, still)


def _own(clock: Clock, calendar: Calendar) -> Counting:
    if clock.limit is None:
        raise ValueError(f"the clock {clock.name} has no limit")
    return calendar.counting(clock.limit.unit)


def _ends(clock: Clock, stages: Sequence[Stage], calendar: Calendar, last_steps: int) -> int:
    """Return when the stages end, one after the other, the last after `last_steps`."""
    at, still = clock.started_ms, stands_still(clock.events)
    for i, stage in enumerate(stages):
        counting = calendar.counting(stage.unit)
        last = i == len(stages) - 1
        steps = last_steps if last else stage.steps
        if stage.fixed_ms is None:
            at = _reach(counting, counting.begins(at), steps, still)
        else:
            at = _reach(counting, stage.fixed_ms, steps, stands_still(clock.events[stage.since :]))
        at = at if last else _moved(counting, at, still)
    return at


def _due(clock: Clock, stages: Sequence[Stage], calendar: Calendar) -> int:
    """Return the deadline: the end of the stages, moved to a day on which a limit may end."""
    at = _ends(clock, stages, calendar, stages[-1].steps)
    return _moved(calendar.counting(stages[-1].unit), at, stands_still(clock.events))


def _moved(counting: Counting, at: int, still: Still) -> int:
    """Return the end of the first day from `at` on that a limit may end with, a clock running."""
    if counting.may_end(at):
        return at
    while not counting.may_end(at) or any(a < at <= b for a, b in still):
        at += DAY_MS
    return at


def _reach(counting: Counting, at: int, amount: int, still: Still) -> int:
    for since, until in still if amount else ():
        if until <= at:
            continue
        if since > at:
            found = counting.amount(at, since)
            if found >= amount:
                break
            amount -= found
        at = until
    return counting.reach(at, amount)


def _amount(counting: Counting, a: int, b: int, still: Still) -> int:
    if b <= a:
        return 0
    cut = [(max(a, since), min(b, until)) for since, until in still]
    return counting.amount(a, b) - sum(counting.amount(lo, hi) for lo, hi in cut if lo < hi)
