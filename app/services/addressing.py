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
    AddressState,
    Change,
    Entry,
    Request,
    Standing,
    body_fault,
    fold_address,
)
from app.domain.cases import E7
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.identity import new_uid
from app.domain.personal import Secret, seal
from app.services.casework import check_actor
from app.services.changes import Changes
from app.services.commands import Actor, DecideAddress, ProposeAddress
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
    uid = command.address or new_uid()
    state = address_state(uid, uow)
    entry = (state.entry if state else None) or _in_map(uid, city)
    _check_present(change, command, entry)
    body = _body(command, change, city)
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


def decide(command: DecideAddress, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Approve or refuse an open request of somebody else."""
    check_actor(uow, command.actor)
    found = uow.addresses.find_request(command.request)
    state = address_state(found[0], uow) if found else None
    request = state.request(found[1]) if state and found else None
    if state is None or request is None:
        raise NotFound(
            f"There is no change request {command.request!r}.",
            advice="`address requests` lists the open ones.",
            field="request",
        )
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
    if change is Change.NEW:
        if entry is not None:
            raise InvalidInput("That address is there already.", field="address")
        return
    if entry is None:
        raise NotFound(
            f"The register has no address {command.address}.",
            advice="`address find TEXT` shows uids.",
            field="address",
        )
    if entry.status == "retired":
        raise NotAllowed("That address is retired.", field="address", code="retired")


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
    if command.approve and state.entry is not None and state.entry.status == "retired":
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
