"""Handlers of a case's commands: each appends signed actions and refreshes the case's row.

The fold is the judge: an action that it would refuse is not written, and the person is told why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actions import Action
from app.domain.areas import Whereabouts
from app.domain.cases import E7, CaseState
from app.domain.erasure import REASONS, erase_body
from app.domain.errors import InvalidInput, NotAllowed
from app.domain.fold import beyond_of, fold
from app.domain.hlc import MAX_JUMP_MS
from app.domain.identity import new_uid
from app.domain.personal import Secret, seal
from app.domain.refusals import refusal
from app.domain.rules import RuleBook
from app.domain.workflow import CREATE, ERASE, ERASE_ROLES, UNDO
from app.services.accountability import accountable
from app.services.changes import CaseRow, Changes
from app.services.commands import (
    MACHINE,
    AcceptSuggestion,
    ActOnCase,
    Actor,
    EraseSubject,
    ReportCase,
    UndoLast,
)
from app.services.placing import inside
from app.services.ports import City, UnitOfWork
from app.services.sheet import build_row, not_theirs, require_state, suggestion_for
from app.services.signing import append_signed, held_actions
from app.services.views import Suggestion

_MOST_LETTERS = {"words": 4000, "note": 4000, "reason": 4000}
_FEWER_LETTERS = 200
_FREE_WORDS = ("note", "reason")
_FIELDS = ("matter", "unit", "post", "person", *_FREE_WORDS)
_SOURCE = re.compile(r"[\w .:/-]{0,40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class _Desk:
    """What every handler works with."""

    city: City
    uow: UnitOfWork
    rules: RuleBook
    now_ms: int


def report(command: ReportCase, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take in a sighting; a repeated one (same `case`) adds nothing. Sends it if sure."""
    desk = _Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    _check_report(command, desk)
    case = command.case or new_uid()
    present = uow.cases.row(case) if command.case else None
    if present is not None:
        return _changes(uow, present)
    where = inside(city, command.lon, command.lat)
    secrets = _seal_report(case, command)
    body = _report_body(command, where, secrets, desk)
    uow.vault.put(secrets)
    state = _append(desk, case, CREATE, command.actor, body, None)
    if command.auto_dispatch:
        state = _send_if_sure(desk, state, where)
    return _changes(uow, _store(desk, state, where))


def act(command: ActOnCase, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take one move; fields not given that the rules can fill (who, matter) are filled."""
    desk = _Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    if command.move not in desk.rules.workflow.moves or command.move == CREATE:
        raise InvalidInput(
            f"There is no move {command.move!r}.",
            advice="Moves: " + ", ".join(m for m in desk.rules.workflow.moves if m != CREATE),
            field="move",
            code="unknown_move",
        )
    where = city.areas.at(state.lon, state.lat)
    body = _act_body(desk, state, where, command)
    state = _append(desk, state.uid, command.move, command.actor, body, state)
    return _changes(uow, _store(desk, state, where))


def accept(command: AcceptSuggestion, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """File under the first suggestion and dispatch; the machine only when the rule is sure."""
    desk = _Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    where = city.areas.at(state.lon, state.lat)
    suggestion = suggestion_for(state, where, _values(state, uow), uow, desk.rules, now_ms)
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
    state = _send(desk, state, suggestion, command.actor)
    return _changes(uow, _store(desk, state, where))


def undo(command: UndoLast, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take back the last effective step by a compensating action."""
    desk = _Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    state = require_state(command.case, uow)
    last = state.last_applied()
    if last is None or last.type == CREATE:
        raise NotAllowed("There is no step to take back.", code="nothing_to_undo")
    body = {"undoes": last.hash}
    state = _append(desk, state.uid, UNDO, command.actor, body, state)
    where = city.areas.at(state.lon, state.lat)
    return _changes(uow, _store(desk, state, where))


def erase(command: EraseSubject, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Erase the personal values and photos about a case; its actions stay as they were signed.

    Only who leads the shift or answers for it may. The erasure is an action too, so that it
    travels and holds wherever the case is known; it names nobody. The photos are deleted once it
    is durable (see `erasing`).
    """
    desk = _Desk(city, uow, uow.rules.current(), now_ms)
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
    state = _append(desk, state.uid, ERASE, command.actor, body, state)
    uow.vault.erase_subject(state.uid)
    where = city.areas.at(state.lon, state.lat)
    return _changes(uow, _store(desk, state, where))


def refresh(case: UUID, city: City, uow: UnitOfWork, now_ms: int) -> CaseRow | None:
    """Fold a case anew and store its row, as after actions came in from elsewhere."""
    actions = [one.action for one in uow.actions.of_subject(case)]
    uow.actions.mark_beyond(case, beyond_of(actions, uow.rules.get))
    state = fold(actions, uow.rules.get)
    if state is None:
        return None
    where = city.areas.at(state.lon, state.lat)
    return _store(_Desk(city, uow, uow.rules.current(), now_ms), state, where)


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


def _is_written(words: str) -> bool:
    """Tell whether there is more than spaces and what no one can see."""
    return any(not one.isspace() and unicodedata.category(one)[0] != "C" for one in words)


def _check_report(command: ReportCase, desk: _Desk) -> None:
    if not _is_written(command.words):
        raise InvalidInput(
            "A report needs words.", advice="Say what is wrong.", field="words", code="no_words"
        )
    if not _SOURCE.fullmatch(command.source):
        raise InvalidInput(
            "The source is a short word, such as hotline.", field="source", code="bad_source"
        )
    if command.at_ms is not None and command.at_ms > desk.now_ms + MAX_JUMP_MS:
        raise InvalidInput("It cannot have been seen in the future.", field="at_ms")
    check_photos(command.photos)
    if not (-180 <= command.lon <= 180 and -90 <= command.lat <= 90):
        raise InvalidInput(
            "Longitude or latitude is out of range.", field="lon", code="bad_degrees"
        )
    if command.matter:
        desk.rules.matters[command.matter]


def check_photos(photos: tuple[str, ...]) -> None:
    """Raise `InvalidInput` unless each photo is named by its content hash."""
    for photo in photos:
        if not _DIGEST.fullmatch(photo):
            raise InvalidInput("A photo is named by its SHA-256.", field="photos")


def _sealed(case: UUID, kind: str, value: str) -> Secret:
    """Return a value for the vault; raises `InvalidInput` for what it cannot hold."""
    if any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidInput(f"{kind} holds what is no character.", field=kind, code="no_character")
    most = _MOST_LETTERS.get(kind, _FEWER_LETTERS)
    if len(value) > most:
        raise InvalidInput(
            f"{kind} may have {most} letters, not {len(value)}.", field=kind, code="words_too_long"
        )
    return seal(case, kind, value)


def _seal_report(case: UUID, command: ReportCase) -> list[Secret]:
    values = {
        "words": command.words.strip(),
        "address": command.address.strip(),
        "reporter_name": command.reporter_name.strip(),
        "reporter_phone": command.reporter_phone.strip(),
    }
    return [_sealed(case, kind, value) for kind, value in values.items() if value]


def _report_body(
    command: ReportCase, where: Whereabouts, secrets: list[Secret], desk: _Desk
) -> dict[str, Any]:
    areas = {"grid": where.grid, "street": where.street, "district": where.district}
    return {
        "receipt": desk.uow.next_receipt(_day(desk)),
        "lon_e7": round(command.lon * E7),
        "lat_e7": round(command.lat * E7),
        "source": command.source,
        "at_ms": desk.now_ms if command.at_ms is None else command.at_ms,
        "refs": {secret.kind: secret.reference() for secret in secrets},
        "photos": list(command.photos),
        "sample": desk.city.facts.sample,
        **({"matter": command.matter} if command.matter else {}),
        **({"placed": command.placed.body()} if command.placed is not None else {}),
        **{name: str(area.uid) for name, area in areas.items() if area is not None},
    }


def _act_body(
    desk: _Desk, state: CaseState, where: Whereabouts, command: ActOnCase
) -> dict[str, Any]:
    fields = dict(command.fields)
    _check_fields(desk, fields)
    check_photos(command.photos)
    secrets = [
        _sealed(state.uid, kind, fields.pop(kind).strip())
        for kind in _FREE_WORDS
        if fields.get(kind, "").strip()
    ]
    desk.uow.vault.put(secrets)
    body: dict[str, Any] = {name: value for name, value in fields.items() if value}
    body["refs"] = {secret.kind: secret.reference() for secret in secrets}
    body["photos"] = list(command.photos)
    if command.move == "file":
        _fill_file(desk, state, where, body)
    elif command.move == "dispatch":
        _fill_dispatch(desk, state, where, body)
    return body


def _check_fields(desk: _Desk, fields: Mapping[str, str]) -> None:
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
        if fields.get(name) and on_rolls(_uid(fields[name], name)) is None:
            raise InvalidInput(f"The rolls know no such {name}.", field=name, code="not_on_rolls")


def _fill_file(desk: _Desk, state: CaseState, where: Whereabouts, body: dict[str, Any]) -> None:
    if "matter" not in body:
        words = _values(state, desk.uow)
        found = suggestion_for(state, where, words, desk.uow, desk.rules, desk.now_ms)
        if found is not None and found.matters:
            body["matter"] = found.matters[0].code
    body["number"] = _number(desk, where)


def _fill_dispatch(desk: _Desk, state: CaseState, where: Whereabouts, body: dict[str, Any]) -> None:
    directory = desk.uow.directory
    if "person" in body and ("unit" not in body or "post" not in body):
        chosen = _uid(body["person"], "person")
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


def _send_if_sure(desk: _Desk, state: CaseState, where: Whereabouts) -> CaseState:
    words = _values(state, desk.uow)
    found = suggestion_for(state, where, words, desk.uow, desk.rules, desk.now_ms)
    if found is None or not found.sure:
        return state
    return _send(desk, state, found, MACHINE)


def _send(desk: _Desk, state: CaseState, found: Suggestion, actor: Actor) -> CaseState:
    auto = actor.role == MACHINE.role
    who = found.accountable
    if who is None:
        raise NotAllowed("Nobody is on the rolls for this matter here.", code="nobody")
    if state.step == "reported":
        where = desk.city.areas.at(state.lon, state.lat)
        filing = {"matter": found.matters[0].code, "number": _number(desk, where), "auto": auto}
        state = _append(desk, state.uid, "file", actor, filing, state)
    body = {
        "unit": str(who.unit.uid),
        "post": str(who.post.uid),
        "person": str(who.person.uid),
        "reasons": [f"rule:{found.rule}", *found.reasons],
        "auto": auto,
    }
    return _append(desk, state.uid, "dispatch", actor, body, state)


def _append(
    desk: _Desk,
    case: UUID,
    kind: str,
    actor: Actor,
    body: Mapping[str, Any],
    before: CaseState | None,
) -> CaseState:
    held = held_actions(case, desk.city, desk.uow, desk.now_ms)
    parents = before.heads if before else ()
    action = append_signed(
        kind, case, actor, body, parents, desk.city, desk.uow, desk.now_ms
    ).action
    state = fold([*held, action], desk.uow.rules.get)
    _raise_if_refused(state, action, desk.rules)
    assert state is not None  # a refused report raised above
    return state


def _raise_if_refused(state: CaseState | None, action: Action, rules: RuleBook) -> None:
    entries = state.history if state else ()
    mine = next((entry for entry in entries if entry.hash == action.hash), None)
    why = mine.why if mine else refusal(state, action, rules, None) or "refused"
    if mine is not None and mine.effect in ("applied", "undone"):
        return
    if why.startswith("missing_"):
        need = why.removeprefix("missing_")
        raise InvalidInput(
            f"{action.type} needs {need}.", advice=f"Give --{need}.", field=need, code=why
        )
    at_step = f" at the step {state.step}" if state else ""
    raise NotAllowed(
        f"{action.type} is not open to {action.role}{at_step} ({why}).",
        advice="Nothing was changed.",
        code=why.split("_from_")[0] if "_from_" in why else why,
    )


def _store(desk: _Desk, state: CaseState, where: Whereabouts) -> CaseRow:
    row = _with_own_grid(build_row(state, where, desk.uow, desk.rules), where, desk)
    words = _values(state, desk.uow)
    parts = [words.get(key, "") for key in state.refs.values()]
    text = " ".join([*parts, row.number, row.receipt, row.matter_name, row.unit_name])
    desk.uow.cases.put(row, state, text)
    return row


def _with_own_grid(row: CaseRow, where: Whereabouts, desk: _Desk) -> CaseRow:
    """Let a case name the grid it was reported in, also after that was split or merged."""
    if row.grid is None or (where.grid is not None and where.grid.uid == row.grid):
        return row
    own = desk.city.areas.get(row.grid)
    return row if own is None else replace(row, grid_code=own.code)


def _values(state: CaseState, uow: UnitOfWork) -> Mapping[UUID, str]:
    return uow.vault.get([state.refs[kind] for kind in ("words", "address") if kind in state.refs])


def _changes(uow: UnitOfWork, *rows: CaseRow) -> Changes:
    return Changes(revision=uow.actions.revision(), cases=rows)


def _number(desk: _Desk, where: Whereabouts) -> str:
    code = where.district.code if where.district else "000000"
    return desk.uow.next_number(code, _day(desk))


def _day(desk: _Desk) -> str:
    zone = ZoneInfo(desk.rules.calendar.zone)
    return datetime.fromtimestamp(desk.now_ms / 1000, UTC).astimezone(zone).strftime("%Y%m%d")


def _uid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(f"{field} must be a uid.", field=field) from error
