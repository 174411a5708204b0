"""One move of a case, by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.areas import Whereabouts
from app.domain.cases import CaseState
from app.domain.errors import InvalidInput
from app.domain.workflow import CREATE, Move, Workflow
from app.services.accountability import accountable
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, append, changes, next_number, read_uid, store, words_of
from app.services.casework.merging import tell_reporters
from app.services.casework.words import check_photos, sealed
from app.services.changes import Changes
from app.services.commands import ActOnCase
from app.services.ports import City, UnitOfWork
from app.services.sheet import not_theirs, require_state, suggestion_for

_FREE_WORDS = ("note", "reason", "condition", "document")
_NUMBERS = ("amount", "wake_ms")
_FIELDS = (
    "matter", "unit", "post", "person", "grade", "amount_unit", *_NUMBERS, *_FREE_WORDS,
)  # fmt: skip


def act(command: ActOnCase, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take one move; fields not given that the rules can fill (who, matter) are filled."""
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    matter = command.fields.get("matter", "") or state.matter
    move = _move(command.move, desk.rules.way(matter, state.step))
    where = city.areas.at(state.lon, state.lat)
    body = _act_body(desk, state, where, command, move)
    if move.approval:
        _fill_grade(body, desk.rules.way(matter, state.step), move)
    state = append(desk, state.uid, command.move, command.actor, body, state)
    row = store(desk, state, where)
    told = () if row.is_open or state.master else tell_reporters(desk, state)
    row = next((one for one in told if one.uid == row.uid), row)
    return changes(uow, row, *(one for one in told if one.uid != row.uid))


def _move(name: str, workflow: Workflow) -> Move:
    if name not in workflow.moves or name == CREATE:
        raise InvalidInput(
            f"There is no move {name!r}.",
            advice="Moves: " + ", ".join(one for one in workflow.moves if one != CREATE),
            field="move",
            code="unknown_move",
        )
    return workflow.moves[name]


def _act_body(
    desk: Desk, state: CaseState, where: Whereabouts, command: ActOnCase, move: Move
) -> dict[str, Any]:
    fields = dict(command.fields)
    _check_fields(desk, fields)
    check_photos(command.photos)
    secrets = [
        sealed(state.uid, kind, fields.pop(kind).strip())
        for kind in _FREE_WORDS
        if fields.get(kind, "").strip()
    ]
    desk.uow.vault.put(secrets)
    body: dict[str, Any] = {
        name: _number(value, name) if name in _NUMBERS else value
        for name, value in fields.items()
        if value
    }
    body["refs"] = {secret.kind: secret.reference() for secret in secrets}
    body["photos"] = list(command.photos)
    if move.effect in ("file", "fix"):
        _fill_file(desk, state, where, body)
    elif move.effect == "dispatch":
        _fill_dispatch(desk, state, where, body)
    return body


def _fill_grade(body: dict[str, Any], workflow: Workflow, move: Move) -> None:
    """Ask by the only chain there is; name the grades where there are several."""
    grades = [chain.grade for chain in workflow.chains_of(move.name)]
    if len(grades) == 1:
        body.setdefault("grade", grades[0])
    if body.get("grade") not in grades:
        raise InvalidInput(
            f"{move.name} must be asked for in a grade.",
            advice="One of: " + ", ".join(grades),
            field="grade",
            code="no_grade",
        )


def _number(value: str, name: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise InvalidInput(f"{name} must be a whole number.", field=name) from error


def _check_fields(desk: Desk, fields: Mapping[str, str]) -> None:
    """Raise `InvalidInput` for a field that could carry free words into an action's bytes."""
    for name, value in fields.items():
        if name not in _FIELDS:
            raise InvalidInput(
                f"There is no field {name!r}.", advice=f"One of: {', '.join(_FIELDS)}.", field=name
            )
        if value and name == "matter":
            desk.rules.matters[value]
    directory = desk.uow.directory
    for name, on_rolls in (
        ("unit", directory.unit), ("post", directory.duty), ("person", directory.person),
    ):  # fmt: skip
        if fields.get(name) and on_rolls(read_uid(fields[name], name)) is None:
            raise InvalidInput(f"The rolls know no such {name}.", field=name, code="not_on_rolls")


def _fill_file(desk: Desk, state: CaseState, where: Whereabouts, body: dict[str, Any]) -> None:
    if "matter" not in body:
        words = words_of(state, desk.uow)
        found = suggestion_for(state, where, words, desk.uow, desk.rules, desk.now_ms)
        if found is not None and found.matters:
            body["matter"] = found.matters[0].code
    body["number"] = next_number(desk, where)


def _fill_dispatch(desk: Desk, state: CaseState, where: Whereabouts, body: dict[str, Any]) -> None:
    directory = desk.uow.directory
    if "person" in body and ("unit" not in body or "post" not in body):
        chosen = read_uid(body["person"], "person")
        duty = directory.duty_of(chosen)
        if duty is None:
            raise InvalidInput(
                "That person stands on no post.", field="person", code="person_without_post"
            )
        body.setdefault("unit", str(duty.unit))
        body.setdefault("post", str(duty.uid))
        body.setdefault("reasons", ["by_hand:"])
        return
    without = not_theirs(state, desk.uow)
    who = accountable(where, state.matter, desk.now_ms, desk.rules, directory, without)
    if who is not None and "person" not in body:
        body |= {
            "unit": str(who.unit.uid),
            "post": str(who.post.uid),
            "person": str(who.person.uid),
            "reasons": list(who.reasons),
        }
