"""Handlers of parts: add, change, take back. Each appends a signed action; the fold judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.cases import E7
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.fold import heads
from app.domain.identity import new_uid
from app.domain.parts.grids import GridStep
from app.domain.parts.record import DISUSED, Part
from app.domain.parts.register import (
    ADDED,
    CHANGED,
    UNDONE,
    PartState,
    Step,
    fold_part,
    form_fault,
)
from app.domain.parts.rights import PART_RIGHTS, may, right_for
from app.domain.personal import Secret, seal
from app.services.casework import check_actor
from app.services.changes import Changes
from app.services.commands import Actor, AddPart, ChangePart, UndoPart
from app.services.parts_fields import next_code, place_of, read_fields
from app.services.parts_views import PartRow
from app.services.ports import City, UnitOfWork
from app.services.signing import append_signed, held_actions

MOST_LETTERS = 4000
_Step = TypeVar("_Step", Step, GridStep)


def add(command: AddPart, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Add a part; it gets the next free code of its class in its county unless one is given.

    A repeated one (same `part`) adds nothing. Raises `InvalidInput` naming the field.
    """
    check_actor(uow, command.actor)
    check_right(command.actor, "add")
    uid = command.part or new_uid()
    if part_now(uid, city, uow) is not None:
        return Changes(uow.actions.revision(), parts=tuple(uow.parts.rows([uid])))
    day = today(uow, now_ms)
    new = read_fields({"state": "whole", **command.fields}, city, day)
    if "cls" not in new:
        raise InvalidInput(
            "A new part needs its class.", advice="Name it by its code, such as 0101.",
            field="class",
        )  # fmt: skip
    new |= place_of(command.lon, command.lat, city)
    new.setdefault("initial_date", day)
    new.setdefault("retired", False)
    code = str(new.get("code") or next_code(new["cls"], command.lon, command.lat, city, uow))
    _check_free(code, uid, city, uow)
    body = {"new": {**new, "code": code}, "date": day, "sample": city.facts.sample}
    return _append(ADDED, uid, command.actor, body, command.reason, city, uow, now_ms)


def change(command: ChangePart, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Move a part, or change what its record says; moved over a border it keeps its code."""
    check_actor(uow, command.actor)
    state = part_state(command.part, uow)
    part = part_now(command.part, city, uow)
    if part is None or part.gone:
        raise no_part(str(command.part))
    day = today(uow, now_ms)
    wanted = _wanted(command, part, city, day)
    contested = {one.field for one in state.conflicts} if state else set()
    new = {
        name: value
        for name, value in wanted.items()
        if part.value(name) != value or name in contested
    }
    new |= _recoded(command, part, new, city, uow)
    if not new:
        raise InvalidInput("Nothing would change.", advice="Say what is to change.", field="set")
    check_right(command.actor, right_for(new))
    if part.retired and "retired" not in new:
        raise NotAllowed(
            f"The part {part.code} is retired.", advice="Undo its retirement first.",
            field="part", code="retired",
        )  # fmt: skip
    if new.get("code"):
        _check_free(new["code"], part.uid, city, uow)
    body: dict[str, Any] = {
        "old": {name: part.value(name) for name in new}, "new": new, "date": day,
        "sample": part.sample,
    }  # fmt: skip
    if state is None or state.part is None:
        body |= {"before": part.as_patch(), "before_date": part.changed_date}
    notes = _notes(part, new, city)
    return _append(CHANGED, part.uid, command.actor, body, command.reason, city, uow, now_ms, notes)


def undo(command: UndoPart, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take back the last change of a part that counts, by a compensating action."""
    check_actor(uow, command.actor)
    state = part_state(command.part, uow)
    last = state.last() if state else None
    if state is None or last is None:
        raise NotAllowed("There is no change to take back.", field="part", code="nothing_to_undo")
    if last.actor != command.actor.person:
        check_right(command.actor, "undo")
    sample = state.part.sample if state.part else city.facts.sample
    body = {"undoes": last.hash, "date": today(uow, now_ms), "sample": sample}
    return _append(UNDONE, state.uid, command.actor, body, command.reason, city, uow, now_ms)


def refresh_part(subject: UUID, uow: UnitOfWork) -> bool:
    """Fold a part anew, as after actions came in from elsewhere; False if it is none."""
    state = part_state(subject, uow)
    if state is None:
        return False
    uow.parts.put_part(state, uow.actions.revision())
    return True


def part_state(uid: UUID, uow: UnitOfWork) -> PartState | None:
    """Return the folded state of a part, None if nobody ever changed it."""
    return fold_part(one.action for one in uow.actions.of_subject(uid))


def part_now(uid: UUID, city: City, uow: UnitOfWork) -> Part | None:
    """Return a part as it is now: as its actions made it, else as the map has it."""
    return uow.parts.part(uid) or city.edits.part(uid)


def no_part(named: str) -> NotFound:
    """Return the error for a part that is not there."""
    return NotFound(
        f"There is no part {named}.",
        advice="Give its 16-digit code, or its uid where two bear the same code.",
        field="part",
    )


def check_right(actor: Actor, right: str) -> None:
    """Raise `NotAllowed` unless the actor's role has a right."""
    if not may(actor.role, right):
        raise NotAllowed(
            f"A {actor.role} may not do this to parts or grids ({right}). Nothing was changed.",
            advice="One of: " + ", ".join(PART_RIGHTS[right]) + ".",
            field="as",
            code="part_right",
        )


def step_taken(steps: Iterable[_Step], digest: str, field: str) -> _Step:
    """Return the step with that hash; raises `NotAllowed` naming `field` if it does not count."""
    step = next(one for one in steps if one.hash == digest)
    if step.effect != "applied":
        raise NotAllowed(
            f"This change does not count ({step.why}). Nothing was changed.",
            field=field,
            code=step.why,
        )
    return step


def sealed(subject: UUID, reason: str) -> list[Secret]:
    """Return the reason for the vault; none if it is empty."""
    if len(reason) > MOST_LETTERS or not reason.replace("\n", "").isprintable():
        raise InvalidInput(
            f"A reason has {MOST_LETTERS} letters at most, and no control characters.",
            field="reason",
        )
    return [seal(subject, "reason", reason.strip())] if reason.strip() else []


def today(uow: UnitOfWork, now_ms: int) -> str:
    """Return the day of `now_ms` in the city's zone, ISO."""
    zone = ZoneInfo(uow.rules.current().calendar.zone)
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).date().isoformat()


def _wanted(command: ChangePart, part: Part, city: City, day: str) -> dict[str, Any]:
    wanted = read_fields(command.fields, city, day)
    if command.lon is not None and command.lat is not None:
        wanted |= place_of(command.lon, command.lat, city)
        if wanted["place"] == part.value("place"):
            del wanted["grid"]
    if command.retire:
        wanted |= {"retired": True, "state": DISUSED}
    elif part.retired and "state" in wanted:
        wanted["retired"] = False
    return wanted


def _recoded(
    command: ChangePart, part: Part, new: Mapping[str, Any], city: City, uow: UnitOfWork
) -> dict[str, Any]:
    """Return a new code where the old one would lie: another class, or on wish another county."""
    if "code" in new or not ("cls" in new or command.recode):
        return {}
    lon, lat = new.get("place", [part.lon_e7, part.lat_e7])
    code = next_code(new.get("cls", part.cls), lon / E7, lat / E7, city, uow)
    own = code[: -city.edits.layout().widths[3]]
    return {} if part.code.startswith(own) else {"code": code}


def _check_free(code: str, uid: UUID, city: City, uow: UnitOfWork) -> None:
    others = [*uow.parts.of_code(code), *_unchanged(city.edits.of_code(code), uow)]
    if any(one != uid for one in others):
        raise InvalidInput(
            f"Another part bears the code {code} already.",
            advice="Leave the code out: the next free one is given.",
            field="code",
        )


def _unchanged(uids: Any, uow: UnitOfWork) -> list[UUID]:
    """Return those of the map's parts that bear what the map says, because nobody changed them."""
    return [uid for uid in uids if uow.parts.part(uid) is None]


def _notes(part: Part, new: Mapping[str, Any], city: City) -> tuple[str, ...]:
    notes = []
    if "grid" in new and new["grid"] != part.value("grid"):
        uids = [UUID(one) for one in (part.value("grid"), new["grid"]) if one]
        names = [area.code for uid in uids if (area := city.areas.get(uid)) is not None]
        notes.append("part_grid " + " ".join(names))
    if "code" in new:
        notes.append(f"part_code {part.code} {new['code']}")
    elif "place" in new:
        lon, lat = new["place"]
        district = city.areas.at(lon / E7, lat / E7).district
        if district is not None and part.code and district.code != part.code[:6]:
            notes.append(f"part_county {part.code} {district.code}")
    return tuple(notes)


def _append(
    kind: str,
    subject: UUID,
    actor: Actor,
    body: Mapping[str, Any],
    reason: str,
    city: City,
    uow: UnitOfWork,
    now_ms: int,
    notes: tuple[str, ...] = (),
) -> Changes:
    fault = "" if kind == UNDONE else form_fault(body, whole=kind == ADDED)
    if fault:
        raise InvalidInput(f"The field {fault} has a wrong form.", field=fault, code="part_form")
    secrets = sealed(subject, reason)
    held = held_actions(subject, city, uow, now_ms)
    action = append_signed(
        kind, subject, actor, body, heads(held), city, uow, now_ms, secrets=secrets
    ).action
    state = fold_part([*held, action])
    assert state is not None  # the action is there
    step_taken(state.steps, action.hash, "part")
    uow.parts.put_part(state, uow.actions.revision())
    shown = (PartRow.of(state.part),) if state.part is not None else ()
    return Changes(uow.actions.revision(), parts=shown, notes=notes)
