"""Builds rows and sheets from folded states: joins the vault, the rolls and the map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from uuid import UUID

from app.domain.actions import check_signed
from app.domain.areas import Whereabouts
from app.domain.cases import CaseState
from app.domain.errors import NotFound
from app.domain.fold import fold
from app.domain.refusals import refusal_of_case, refusal_of_role
from app.domain.rules import RuleBook
from app.domain.sightings import keeps_open
from app.domain.workflow import CREATE, Move
from app.services.changes import CaseRow, one_line
from app.services.commands import Actor
from app.services.ports import City, UnitOfWork
from app.services.sheet_beside import people_beside, requests_for, tasks_for
from app.services.suggest import rank_matters, suggest
from app.services.views import CaseSheet, Suggestion

WAITING_PHASES = ("intake", "dispatch")
RETURN = "return"
_NOT_THEIRS = (
    "不属于", "不属我", "非我", "职责", "不归", "不是我", "管辖", "not our", "not ours", "not my",
    "responsib", "wrong unit",
)  # fmt: skip
_NEAR_METRES = 100.0
_NEAR_MOST = 5


def load_state(case: UUID, uow: UnitOfWork) -> CaseState | None:
    """Return the folded state of a case, None if it has no report here."""
    signed = uow.actions.of_subject(case)
    return fold((one.action for one in signed), uow.rules.get)


def require_state(case: UUID, uow: UnitOfWork) -> CaseState:
    """Return the folded state of a case; raises `NotFound`."""
    state = load_state(case, uow)
    if state is None:
        raise NotFound(f"There is no case {case} here.", advice="Check its number.", field="case")
    return state


def open_sheet(case: UUID, actor: Actor, city: City, uow: UnitOfWork, now_ms: int) -> CaseSheet:
    """Return everything the sheet shows.

    Raises `NotFound`, `StorageFailure` if an action's stored bytes were altered, or `Forged` if a
    signature does not hold.
    """
    state = require_state(case, uow)
    for signed in uow.actions.of_subject(case):
        check_signed(signed, city.verifier)
    rules = uow.rules.current()
    where = city.areas.at(state.lon, state.lat)
    words = uow.vault.get(_keys(state))
    row = build_row(state, where, uow, rules)
    near = tuple(
        one
        for one in uow.cases.near(state.lon, state.lat, _NEAR_METRES, _NEAR_MOST + 1)
        if one.uid != case
    )
    names = _names(state, where, city, uow)
    return CaseSheet(
        state=state,
        row=row,
        where=where,
        words=words,
        names=names,
        suggestion=suggestion_for(state, where, words, uow, rules, now_ms),
        moves=moves_for(state, actor, rules, now_ms),
        can_undo=_can_undo(state, actor),
        near=near[:_NEAR_MOST],
        requests=requests_for(state, actor, rules, words, names),
        tasks=tasks_for(state, actor, rules, words, names),
        way=rules.way(state.matter, state.step),
        calendar=rules.calendar,
    )


def moves_for(state: CaseState, actor: Actor, rules: RuleBook, now_ms: int) -> tuple[Move, ...]:
    """Return the moves open to `actor` now, required fields aside."""
    return tuple(
        move
        for move in rules.way(state.matter, state.step).open_moves(state.step)
        if not refusal_of_role(state, move, actor.role, actor.person)
        and not refusal_of_case(state, move, now_ms)
    )


def suggestion_for(
    state: CaseState,
    where: Whereabouts,
    words: Mapping[UUID, str],
    uow: UnitOfWork,
    rules: RuleBook,
    now_ms: int,
) -> Suggestion | None:
    """Return what the rules would do while nobody has the case, else None."""
    if state.master or rules.step(state.matter, state.step).phase not in WAITING_PHASES:
        return None
    matter = state.matter if state.matter in rules.matters else ""
    without = not_theirs(state, uow)
    return suggest(
        _said(state, words), where, now_ms, rules, uow.directory, matter=matter, without=without
    )


def not_theirs(state: CaseState, uow: UnitOfWork) -> frozenset[UUID]:
    """Return the units that sent the case back, saying that it is not their duty.

    The reason is free words, so it is known by the words people use for that (`_NOT_THEIRS`); one
    sent back for another reason (an unclear address) stays with its unit.
    """
    back = [one for one in state.history if one.type == RETURN and one.effect == "applied"]
    values = uow.vault.get([one.refs["reason"] for one in back if "reason" in one.refs])
    units = set()
    for one in back:
        person = uow.directory.person(one.actor)
        said = values.get(one.refs["reason"], "").lower() if "reason" in one.refs else ""
        if person is not None and any(word in said for word in _NOT_THEIRS):
            units.add(person.unit)
    return frozenset(units)


def build_row(state: CaseState, where: Whereabouts, uow: UnitOfWork, rules: RuleBook) -> CaseRow:
    """Return the inbox row of a state; personal words come from the vault."""
    values = uow.vault.get(state.refs.values())
    names = uow.directory.names([u for u in (state.unit, state.person) if u])
    step = rules.step(state.matter, state.step)
    running = state.running()
    waits = keeps_open(state.uid, state.master, partial(_master_of, uow))
    matter = rules.matters.get(state.matter)
    return CaseRow(
        uid=state.uid,
        receipt=state.receipt,
        number=state.number,
        step=state.step,
        matter=state.matter,
        matter_name=matter.name_zh if matter else "",
        title=one_line(_said(state, values)),
        address=values.get(state.refs["address"], "") if "address" in state.refs else "",
        lon=state.lon,
        lat=state.lat,
        grid=state.grid,
        grid_code=where.grid.code if where.grid else "",
        street=state.street,
        district=state.district,
        unit=state.unit,
        unit_name=names.get(state.unit, "") if state.unit else "",
        person=state.person,
        person_name=names.get(state.person, "") if state.person else "",
        source=state.source,
        reported_ms=state.reported_ms,
        due_ms=running[0].due_ms if running else None,
        due_clock=running[0].name if running else "",
        returned=state.returned,
        reworked=state.reworked,
        auto=state.auto,
        urgent=bool(matter and matter.urgent),
        is_open=step.open and waits,
        changed_ms=state.changed_ms,
        closed_ms=None if step.open or state.master else state.changed_ms,
        sample=state.sample,
        confidence=_confidence(state, values, rules),
        master=state.master,
        confirmed_ms=state.confirmed_ms,
    )


def _master_of(uow: UnitOfWork, case: UUID) -> UUID | None:
    row = uow.cases.row(case)
    return row.master if row is not None else None


def _confidence(state: CaseState, values: Mapping[UUID, str], rules: RuleBook) -> int | None:
    if rules.step(state.matter, state.step).phase not in WAITING_PHASES:
        return None
    if state.matter:
        return 1000
    ranked = rank_matters(_said(state, values), rules)
    return ranked[0].score if ranked else None


def _said(state: CaseState, values: Mapping[UUID, str]) -> str:
    return values.get(state.refs["words"], "") if "words" in state.refs else ""


def _keys(state: CaseState) -> list[UUID]:
    keys = list(state.refs.values())
    for entry in state.history:
        keys.extend(entry.refs.values())
    return keys


def _names(state: CaseState, where: Whereabouts, city: City, uow: UnitOfWork) -> dict[UUID, str]:
    wanted: Iterable[UUID | None] = (
        state.unit, state.post, state.person, state.handler,
        *(entry.actor for entry in state.history), *people_beside(state),
    )  # fmt: skip
    names = dict(uow.directory.names({uid for uid in wanted if uid}))
    for area in (where.city, where.district, where.street, where.community, where.grid):
        if area is not None:
            names[area.uid] = area.name or area.code
    matched = state.placed.place if state.placed else None
    entry = (uow.addresses.entry(matched) or city.areas.place(matched)) if matched else None
    if entry is not None:
        names[entry.uid] = entry.title
    return names


def _can_undo(state: CaseState, actor: Actor) -> bool:
    last = state.last_applied()
    if last is None or last.type == CREATE:
        return False
    return last.actor == actor.person or actor.role in ("dispatcher", "shift_lead")
