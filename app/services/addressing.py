"""Handlers of the register of addresses: ask for a change, decide on it; one approves another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.addresses.register import (
    APPROVE,
    APPROVERS,
    PROPOSE,
    REFUSE,
    TEXTS,
    WITHDRAW,
    AddressState,
    Change,
    Entry,
    Request,
    Standing,
    body_fault,
    fold_address,
    may_undo,
)
from app.domain.cases import E7
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.identity import new_uid
from app.domain.personal import Secret, seal
from app.services.casework import check_actor, check_photos
from app.services.changes import Changes
from app.services.commands import (
    Actor,
    DecideAddress,
    JudgeMatch,
    ProposeAddress,
    WithdrawAddress,
)
from app.services.placing import inside
from app.services.ports import City, UnitOfWork
from app.services.signing import append_signed, held_actions

_MOST_LETTERS = 4000


def propose(command: ProposeAddress, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Ask for a change of the register; nothing changes until another person approves it.

    Raises `InvalidInput` naming the field, `NotFound` for an address that is not there.
    """
    check_actor(uow, command.actor)
    change = _change(command.change)
    made = change in (Change.NEW, Change.SPLIT)
    if change is Change.SPLIT:
        _present(command.address, city, uow)
    uid = new_uid() if change is Change.SPLIT else command.address or new_uid()
    state = address_state(uid, uow)
    entry = (state.entry if state else None) or _in_map(uid, city)
    if not made:
        _check_present(change, command, entry)
    elif entry is not None:
        raise InvalidInput("That address is there already.", field="address")
    body = _body(command, change, city) | _more(command, change, state, city, uow)
    if entry is not None and (state is None or state.entry is None):
        body["before"] = _as_body(entry)
    fault = body_fault(body)
    if fault:
        raise InvalidInput(
            f"The change {change} needs a proper {fault.removesuffix('_e7')}.",
            advice="Nothing was changed.",
            field=fault.removesuffix("_e7"),
            code="address_request",
        )
    return _append(PROPOSE, uid, command.actor, body, command.reason, city, uow, now_ms)


def withdraw(command: WithdrawAddress, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take one's own request back while nobody has decided on it."""
    check_actor(uow, command.actor)
    state, request = _request(command.request, uow)
    if request.standing is not Standing.OPEN:
        raise NotAllowed(
            f"The request is {request.standing} already.", field="request", code="decided"
        )
    if request.by != command.actor.person:
        raise NotAllowed(
            "Only who asked takes a request back.",
            advice="Refuse it instead.",
            field="as",
            code="not_yours",
        )
    body = {"request": request.hash}
    return _append(WITHDRAW, state.uid, command.actor, body, command.reason, city, uow, now_ms)


def judge_match(command: JudgeMatch, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Keep a person's word on a match, and ask for what follows from it."""
    check_actor(uow, command.actor)
    found = uow.addresses.match(command.row)
    if found is None or found.matched is None:
        raise NotFound(
            f"No imported row {command.row} was matched.",
            advice="`address matches` lists them.",
            field="row",
        )
    if found.standing != "open":
        raise NotAllowed(f"The match is {found.standing} already.", field="row", code="decided")
    standing = "confirmed" if command.same else "refused"
    uow.addresses.judge(found.uid, standing, command.actor.person, now_ms)
    asked = None
    if not command.same:
        texts = {"name": found.name, "address": found.address}
        asked = ProposeAddress(command.actor, "new", None, texts, "", found.lon, found.lat)
    elif found.name != found.title and found.kind == "near":
        asked = ProposeAddress(command.actor, "alias", found.matched, {}, found.name)
    if asked is not None:
        return propose(asked, city, uow, now_ms)
    return Changes(revision=uow.actions.revision(), addresses=(found.matched,))


def _request(said: str, uow: UnitOfWork) -> tuple[AddressState, Request]:
    """Return the request whose hash begins so, and its address; raises `NotFound`."""
    found = uow.addresses.find_request(said) if said else None
    state = address_state(found[0], uow) if found else None
    request = state.request(found[1]) if state and found else None
    if state is None or request is None:
        raise NotFound(
            f"There is no change request {said!r}.",
            advice="`address requests` lists the open ones.",
            field="request",
        )
    return state, request


def decide(command: DecideAddress, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Approve or refuse an open request of somebody else."""
    check_actor(uow, command.actor)
    state, request = _request(command.request, uow)
    _check_open(request, command, state)
    body = {"request": request.hash}
    kind = APPROVE if command.approve else REFUSE
    return _append(kind, state.uid, command.actor, body, command.reason, city, uow, now_ms)


def refresh_address(subject: UUID, uow: UnitOfWork) -> bool:
    """Fold an address anew, as after actions came in from elsewhere; False if it is none."""
    state = address_state(subject, uow)
    if state is None:
        return False
    uow.addresses.put(state, uow.actions.revision())
    return True


def address_state(uid: UUID, uow: UnitOfWork) -> AddressState | None:
    """Return the folded state of an address, None if nobody ever asked to change it."""
    return fold_address(one.action for one in uow.actions.of_subject(uid))


def _in_map(uid: UUID, city: City) -> Entry | None:
    return city.areas.place(uid)


def _change(text: str) -> Change:
    try:
        return Change(text)
    except ValueError as error:
        raise InvalidInput(
            f"There is no change {text!r}.",
            advice="One of: " + ", ".join(Change) + ".",
            field="change",
        ) from error


def _check_present(change: Change, command: ProposeAddress, entry: Entry | None) -> None:
    if entry is None:
        raise NotFound(
            f"The register has no address {command.address}.",
            advice="`address find TEXT` shows uids.",
            field="address",
        )
    if not entry.is_active and change is not Change.UNDO:
        raise NotAllowed("That address is retired.", field="address", code="retired")


def _present(uid: UUID | None, city: City, uow: UnitOfWork) -> Entry:
    """Return an address in use; raises `NotFound` or `NotAllowed`."""
    entry = (uow.addresses.entry(uid) or _in_map(uid, city)) if uid else None
    if entry is None:
        raise NotFound(
            f"The register has no address {uid}.",
            advice="`address find TEXT` shows uids.",
            field="address",
        )
    if not entry.is_active:
        raise NotAllowed("That address is retired.", field="address", code="retired")
    return entry


def _more(
    command: ProposeAddress, change: Change, state: AddressState | None, city: City, uow: UnitOfWork
) -> dict[str, Any]:
    """Return what merge, split, undo and photos add to a request's body."""
    body: dict[str, Any] = {}
    if command.photos:
        check_photos(command.photos)
        body["photos"] = list(command.photos)
    if change is Change.SPLIT:
        body["from"] = str(command.address)
    elif change is Change.MERGE:
        kept = _present(command.into, city, uow)
        if kept.uid == command.address:
            raise InvalidInput("An address is not merged with itself.", field="into")
        body |= {"into": str(kept.uid), "into_title": kept.title,
                 "lon_e7": kept.lon_e7, "lat_e7": kept.lat_e7}  # fmt: skip
    elif change is Change.UNDO:
        found = [one for one in state.requests if one.hash.startswith(command.undoes)] if (
            state is not None and command.undoes) else []  # fmt: skip
        if len(found) != 1 or not may_undo(found[0]):
            raise InvalidInput(
                "There is no approved request of that hash to take back.",
                advice="`address history` shows them; a new address is retired instead.",
                field="undoes",
            )
        body["undoes"] = found[0].hash
    return body


def _check_open(request: Request, command: DecideAddress, state: AddressState) -> None:
    if request.standing is not Standing.OPEN:
        raise NotAllowed(
            f"The request is {request.standing} already.", field="request", code="decided"
        )
    if request.by == command.actor.person:
        raise NotAllowed(
            "Who asks for a change does not decide on it.",
            advice="Let another person approve it.",
            field="as",
            code="same_person",
        )
    if command.actor.role not in APPROVERS:
        raise NotAllowed(
            f"A {command.actor.role} does not decide on addresses.",
            advice="One of: " + ", ".join(APPROVERS) + ".",
            field="as",
            code="role",
        )
    active = state.entry is None or state.entry.is_active or request.change is Change.UNDO
    if command.approve and not active:
        raise NotAllowed("The address is retired; refuse the request.", field="request")


def _body(command: ProposeAddress, change: Change, city: City) -> dict[str, Any]:
    texts = {name: text.strip() for name, text in command.texts.items() if text.strip()}
    strange = set(texts) - set(TEXTS)
    if strange:
        raise InvalidInput(f"An address has no {min(strange)}.", field=min(strange))
    body: dict[str, Any] = {"change": change.value, "sample": city.facts.sample, **texts}
    if command.alias.strip():
        body["alias"] = command.alias.strip()
    if command.lon is not None and command.lat is not None:
        body |= _place(command.lon, command.lat, city)
    return body


def _place(lon: float, lat: float, city: City) -> dict[str, Any]:
    where = inside(city, lon, lat)
    areas = {"grid": where.grid, "street": where.street}
    return {
        "lon_e7": round(lon * E7),
        "lat_e7": round(lat * E7),
        **{name: str(area.uid) for name, area in areas.items() if area is not None},
    }


def _as_body(entry: Entry) -> dict[str, Any]:
    areas = {"grid": entry.grid, "street": entry.street}
    return {
        **entry.texts,
        "lon_e7": entry.lon_e7,
        "lat_e7": entry.lat_e7,
        **{name: str(uid) for name, uid in areas.items() if uid is not None},
    }


def _sealed(subject: UUID, reason: str) -> list[Secret]:
    if len(reason) > _MOST_LETTERS or "\x00" in reason:
        raise InvalidInput(f"A reason has {_MOST_LETTERS} letters at most.", field="reason")
    return [seal(subject, "reason", reason.strip())] if reason.strip() else []


def _append(
    kind: str,
    subject: UUID,
    actor: Actor,
    body: Mapping[str, Any],
    reason: str,
    city: City,
    uow: UnitOfWork,
    now_ms: int,
) -> Changes:
    held = held_actions(subject, city, uow, now_ms)
    state = fold_address(held)
    parents = state.heads if state else ()
    secrets = _sealed(subject, reason)
    action = append_signed(
        kind, subject, actor, body, parents, city, uow, now_ms, secrets=secrets
    ).action
    folded = fold_address([*held, action])
    assert folded is not None  # what was checked above is a request
    uow.addresses.put(folded, uow.actions.revision())
    return Changes(revision=uow.actions.revision(), addresses=(subject,))
