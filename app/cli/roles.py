"""Who acts when the command line acts: the person named by `--as`, or who would do it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from app.domain.errors import InvalidInput, NotFound
from app.domain.people import Person, Role
from app.services.commands import MACHINE, Actor
from app.services.questions import OpenSheet, Persons
from app.services.views import CaseSheet

if TYPE_CHECKING:
    from app.runtime.core import Core

_HANDLING = ("sign", "handle", "return")
_CHECKING = ("pass", "rework")
_INTAKE = Role.INTAKE
_DISPATCHER = Role.DISPATCHER


def reporter(core: Core, acting: str) -> Actor:
    """Return who takes a report in or looks: `acting`, else an intake clerk or dispatcher."""
    if acting:
        return _acting(core, acting)
    for role in (_INTAKE, _DISPATCHER):
        people = _people(core, role)
        if people:
            return Actor(people[0].uid, role)
    return MACHINE


def actor_for(core: Core, case: UUID, move: str, acting: str) -> Actor:
    """Return who takes `move`: `acting`, else whoever the case or the rolls name for it."""
    if acting and acting not in list(Role):
        return _acting(core, acting)
    role = Role(acting) if acting else _role_for(move)
    sheet: CaseSheet = core.ask(OpenSheet(case, MACHINE)).result()
    if role is Role.HANDLER and sheet.state.person is not None:
        return Actor(sheet.state.person, role)
    people = [one for one in _people(core, role) if one.uid != sheet.state.handler]
    if not people:
        raise NotFound(f"Nobody on the rolls is a {role}.", field="as")
    return Actor(people[0].uid, role)


def decider(core: Core, acting: str) -> Actor:
    """Return who decides on a change request: `acting`, else who leads the shift."""
    if acting:
        return _acting(core, acting)
    people = _people(core, Role.SHIFT_LEAD)
    if not people:
        raise NotFound("Nobody on the rolls leads a shift.", field="as")
    return Actor(people[0].uid, Role.SHIFT_LEAD)


def keeper(core: Core, acting: str) -> Actor:
    """Return who changes a part: `acting`, else a grid supervisor, whose daily work it is."""
    return _acting(core, acting) if acting else _one_of(core, Role.SUPERVISOR)


def grid_keeper(core: Core, acting: str) -> Actor:
    """Return who splits and merges grids: `acting`, else who leads the shift."""
    return _acting(core, acting) if acting else _one_of(core, Role.SHIFT_LEAD)


def _one_of(core: Core, role: Role) -> Actor:
    """Return somebody of a role; in a city without rolls yet whoever sits there has it."""
    people = _people(core, role)
    if not people and core.ask(Persons()).result():
        raise NotFound(f"Nobody on the rolls is a {role}.", field="as")
    return Actor(people[0].uid if people else core.facts.uid, role)


def person_named(core: Core, text: str) -> Person:
    """Return the one person of that uid or name; raises `NotFound` or `InvalidInput`."""
    people: tuple[Person, ...] = core.ask(Persons()).result()
    found = [one for one in people if text in (one.name, str(one.uid))]
    if not found:
        raise NotFound(f"Nobody on the rolls is called {text!r}.", field="as")
    if len(found) > 1:
        raise InvalidInput(
            f"{len(found)} people are called {text!r}.", advice="Give the uid.", field="as"
        )
    return found[0]


def _acting(core: Core, acting: str) -> Actor:
    if acting in list(Role):
        role = Role(acting)
        if role is Role.MACHINE:
            return MACHINE
        people = _people(core, role)
        if not people:
            raise NotFound(f"Nobody on the rolls is a {acting}.", field="as")
        return Actor(people[0].uid, role)
    person = person_named(core, acting)
    return Actor(person.uid, person.role)


def _role_for(move: str) -> Role:
    if move in _HANDLING:
        return Role.HANDLER
    return Role.SUPERVISOR if move in _CHECKING else _DISPATCHER


def _people(core: Core, role: Role) -> tuple[Person, ...]:
    people: tuple[Person, ...] = core.ask(Persons(role)).result()
    return people
