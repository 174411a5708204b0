"""The last step of a case is taken back."""

from __future__ import annotations

from app.domain.errors import NotAllowed
from app.domain.workflow import CREATE, UNDO
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, append, changes, store
from app.services.changes import Changes
from app.services.commands import UndoLast
from app.services.ports import City, UnitOfWork
from app.services.sheet import require_state


def undo(command: UndoLast, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take back the last effective step by a compensating action."""
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    last = state.last_applied()
    if last is None or last.type == CREATE:
        raise NotAllowed("There is no step to take back.", code="nothing_to_undo")
    body = {"undoes": last.hash}
    state = append(desk, state.uid, UNDO, command.actor, body, state)
    where = city.areas.at(state.lon, state.lat)
    return changes(uow, store(desk, state, where))
