"""The register 地名地址库: what one address is, and how signed change requests change it.

A place of the map is in the register from the start. Whatever changes it afterwards is a request
by one person that another approves: `address_propose`, then `address_approve` or
`address_refuse`, actions about the address's uid. The fold needs nothing but those actions: the
first request about a place carries the place as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.cases import E7
from app.domain.fold import heads, in_line

PROPOSE, APPROVE, REFUSE = "address_propose", "address_approve", "address_refuse"
ADDRESS_ACTIONS = (PROPOSE, APPROVE, REFUSE)
APPROVERS = ("shift_lead", "duty_leader", "dispatcher")
TEXTS = ("name", "address", "road", "lane", "number", "building", "unit", "room", "kind")
_LONGEST = 200
_VERSION = 1


class Change(StrEnum):
    """What a request asks for."""

    NEW = "new"
    RENAME = "rename"
    ALIAS = "alias"
    MOVE = "move"
    RETIRE = "retire"


class Standing(StrEnum):
    """What became of a request."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    VOID = "void"  # not to be carried out: by the same person, or about what is retired


@dataclass(frozen=True)
class Entry:
    """One address of the register; degrees WGS 84 times 1e7, times Unix ms.

    `texts` holds those of `TEXTS` that are known; `aliases` are other names in use, `old` former
    ones. `status` is `active` or `retired`.
    """

    uid: UUID
    texts: Mapping[str, str]
    lon_e7: int
    lat_e7: int
    grid: UUID | None = None
    street: UUID | None = None
    status: str = "active"
    valid_from_ms: int = 0
    valid_to_ms: int | None = None
    aliases: tuple[str, ...] = ()
    old: tuple[str, ...] = ()

    @property
    def lon(self) -> float:
        """Longitude in degrees."""
        return self.lon_e7 / E7

    @property
    def lat(self) -> float:
        """Latitude in degrees."""
        return self.lat_e7 / E7

    @property
    def title(self) -> str:
        """Its name, else its address."""
        return self.texts.get("name") or self.texts.get("address") or ""


@dataclass(frozen=True)
class Request:
    """One change request and what became of it. `hash` is that of its action."""

    hash: str
    address: UUID
    change: Change
    body: Mapping[str, Any]
    by: UUID
    role: str
    at_ms: int
    standing: Standing = Standing.OPEN
    decided_by: UUID | None = None
    decided_ms: int | None = None
    why: str = ""


@dataclass(frozen=True)
class AddressState:
    """An address as its actions make it; `entry` is None while none was approved."""

    uid: UUID
    entry: Entry | None
    requests: tuple[Request, ...]
    heads: tuple[str, ...]

    def request(self, digest: str) -> Request | None:
        """Return the request of that hash."""
        return next((one for one in self.requests if one.hash == digest), None)


def fold_address(actions: Iterable[Action]) -> AddressState | None:
    """Return an address's state; None without any request. The same for every order of arrival."""
    known = [one for one in actions if one.type in ADDRESS_ACTIONS]
    strange = {one.hash for one in known if one.version != _VERSION}
    ready, _waiting = in_line(known, strange)
    fold = _Fold()
    for action in ready:
        fold.take(action)
    if not fold.requests:
        return None
    uid = next(iter(fold.requests.values())).address
    return AddressState(uid, fold.entry, tuple(fold.requests.values()), heads(ready))


@dataclass
class _Fold:
    entry: Entry | None = None
    requests: dict[str, Request] = field(default_factory=dict)

    def take(self, action: Action) -> None:
        """Let one action count, or leave it out for what it lacks."""
        if action.type == PROPOSE:
            self._propose(action)
            return
        request = self.requests.get(str(action.body.get("request", "")))
        if request is None or request.standing is not Standing.OPEN:
            return
        decided = replace(request, decided_by=action.actor, decided_ms=action.stamp.ms)
        why = refusal(request, action, self.entry)
        if action.type == APPROVE and not why:
            entry = applied(self.entry, request, action.stamp.ms)
            if entry is not None:
                self.entry = entry
                self.requests[request.hash] = replace(decided, standing=Standing.APPROVED)
        elif action.type == REFUSE and why in ("", "retired"):
            self.requests[request.hash] = replace(decided, standing=Standing.REFUSED)

    def _propose(self, action: Action) -> None:
        fault = body_fault(action.body)
        if not fault:
            self.requests[action.hash] = Request(
                action.hash, action.subject, Change(action.body["change"]), action.body,
                action.actor, action.role, action.stamp.ms,
            )  # fmt: skip


def refusal(request: Request, decision: Action, entry: Entry | None) -> str:
    """Return why `decision` may not decide `request`, empty if it may."""
    if decision.actor == request.by:
        return "same_person"
    if decision.role not in APPROVERS:
        return "role"
    if entry is not None and entry.status == "retired":
        return "retired"
    return ""


def body_fault(body: Mapping[str, Any]) -> str:
    """Return the field of a proposal that has a wrong form, empty if none has."""
    if body.get("change") not in list(Change):
        return "change"
    for name in (*TEXTS, "alias"):
        value = body.get(name, "")
        if not isinstance(value, str) or len(value) > _LONGEST or "\x00" in value:
            return name
    placed = body["change"] in (Change.NEW, Change.MOVE)
    if placed and not _is_place(body):
        return "lon_e7"
    if body["change"] in (Change.NEW, Change.RENAME) and not _title(body):
        return "name"
    if body["change"] == Change.ALIAS and not body.get("alias"):
        return "alias"
    before = body.get("before")
    if before is not None and (not isinstance(before, Mapping) or not _is_place(before)):
        return "before"
    return ""


def _title(body: Mapping[str, Any]) -> str:
    return str(body.get("name") or body.get("address") or "")


def _is_place(body: Mapping[str, Any]) -> bool:
    lon, lat = body.get("lon_e7"), body.get("lat_e7")
    whole = isinstance(lon, int) and isinstance(lat, int) and not isinstance(lon, bool)
    return whole and abs(int(lon or 0)) <= 180 * E7 and abs(int(lat or 0)) <= 90 * E7


def applied(entry: Entry | None, request: Request, at_ms: int) -> Entry | None:
    """Return the entry after an approved request; None if there is nothing to change."""
    body = request.body
    if request.change is Change.NEW:
        return _entry(request.address, body, at_ms) if entry is None else None
    entry = entry or _before(request)
    if entry is None:
        return None
    if request.change is Change.RENAME:
        texts = {**entry.texts, **{name: body[name] for name in TEXTS if body.get(name)}}
        former = (entry.title,) if entry.title != texts.get("name") else ()
        return replace(entry, texts=texts, old=_joined(entry.old, former))
    if request.change is Change.ALIAS:
        return replace(entry, aliases=_joined(entry.aliases, (body["alias"],)))
    if request.change is Change.RETIRE:
        return replace(entry, status="retired", valid_to_ms=at_ms)
    moved = replace(entry, lon_e7=body["lon_e7"], lat_e7=body["lat_e7"])
    return replace(moved, grid=_uid(body.get("grid")), street=_uid(body.get("street")))


def _joined(there: Sequence[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*there, *(one for one in more if one)]))


def _before(request: Request) -> Entry | None:
    before = request.body.get("before")
    return _entry(request.address, before, 0) if before is not None else None


def _entry(uid: UUID, body: Mapping[str, Any], from_ms: int) -> Entry:
    texts = {name: str(body[name]) for name in TEXTS if body.get(name)}
    return Entry(
        uid, texts, body["lon_e7"], body["lat_e7"], _uid(body.get("grid")),
        _uid(body.get("street")), valid_from_ms=from_ms,
    )  # fmt: skip


def _uid(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
