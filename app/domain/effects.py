"""What an action that is open does to a case: the registry of effects that moves may name.

A new effect is a function here, its name in `_EFFECTS` and in `workflow.grammar.EFFECTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.addresses.placed import placed_of
from app.domain.bodies import BODY_VERSION
from app.domain.cases import CaseState
from app.domain.clocks import (
    PAUSE,
    Clock,
    ClockEvent,
    EventKind,
    Limit,
    LimitUnit,
    Tier,
    begin,
    happened,
)
from app.domain.requests import (
    ANSWERS,
    Request,
    Standing,
    answered,
    named,
    put,
    request_of,
    still_open,
)
from app.domain.rules import RuleBook
from app.domain.sightings import clocks_after, master_after
from app.domain.tasks import GIVE, given, moved
from app.domain.tasks import named as task_named
from app.domain.tasks import put as put_task
from app.domain.workflow import CREATE, Move
from app.domain.workflow.grammar import CONFIRM, MERGES, SOURCE_FACT, TASK_MOVES

_TASK_OVER = ("task_done", "task_return", "task_cancel")
Said = Mapping[str, Any]


def applied(state: CaseState | None, action: Action, rules: RuleBook) -> CaseState:
    """Return the case after an action that `refusals.refusal` leaves open."""
    if state is None:
        return _moved(_report(action, rules), rules.way("").moves[CREATE], action, rules, {})
    if action.type in ANSWERS:
        return _answered(state, action, rules)
    if action.type in TASK_MOVES:
        return _tasked(state, action, rules)
    if action.type in MERGES:
        return _merged(state, action, rules)
    matter = str(action.body.get("matter", "")) or state.matter
    move = rules.way(matter, state.step).moves[action.type]
    if move.approval:
        return _asked(state, move, action, rules)
    return _moved(state, move, action, rules, action.body)


def start_clock(name: str, start_ms: int, matter: str, rules: RuleBook, area: str = "") -> Clock:
    """Return the clock `name` of a case of `matter` started at `start_ms` (Unix ms).

    `area` is the class of the case's place (`RuleBook.area_class`).
    """
    limit = rules.limit(matter, name, area=area)
    raised = rules.limit(matter, name, Tier.RAISED, area)
    return begin(
        name, start_ms, limit, rules.calendar, rules.thresholds,
        raised=raised if raised != limit else None,
    )  # fmt: skip


def refs_of(action: Action) -> dict[str, UUID]:
    """Return the vault keys that an action names, by kind."""
    if action.version != BODY_VERSION:
        return {}
    raw = action.body.get("refs", {})
    return {kind: UUID(value["key"]) for kind, value in raw.items()}


def _report(action: Action, rules: RuleBook) -> CaseState:
    body = action.body
    matter = body.get("matter", "")
    source = body.get("source", "unknown")
    return CaseState(
        uid=action.subject,
        receipt=body.get("receipt", ""),
        step="",
        lon_e7=body["lon_e7"],
        lat_e7=body["lat_e7"],
        source=source,
        reported_ms=body.get("at_ms", action.stamp.ms),
        matter=matter if matter in rules.matters else "",
        grid=_uid(body, "grid"),
        street=_uid(body, "street"),
        district=_uid(body, "district"),
        sample=body.get("sample", False),
        placed=placed_of(body.get("placed")),
        refs=refs_of(action),
        photos=tuple(body.get("photos", ())),
        facts={SOURCE_FACT: rules.source_kind(source)},
    )


def _moved(state: CaseState, move: Move, action: Action, rules: RuleBook, said: Said) -> CaseState:
    """Take `move` at the action's time; `said` is what was said when it was taken or asked for."""
    if said.get("matter"):
        state = replace(state, matter=said["matter"])
    effect = _EFFECTS.get(move.effect)
    if effect is not None:
        state = effect(state, action, said)
    after = replace(
        state,
        step=move.target,
        facts={**state.facts, **move.sets} if move.sets else state.facts,
        clocks=_clocks(state, move, action, rules, said),
    )
    if not after.requests:
        return after
    workflow = rules.way(after.matter, after.step)
    return replace(after, requests=still_open(after.requests, after.step, workflow))


def _asked(state: CaseState, move: Move, action: Action, rules: RuleBook) -> CaseState:
    touched = (*move.extends, *move.pauses)
    event = ClockEvent(action.stamp.ms, EventKind.ASK, key=action.hash)
    clocks = _with_event(state.clocks, touched, event, rules)
    return replace(state, requests=(*state.requests, request_of(action)), clocks=clocks)


def _answered(state: CaseState, action: Action, rules: RuleBook) -> CaseState:
    workflow = rules.way(state.matter, state.step)
    request = named(state.requests, str(action.body["request"]))
    if request is None:
        return state
    after = answered(request, action, workflow)
    state = replace(state, requests=put(state.requests, after))
    move = workflow.moves[request.move]
    if after.standing is Standing.GRANTED:
        said = {**after.said, "request": request.hash}
        return _moved(_by_asker(state, after), move, action, rules, said)
    if after.standing is Standing.OPEN:
        return state
    event = ClockEvent(action.stamp.ms, EventKind.REFUSE, key=request.hash)
    touched = (*move.extends, *move.pauses)
    return replace(state, clocks=_with_event(state.clocks, touched, event, rules))


def _by_asker(state: CaseState, request: Request) -> CaseState:
    """Return the case with the words of who asked, as its newest of their kind."""
    return replace(state, refs={**state.refs, **dict(request.refs)}) if request.refs else state


def _tasked(state: CaseState, action: Action, rules: RuleBook) -> CaseState:
    now = action.stamp.ms
    if action.type == GIVE:
        name = rules.way(state.matter, state.step).tasks.clock
        clock = _started(name, now, state, rules) if name else None
        return replace(state, tasks=(*state.tasks, given(action, clock)))
    task = task_named(state.tasks, str(action.body["task"]))
    if task is None:
        return state
    after = moved(task, action)
    if action.type in _TASK_OVER and after.clock is not None:
        stop = ClockEvent(now, EventKind.STOP)
        after = replace(after, clock=happened(after.clock, stop, rules.calendar, rules.thresholds))
    photos = (*state.photos, *action.body.get("photos", ()))
    return replace(state, tasks=put_task(state.tasks, after), photos=photos)


def _merged(state: CaseState, action: Action, rules: RuleBook) -> CaseState:
    return replace(
        state,
        master=master_after(state.master, action),
        confirmed_ms=action.stamp.ms if action.type == CONFIRM else None,
        clocks=clocks_after(state.clocks, action, rules),
    )


def _filed(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, number=said.get("number", state.number))


def _dispatched(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(
        state,
        unit=_uid(said, "unit"),
        post=_uid(said, "post"),
        person=_uid(said, "person"),
        reasons=tuple(said.get("reasons", ())),
        auto=bool(said.get("auto", False)),
    )


def _handled(state: CaseState, action: Action, said: Said) -> CaseState:
    photos = (*state.photos, *said.get("photos", ()))
    return replace(state, handler=action.actor, photos=photos)


def _fixed(state: CaseState, action: Action, said: Said) -> CaseState:
    return _handled(_filed(state, action, said), action, said)


def _returned(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, returned=state.returned + 1, unit=None, post=None, person=None)


def _recalled(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, unit=None, post=None, person=None)


def _reworked(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, reworked=state.reworked + 1)


def _delayed(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, delayed=state.delayed + 1)


def _suspended(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, wake_ms=int(said["wake_ms"]))


def _woken(state: CaseState, action: Action, said: Said) -> CaseState:
    return replace(state, wake_ms=None)


_EFFECTS: dict[str, Callable[[CaseState, Action, Said], CaseState]] = {
    "file": _filed,
    "dispatch": _dispatched,
    "handle": _handled,
    "fix": _fixed,
    "return": _returned,
    "recall": _recalled,
    "rework": _reworked,
    "delay": _delayed,
    "suspend": _suspended,
    "wake": _woken,
}


def _uid(body: Mapping[str, object], name: str) -> UUID | None:
    value = body.get(name)
    return UUID(value) if isinstance(value, str) and value else None


def _clocks(
    state: CaseState, move: Move, action: Action, rules: RuleBook, said: Said
) -> tuple[Clock, ...]:
    now = action.stamp.ms
    clocks = _with_event(state.clocks, move.stops, ClockEvent(now, EventKind.STOP), rules)
    clocks = _with_event(clocks, move.pauses, _pausing(now, said), rules)
    clocks = tuple(
        _resumed(clock, now, rules) if clock.name in move.resumes else clock for clock in clocks
    )
    if move.extends and said.get("amount"):
        more = Limit(int(said["amount"]), LimitUnit(said["amount_unit"]))
        key = str(said.get("request", ""))
        event = ClockEvent(now, EventKind.EXTEND, key=key, more=more)
        clocks = _with_event(clocks, move.extends, event, rules)
    started = tuple(_started(name, now, state, rules) for name in move.starts)
    return (*clocks, *started)


def _started(name: str, now: int, state: CaseState, rules: RuleBook) -> Clock:
    area = rules.area_class(state.street, state.district)
    return start_clock(name, now, state.matter, rules, area)


def _pausing(now: int, said: Said) -> ClockEvent:
    """Return what lets a clock stand: until the day it wakes, or until a move resumes it."""
    wake = said.get("wake_ms")
    if wake is None:
        return ClockEvent(now, EventKind.STOP, key=PAUSE)
    return ClockEvent(now, EventKind.HOLD, key=str(said.get("request", "")), until_ms=int(wake))


def _resumed(clock: Clock, now: int, rules: RuleBook) -> Clock:
    if clock.paused:
        event = ClockEvent(now, EventKind.RESUME, key=PAUSE)
    elif clock.stopped_ms is None and clock.held_at(now):
        held = [one for one in clock.events if one.kind is EventKind.HOLD]
        event = ClockEvent(now, EventKind.WAKE, key=held[-1].key)
    else:
        return clock
    return happened(clock, event, rules.calendar, rules.thresholds)


def _with_event(
    clocks: tuple[Clock, ...], names: tuple[str, ...], event: ClockEvent, rules: RuleBook
) -> tuple[Clock, ...]:
    """Return the clocks with an event of those named that run, or stand by a pause."""
    return tuple(
        happened(_unpaused(clock, event), event, rules.calendar, rules.thresholds)
        if clock.name in names and (clock.stopped_ms is None or _ends_pause(clock, event))
        else clock
        for clock in clocks
    )


def _ends_pause(clock: Clock, event: ClockEvent) -> bool:
    return clock.paused and event.kind is EventKind.STOP and event.key != PAUSE


def _unpaused(clock: Clock, event: ClockEvent) -> Clock:
    """Return a paused clock as one that goes on, so that it can be stopped for good."""
    if not _ends_pause(clock, event):
        return clock
    at = max(event.at_ms, clock.events[-1].at_ms)
    return replace(clock, events=(*clock.events, ClockEvent(at, EventKind.RESUME, key=PAUSE)))
