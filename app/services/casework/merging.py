"""A duplicate is merged into its master, confirmed as the same, or taken out again."""

from __future__ import annotations

from uuid import UUID

from app.domain.cases import CaseState
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.workflow.grammar import CONFIRM, MERGE, REPLY, UNMERGE
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, append, changes, store
from app.services.casework.words import sealed
from app.services.changes import CaseRow, Changes
from app.services.commands import MACHINE, MergeCase, UnmergeCase
from app.services.ports import City, UnitOfWork
from app.services.sheet import load_state, require_state

_ANSWERED = "您反映的问题已办结。"
_REPORTER = ("reporter_name", "reporter_phone")


def merge(command: MergeCase, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Merge a case into an open one, or say again that it is the same once that was closed.

    Raises `NotFound` for a master that is not here, `NotAllowed` for one merged or closed itself.
    """
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    if command.master is None:
        return _done(desk, append(desk, state.uid, CONFIRM, command.actor, {}, state))
    if command.master == command.case:
        raise InvalidInput("A case cannot be merged into itself.", field="master")
    master = load_state(command.master, uow)
    if master is None:
        raise NotFound("The case to merge into is not here.", field="master")
    if master.master is not None:
        raise NotAllowed(
            "The case to merge into is merged itself.",
            advice="Merge into its own master.",
            field="master",
            code="master_merged",
        )
    if not desk.rules.step(master.matter, master.step).open:
        raise NotAllowed(
            "The case to merge into is closed.",
            advice="Merge the closed one's follower instead, or leave both.",
            field="master",
            code="master_closed",
        )
    if uow.cases.merged_into(command.case):
        raise NotAllowed(
            "Other cases are merged into this one.",
            advice="Merge the other way, or take those out first.",
            field="case",
            code="is_master",
        )
    body = {"master": str(command.master), "reasons": list(command.reasons)}
    return _done(desk, append(desk, state.uid, MERGE, command.actor, body, state))


def unmerge(command: UnmergeCase, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Let a merged case go on by itself, where it was."""
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    return _done(desk, append(desk, state.uid, UNMERGE, command.actor, {}, state))


def tell_reporters(desk: Desk, master: CaseState) -> tuple[CaseRow, ...]:
    """Record an answer to each reporter of a case now closed, its own and its duplicates'."""
    rows = []
    for case in (master.uid, *(one.uid for one in desk.uow.cases.merged_into(master.uid))):
        state = require_state(case, desk.uow)
        if not any(kind in state.refs for kind in _REPORTER):
            continue
        secret = sealed(case, "reply", _ANSWERED)
        desk.uow.vault.put([secret])
        body = {"refs": {"reply": secret.reference()}, "auto": True}
        rows.append(_stored(desk, append(desk, case, REPLY, MACHINE, body, state)))
    return tuple(rows)


def partners(case: UUID, uow: UnitOfWork) -> tuple[UUID, ...]:
    """Return the cases whose rows may change when a merge of `case` comes or goes."""
    row = uow.cases.row(case)
    named = () if row is None or row.master is None else (row.master,)
    return (*named, *(one.uid for one in uow.cases.merged_into(case)))


def _done(desk: Desk, state: CaseState) -> Changes:
    row = _stored(desk, state)
    others = []
    for one in partners(state.uid, desk.uow):
        other = load_state(one, desk.uow)
        if other is not None:
            others.append(_stored(desk, other))
    return changes(desk.uow, row, *others)


def _stored(desk: Desk, state: CaseState) -> CaseRow:
    return store(desk, state, desk.city.areas.at(state.lon, state.lat))
