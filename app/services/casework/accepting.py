"""A suggestion is accepted, by a person or by the rule that is sure."""

from __future__ import annotations

from app.domain.errors import NotAllowed
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, changes, store, words_of
from app.services.casework.sending import send
from app.services.changes import Changes
from app.services.commands import MACHINE, AcceptSuggestion
from app.services.ports import City, UnitOfWork
from app.services.sheet import require_state, suggestion_for


def accept(command: AcceptSuggestion, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """File under the first suggestion and dispatch; the machine only when the rule is sure."""
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    where = city.areas.at(state.lon, state.lat)
    suggestion = suggestion_for(state, where, words_of(state, uow), uow, desk.rules, now_ms)
    if suggestion is None:
        raise NotAllowed(
            f"The case waits for nobody to send it any more; it is at the step {state.step}.",
            advice="Somebody else was quicker; look at its sheet.",
            code="already_sent",
        )
    if not suggestion.matters or suggestion.accountable is None:
        raise NotAllowed(
            "There is no suggestion to accept for this case.",
            advice="Choose matter and unit by hand.",
            code="no_suggestion",
        )
    if command.actor.role == MACHINE.role and not suggestion.sure:
        raise NotAllowed("The rule is not sure of this case.", code="not_sure")
    state = send(desk, state, suggestion, command.actor)
    return changes(uow, store(desk, state, where))
