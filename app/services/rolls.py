"""Handlers of the rolls: units, posts, persons, rosters, leave, swaps, shift hours.

The rows of units, posts and persons are the base; what signed actions changed lies on top. A case
keeps the person it was given to, whatever becomes of the rolls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.fold import heads
from app.domain.people import Duty, Person, Role, Unit
from app.domain.personal import seal
from app.domain.rolls.changes import (
    ADD_PERSON,
    ADD_POST,
    ADD_UNIT,
    ADDS,
    CHANGED,
    EXTRA,
    LEAVE,
    RETIRE_PERSON,
    RETIRE_POST,
    RETIRE_UNIT,
    RIGHTS,
    ROSTER,
    SHIFT,
    SHIFTS,
    SWAP,
    UNDONE,
    Change,
    RollState,
    RollStep,
    body_fault,
    fold_rolls,
    may,
    roll_register,
)
from app.services.casework import check_actor
from app.services.changes import Changes
from app.services.commands import Actor, ChangeRolls, UndoRolls
from app.services.parts import sealed
from app.services.ports import City, UnitOfWork
from app.services.signing import append_signed, held_actions

_POSTS = (RETIRE_POST, ROSTER, EXTRA)
_PERSONS = (RETIRE_PERSON, LEAVE, SWAP)


def change(command: ChangeRolls, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Change the rolls; raises `InvalidInput` naming the field, `NotAllowed` beyond rights."""
    check_actor(uow, command.actor)
    kind, fields = command.change, dict(command.fields)
    if kind not in RIGHTS:
        raise InvalidInput(
            f"There is no change of the rolls {kind!r}.", advice="One of: " + ", ".join(RIGHTS),
            field="change",
        )  # fmt: skip
    if kind == SHIFT:
        fields["about"] = str(SHIFTS)
    name = str(fields.pop("name", "")) if kind == ADD_PERSON else ""
    body = {**fields, "change": kind, "from_ms": command.from_ms, "to_ms": command.to_ms}
    body = {key: value for key, value in body.items() if value is not None}
    fault = body_fault(body)
    if fault or (kind == ADD_PERSON and not name.strip()):
        fault = fault or "name"
        raise InvalidInput(f"The field {fault} has a wrong form.", field=fault, code="roll_form")
    if command.to_ms is not None and command.to_ms <= now_ms:
        raise InvalidInput("The past of the rolls stays as it was.", field="to", code="past")
    check_right(command.actor, kind, _unit_of(kind, body, uow), uow)
    return _append(CHANGED, command.actor, body, command.reason, name, city, uow, now_ms)


def undo(command: UndoRolls, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take back a change from now on; what was so until now stays so."""
    check_actor(uow, command.actor)
    state = roll_state(city, uow)
    step = None if state is None else state.step(command.step) if command.step else state.last()
    if step is None or step.change is None or step.effect != "applied":
        raise NotFound(
            "There is no such change of the rolls.", advice="`rolls history` lists them.",
            field="step",
        )  # fmt: skip
    unit = _unit_of(step.kind, step.change.body, uow)
    check_right(command.actor, step.kind, unit, uow)
    return _append(
        UNDONE, command.actor, {"undoes": step.hash}, command.reason, "", city, uow, now_ms
    )


def roll_state(city: City, uow: UnitOfWork) -> RollState | None:
    """Return what became of the city's rolls, None if no action changed them."""
    held = uow.actions.of_subject(roll_register(city.facts.uid))
    return fold_rolls(one.action for one in held)


def refresh_rolls(subject: UUID, city: City, uow: UnitOfWork) -> bool:
    """Fold a city's rolls anew, as after actions came in from elsewhere; False if it is another."""
    if subject != roll_register(city.facts.uid):
        return False
    state = roll_state(city, uow)
    if state is None:
        return False
    _keep(state, uow)
    return True


def check_right(actor: Actor, kind: str, unit: UUID | None, uow: UnitOfWork) -> None:
    """Raise `NotAllowed` unless the role may; a unit's leader may in his own unit only."""
    own = True
    if actor.role == Role.UNIT_LEADER:
        leader = uow.directory.person(actor.person)
        own = leader is not None and leader.unit == unit
    if not may(actor.role, kind) or not own:
        raise NotAllowed(
            f"A {actor.role} may not make this change of the rolls ({kind}). Nothing was changed.",
            advice="One of: " + ", ".join(RIGHTS[kind]) + " (of that unit).",
            field="as",
            code="roll_right",
        )


def _unit_of(kind: str, body: Mapping[str, Any], uow: UnitOfWork) -> UUID | None:
    """Return the unit that a change is about; raises `InvalidInput` for what the rolls lack."""
    about = UUID(body["about"])
    if body.get("other") and uow.directory.person(UUID(body["other"])) is None:
        raise _unknown("other")
    for day in body.get("pattern", ()):
        if any(uow.directory.person(UUID(who)) is None for who in day.values()):
            raise _unknown("pattern")
    if kind in (ADD_POST, ADD_PERSON):
        about = UUID(body["unit"])
    if kind in _POSTS:
        post = uow.directory.duty(about)
        if post is None:
            raise _unknown("post")
        return post.unit
    if kind in _PERSONS:
        person = uow.directory.person(about)
        if person is None:
            raise _unknown("person")
        return person.unit
    if kind in (RETIRE_UNIT, ADD_POST, ADD_PERSON) and uow.directory.unit(about) is None:
        raise _unknown("unit")
    return about


def _unknown(name: str) -> InvalidInput:
    return InvalidInput(f"The rolls know no such {name}.", field=name, code="not_on_rolls")


def _append(
    kind: str,
    actor: Actor,
    body: Mapping[str, Any],
    reason: str,
    name: str,
    city: City,
    uow: UnitOfWork,
    now_ms: int,
) -> Changes:
    subject = roll_register(city.facts.uid)
    secrets = [*sealed(subject, reason), *([seal(subject, "name", name.strip())] if name else [])]
    held = held_actions(subject, city, uow, now_ms)
    action = append_signed(
        kind, subject, actor, body, heads(held), city, uow, now_ms, secrets=secrets
    ).action
    state = fold_rolls([*held, action])
    step = next((one for one in state.steps if one.hash == action.hash), None) if state else None
    assert state is not None  # the action is there
    if step is None or step.effect != "applied":
        why = step.why if step else "form"
        raise NotAllowed(
            f"This change does not count ({why}). Nothing was changed.", field="change", code=why
        )
    _keep(state, uow)
    told = step.kind or step.type
    return Changes(uow.actions.revision(), notes=(f"{step.type} {told} {action.hash[:12]}",))


def _keep(state: RollState, uow: UnitOfWork) -> None:
    """Write rows for what was added, and the changes that count."""
    for step in state.steps:
        if step.change is not None and step.change.kind in ADDS:
            _put_row(step.change, step, uow)
    uow.directory.put_changes(state.changes)


def _put_row(change: Change, step: RollStep, uow: UnitOfWork) -> None:
    body, uid = change.body, change.about
    if change.kind == ADD_UNIT:
        phone = str(body.get("phone", ""))
        unit = Unit(uid, body["name"], body["kind"], UUID(body["area"]), phone)
        uow.directory.put_units([unit])
    elif change.kind == ADD_POST:
        area = UUID(body["area"])
        post = Duty(uid, body["name"], UUID(body["unit"]), area, body["kind"])
        uow.directory.put_duties([post])
    else:
        name = uow.vault.get([step.name]).get(step.name, "") if step.name else ""
        person = Person(uid, name, UUID(body["unit"]), Role(body["as_role"]))
        uow.directory.put_persons([person])
