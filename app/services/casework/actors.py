"""Who may act at all: the rolls give the roles."""

from __future__ import annotations

from app.domain.errors import NotAllowed
from app.services.commands import MACHINE, Actor
from app.services.ports import UnitOfWork


def check_actor(uow: UnitOfWork, actor: Actor) -> None:
    """Raise `NotAllowed` unless the rolls give the actor the role he claims.

    The machine has its own identity; a city without rolls yet believes who sits there.
    """
    if actor == MACHINE:
        return
    person = uow.directory.person(actor.person)
    if person is not None and person.role == actor.role:
        return
    if actor.role != MACHINE.role and person is None and not uow.directory.persons():
        return
    raise NotAllowed(
        f"The rolls do not name this person as {actor.role}. Nothing was changed.",
        advice="Act in the role the rolls give.",
        field="role",
        code="role_not_given",
    )
