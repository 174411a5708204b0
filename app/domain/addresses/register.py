"""The register 地名地址库: what one address is, and how signed change requests change it.

A place of the map is in the register from the start. Whatever changes it afterwards is a request
by one person that another approves: `address_propose`, then `address_approve` or
`address_refuse`, actions about the address's uid; who asked may take it back by
`address_withdraw` while nobody has decided. The fold needs nothing but those actions: the first
request about a place carries the place as it was.

Two records of one place become one by `merge`: the one gives its names to the other and is
retired. `split` makes a new address out of one that stays. `undo` takes an approved request back;
it is a request like any other, so two persons stand behind it.
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
WITHDRAW = "address_withdraw"
ADDRESS_ACTIONS = (PROPOSE, APPROVE, REFUSE, WITHDRAW)
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
    MERGE = "merge"
    SPLIT = "split"
    UNDO = "undo"


class Standing(StrEnum):
    """What became of a request."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by who asked
    UNDONE = "undone"  # approved once, and taken back by another request
    VOID = "void"  # not to be carried out: by the same person, or about what is retired


@dataclass(frozen=True)
class Entry:
    """One address of the register; degrees WGS 84 times 1e7, times Unix ms.

    `texts` holds those of `TEXTS` that are known; `aliases` are other names in use, `old` former
    ones; `dates` says of each name from when (0: from the start) to when (None: still) it was
    used. `status` is `active`, `retired` or `merged` (into `into`); `origin` is the address that
    a split took this one from.
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
    dates: tuple[tuple[str, int, int | None], ...] = ()
    into: UUID | None = None
    origin: UUID | None = None

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

    @property
    def is_active(self) -> bool:
        """Whether it is in use."""
        return self.status == "active"


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
        if action.type == WITHDRAW:
            if action.actor == request.by:
                self.requests[request.hash] = replace(decided, standing=Standing.WITHDRAWN)
            return
        why = refusal(request, action, self.entry)
        if action.type == APPROVE and not why:
            self._approve(decided)
        elif action.type == REFUSE and why in ("", "retired"):
            self.requests[request.hash] = replace(decided, standing=Standing.REFUSED)

    def _approve(self, decided: Request) -> None:
        if decided.change is Change.UNDO:
            target = self.requests.get(str(decided.body["undoes"]))
            if target is None or not may_undo(target):
                return
            self.requests[target.hash] = replace(target, standing=Standing.UNDONE)
            self.requests[decided.hash] = replace(decided, standing=Standing.APPROVED)
            self.entry = self._replayed()
            return
        entry = applied(self.entry, decided, decided.decided_ms or 0)
        if entry is not None:
            self.entry = entry
            self.requests[decided.hash] = replace(decided, standing=Standing.APPROVED)

    def _replayed(self) -> Entry | None:
        """Carry out again what is still approved, from the place as it was at first."""
        first = next(iter(self.requests.values()))
        entry = _before(first)
        done = [one for one in self.requests.values() if one.standing is Standing.APPROVED]
        for one in sorted(done, key=lambda one: (one.decided_ms or 0, one.hash)):
            if one.change is not Change.UNDO:
                entry = applied(entry, one, one.decided_ms or 0) or entry
        return entry

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
    if entry is not None and not entry.is_active and request.change is not Change.UNDO:
        return "retired"
    return ""


def may_undo(request: Request) -> bool:
    """Tell whether a request can be taken back: an approved one; a new address is retired."""
    made = request.change in (Change.NEW, Change.SPLIT, Change.UNDO)
    return request.standing is Standing.APPROVED and not made


def body_fault(body: Mapping[str, Any]) -> str:
    """Return the field of a proposal that has a wrong form, empty if none has."""
    if body.get("change") not in list(Change):
        return "change"
    for name in (*TEXTS, "alias"):
        value = body.get(name, "")
        if not isinstance(value, str) or len(value) > _LONGEST or "\x00" in value:
            return name
    change = body["change"]
    if change in (Change.NEW, Change.MOVE, Change.MERGE, Change.SPLIT) and not _is_place(body):
        return "lon_e7"
    lacking = _lacking(body)
    if lacking:
        return lacking
    before = body.get("before")
    if before is not None and (not isinstance(before, Mapping) or not _is_place(before)):
        return "before"
    return ""


def _lacking(body: Mapping[str, Any]) -> str:
    """Return the field that the change needs and the body lacks, empty if none."""
    change = body["change"]
    if change in (Change.NEW, Change.RENAME, Change.SPLIT) and not _title(body):
        return "name"
    if change == Change.ALIAS and not body.get("alias"):
        return "alias"
    for kind, name in ((Change.MERGE, "into"), (Change.SPLIT, "from")):
        if change == kind and _uid(body.get(name)) is None:
            return name
    if change == Change.UNDO and not isinstance(body.get("undoes"), str):
        return "undoes"
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
    if request.change in (Change.NEW, Change.SPLIT):
        made = _entry(request.address, body, at_ms) if entry is None else None
        return replace(made, origin=_uid(body.get("from"))) if made is not None else None
    entry = entry or _before(request)
    if entry is None:
        return None
    if request.change is Change.RENAME:
        texts = {**entry.texts, **{name: body[name] for name in TEXTS if body.get(name)}}
        former = (entry.title,) if entry.title != texts.get("name") else ()
        renamed = replace(entry, texts=texts, old=_joined(entry.old, former))
        return replace(renamed, dates=_dated(entry, renamed.title, at_ms, ends=entry.title))
    if request.change is Change.ALIAS:
        dates = _dated(entry, body["alias"], at_ms)
        return replace(entry, aliases=_joined(entry.aliases, (body["alias"],)), dates=dates)
    if request.change is Change.RETIRE:
        return replace(entry, status="retired", valid_to_ms=at_ms)
    if request.change is Change.MERGE:
        into = _uid(body["into"])
        return replace(entry, status="merged", valid_to_ms=at_ms, into=into,
                       lon_e7=body["lon_e7"], lat_e7=body["lat_e7"])  # fmt: skip
    if request.change is Change.UNDO:
        return None
    moved = replace(entry, lon_e7=body["lon_e7"], lat_e7=body["lat_e7"])
    return replace(moved, grid=_uid(body.get("grid")), street=_uid(body.get("street")))


def _dated(
    entry: Entry, name: str, at_ms: int, ends: str = ""
) -> tuple[tuple[str, int, int | None], ...]:
    """Return the names' dates with `name` in use from `at_ms` on, and `ends` until then."""
    if name == ends:
        return entry.dates
    known = dict.fromkeys([entry.title], entry.valid_from_ms) | {n: f for n, f, _ in entry.dates}
    ended = {n: to for n, _, to in entry.dates} | ({ends: at_ms} if ends else {})
    known.setdefault(name, at_ms)
    ended[name] = None
    return tuple((one, since, ended.get(one)) for one, since in known.items())


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
