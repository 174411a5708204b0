"""File and dispatch a case as suggested."""

from __future__ import annotations

from app.domain.cases import CaseState
from app.domain.errors import NotAllowed
from app.services.casework.desk import Desk, append, next_number
from app.services.commands import MACHINE, Actor
from app.services.views import Suggestion


def send(desk: Desk, state: CaseState, found: Suggestion, actor: Actor) -> CaseState:
    """File the case if nobody did, and dispatch it as suggested; raises `NotAllowed` for nobody."""
    auto = actor.role == MACHINE.role
    who = found.accountable
    if who is None:
        raise NotAllowed("Nobody is on the rolls for this matter here.", code="nobody")
    if state.step == "reported":
        where = desk.city.areas.at(state.lon, state.lat)
        filing = {"matter": found.matters[0].code, "number": next_number(desk, where), "auto": auto}
        state = append(desk, state.uid, "file", actor, filing, state)
    body = {
        "unit": str(who.unit.uid),
        "post": str(who.post.uid),
        "person": str(who.person.uid),
        "reasons": [f"rule:{found.rule}", *found.reasons],
        "auto": auto,
    }
    return append(desk, state.uid, "dispatch", actor, body, state)
