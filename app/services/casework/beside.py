"""What goes on beside a case's step: answers to requests, tasks of co-handling units."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.domain.errors import InvalidInput
from app.domain.requests import ANSWERS
from app.domain.tasks import CANCEL, DONE, GIVE, RETURN, SIGN
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, append, changes, store
from app.services.casework.words import check_photos, sealed
from app.services.changes import Changes
from app.services.commands import Actor, AnswerRequest, GiveTask, TaskStep
from app.services.ports import City, UnitOfWork
from app.services.sheet import require_state

_STEPS = (SIGN, DONE, RETURN, CANCEL)
_WORDS_AS = {DONE: "note", RETURN: "reason", CANCEL: "reason"}


def answer(command: AnswerRequest, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Grant the next step of a request, refuse it, or withdraw one's own."""
    if command.answer not in ANSWERS:
        raise InvalidInput(
            f"There is no answer {command.answer!r}.",
            advice="One of: " + ", ".join(ANSWERS),
            field="answer",
        )
    said = {"reason": command.reason} if command.reason else {}
    body = {"request": command.request}
    return _beside(command.actor, command.case, command.answer, body, said, city, uow, now_ms)


def give_task(command: GiveTask, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Give a co-handling unit a task of its own."""
    if uow.directory.unit(command.unit) is None:
        raise InvalidInput("The rolls know no such unit.", field="unit", code="not_on_rolls")
    body: dict[str, Any] = {"unit": str(command.unit)}
    if command.person is not None:
        duty = uow.directory.duty_of(command.person)
        if duty is None or duty.unit != command.unit:
            raise InvalidInput(
                "That person stands on no post of the unit.", field="person", code="not_of_unit"
            )
        body |= {"person": str(command.person), "post": str(duty.uid)}
    said = {"words": command.words}
    return _beside(command.actor, command.case, GIVE, body, said, city, uow, now_ms)


def step_task(command: TaskStep, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Sign for a task, report it done, send it back or cancel it."""
    if command.step not in _STEPS:
        raise InvalidInput(
            f"There is no step {command.step!r} of a task.",
            advice="One of: " + ", ".join(_STEPS),
            field="step",
        )
    check_photos(command.photos)
    kind = _WORDS_AS.get(command.step)
    said = {kind: command.words} if kind else {}
    body = {"task": command.task, "photos": list(command.photos)}
    return _beside(command.actor, command.case, command.step, body, said, city, uow, now_ms)


def _beside(
    actor: Actor,
    case: UUID,
    kind: str,
    body: dict[str, Any],
    said: dict[str, str],
    city: City,
    uow: UnitOfWork,
    now_ms: int,
) -> Changes:
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, actor)
    state = require_state(case, uow)
    secrets = [sealed(case, name, text.strip()) for name, text in said.items() if text.strip()]
    uow.vault.put(secrets)
    refs = {secret.kind: secret.reference() for secret in secrets}
    state = append(desk, case, kind, actor, {**body, "refs": refs}, state)
    return changes(uow, store(desk, state, city.areas.at(state.lon, state.lat)))
