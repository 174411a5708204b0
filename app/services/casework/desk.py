"""What every handler of a case works with: sign and judge an action, keep the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actions import Action
from app.domain.areas import Whereabouts
from app.domain.cases import CaseState
from app.domain.errors import InvalidInput, NotAllowed
from app.domain.fold import fold
from app.domain.refusals import refusal
from app.domain.rules import RuleBook
from app.services.changes import CaseRow, Changes
from app.services.commands import Actor
from app.services.ports import City, UnitOfWork
from app.services.sheet import build_row
from app.services.signing import append_signed, held_actions


@dataclass(frozen=True)
class Desk:
    """What every handler works with."""

    city: City
    uow: UnitOfWork
    rules: RuleBook
    now_ms: int


def append(
    desk: Desk,
    case: UUID,
    kind: str,
    actor: Actor,
    body: Mapping[str, Any],
    before: CaseState | None,
) -> CaseState:
    """Sign and append an action and return the case after it; raises what the fold refuses."""
    held = held_actions(case, desk.city, desk.uow, desk.now_ms)
    parents = before.heads if before else ()
    action = append_signed(
        kind, case, actor, body, parents, desk.city, desk.uow, desk.now_ms
    ).action
    state = fold([*held, action], desk.uow.rules.get)
    _raise_if_refused(state, action, desk.rules)
    assert state is not None  # a refused report raised above
    return state


def _raise_if_refused(state: CaseState | None, action: Action, rules: RuleBook) -> None:
    entries = state.history if state else ()
    mine = next((entry for entry in entries if entry.hash == action.hash), None)
    why = mine.why if mine else refusal(state, action, rules, None) or "refused"
    if mine is not None and mine.effect in ("applied", "undone"):
        return
    if why.startswith("missing_"):
        need = why.removeprefix("missing_")
        raise InvalidInput(
            f"{action.type} needs {need}.", advice=f"Give --{need}.", field=need, code=why
        )
    at_step = f" at the step {state.step}" if state else ""
    raise NotAllowed(
        f"{action.type} is not open to {action.role}{at_step} ({why}).",
        advice="Nothing was changed.",
        code=why.split("_from_")[0] if "_from_" in why else why,
    )


def store(desk: Desk, state: CaseState, where: Whereabouts) -> CaseRow:
    """Put the row of a case and what it is found by, and return it."""
    row = _with_own_grid(build_row(state, where, desk.uow, desk.rules), where, desk)
    words = words_of(state, desk.uow)
    parts = [words.get(key, "") for key in state.refs.values()]
    text = " ".join([*parts, row.number, row.receipt, row.matter_name, row.unit_name])
    desk.uow.cases.put(row, state, text)
    return row


def _with_own_grid(row: CaseRow, where: Whereabouts, desk: Desk) -> CaseRow:
    """Let a case name the grid it was reported in, also after that was split or merged."""
    if row.grid is None or (where.grid is not None and where.grid.uid == row.grid):
        return row
    own = desk.city.areas.get(row.grid)
    return row if own is None else replace(row, grid_code=own.code)


def words_of(state: CaseState, uow: UnitOfWork) -> Mapping[UUID, str]:
    """Return a case's words and address by vault key, as far as they are kept."""
    return uow.vault.get([state.refs[kind] for kind in ("words", "address") if kind in state.refs])


def changes(uow: UnitOfWork, *rows: CaseRow) -> Changes:
    """Return rows of cases as what a command changed."""
    return Changes(revision=uow.actions.revision(), cases=rows)


def next_number(desk: Desk, where: Whereabouts) -> str:
    """Return the next case number of a place's district, of today."""
    code = where.district.code if where.district else "000000"
    return desk.uow.next_number(code, today(desk))


def today(desk: Desk) -> str:
    """Return today in the city's zone, YYYYMMDD."""
    zone = ZoneInfo(desk.rules.calendar.zone)
    return datetime.fromtimestamp(desk.now_ms / 1000, UTC).astimezone(zone).strftime("%Y%m%d")


def read_uid(text: str, field: str) -> UUID:
    """Return a uid given as text; raises `InvalidInput` naming the field."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(f"{field} must be a uid.", field=field) from error
