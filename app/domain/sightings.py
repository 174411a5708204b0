"""One case, many sightings: a duplicate is merged into a master case, and taken out again.

Both are actions on the duplicate, beside its step. While it is merged no other move is open to it
and its clocks stand; taken out, it goes on where it was. Which case a merge names is not judged
here (a fold sees one case): two cases merged into each other apart are told by `keeps_open`.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app.domain.actions import Action
from app.domain.clocks import Clock, ClockEvent, EventKind, happened
from app.domain.rules import RuleBook
from app.domain.workflow.grammar import CONFIRM, MERGE, UNMERGE

MERGE_ROLES = ("intake", "dispatcher", "shift_lead")
_MERGED = "merge"  # key of the stop that a merge puts on a clock


def refuse_merging(master: UUID | None, case: UUID, action: Action, *, is_open: bool) -> str:
    """Return why a merge, its end or its confirmation is not open, or an empty text.

    `master` is the case that `case` is merged into now, `is_open` whether its step is.
    """
    if action.role not in MERGE_ROLES:
        return "role"
    if action.type != MERGE:
        return "" if master is not None else "not_merged"
    if master is not None:
        return "merged"
    if not action.body.get("master"):
        return "missing_master"
    if UUID(action.body["master"]) == case:
        return "merges_itself"
    return "" if is_open else "closed"


def master_after(master: UUID | None, action: Action) -> UUID | None:
    """Return the master after an action that `refuse_merging` leaves open."""
    if action.type == CONFIRM:
        return master
    return None if action.type == UNMERGE else UUID(action.body["master"])


def clocks_after(clocks: tuple[Clock, ...], action: Action, rules: RuleBook) -> tuple[Clock, ...]:
    """Return the clocks: a merge lets the running ones stand, its end lets those go on."""
    return tuple(_clock_after(clock, action, rules) for clock in clocks)


def _clock_after(clock: Clock, action: Action, rules: RuleBook) -> Clock:
    last = clock.events[-1] if clock.events else None
    if action.type == MERGE and clock.stopped_ms is None:
        kind = EventKind.STOP
    elif action.type == UNMERGE and last and (last.kind, last.key) == (EventKind.STOP, _MERGED):
        kind = EventKind.RESUME
    else:
        return clock
    event = ClockEvent(action.stamp.ms, kind, key=_MERGED)
    return happened(clock, event, rules.calendar, rules.thresholds)


def keeps_open(case: UUID, master: UUID | None, master_of: Callable[[UUID], UUID | None]) -> bool:
    """Tell whether a case with this master still waits for a hand.

    One that is not merged does; and of cases that people apart merged in a circle, the one reported
    first does, so that none of them is lost. `master_of` gives the master of another case.
    """
    met = [case]
    at = master
    while at is not None and at not in met:
        met.append(at)
        at = master_of(at)
    return (at is None and master is None) or (
        at == case and case == min(met, key=lambda one: one.hex)
    )
