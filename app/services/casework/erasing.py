"""The personal words about a case are erased."""

from __future__ import annotations

from app.domain.erasure import REASONS, erase_body
from app.domain.errors import InvalidInput, NotAllowed
from app.domain.workflow import ERASE, ERASE_ROLES
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, append, changes, store
from app.services.changes import Changes
from app.services.commands import EraseSubject
from app.services.ports import City, UnitOfWork
from app.services.sheet import require_state


def erase(command: EraseSubject, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Erase the personal values and photos about a case; its actions stay as they were signed.

    Only who leads the shift or answers for it may. The erasure is an action too, so that it
    travels and holds wherever the case is known; it names nobody. The photos are deleted once it
    is durable (see `erasing`).
    """
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    if command.actor.role not in ERASE_ROLES:
        raise NotAllowed("Only who leads the shift may erase.", field="role", code="role")
    if command.why not in REASONS:
        raise InvalidInput(
            f"{command.why!r} is no reason to erase.",
            advice=f"One of: {', '.join(REASONS)}.",
            field="why",
            code="erase_reason",
        )
    state = require_state(command.case, uow)
    held = [one.action for one in uow.actions.of_subject(state.uid)]
    body = erase_body(held, command.why)
    state = append(desk, state.uid, ERASE, command.actor, body, state)
    uow.vault.erase_subject(state.uid)
    where = city.areas.at(state.lon, state.lat)
    return changes(uow, store(desk, state, where))
