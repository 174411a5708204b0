"""Requests about addresses as a window shows them: who asked what, when, why; what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.domain.addresses.register import Entry, Request, Standing
from app.domain.cases import E7
from app.services.addressing import address_state
from app.services.ports import City, UnitOfWork
from app.services.views import PlaceMatch


@dataclass(frozen=True)
class AddressRequests:
    """Change requests of one standing, newest first; answered by a tuple of `RequestView`."""

    standing: str = "open"
    limit: int = 200


@dataclass(frozen=True)
class AddressMatches:
    """Imported rows matched with less confidence than `below`; a tuple of `PlaceMatch`."""

    below: float = 0.8
    standing: str = "open"
    limit: int = 200


@dataclass(frozen=True)
class AddressHistory:
    """What became of one address; answered by `AddressStory`."""

    address: UUID


@dataclass(frozen=True)
class RequestView:
    """One request: degrees WGS 84 (None if nobody knows the place), times Unix ms.

    `title` is what the address is called without the request, `said` what is asked for. `reason`
    and `answer` come from the vault and are empty once erased. `rivals` are the open requests of
    others about the same address, in words as `said`; `photos` content hashes.
    """

    hash: str
    address: UUID
    change: str
    standing: str
    title: str
    said: str
    lon: float | None
    lat: float | None
    by: UUID
    by_name: str
    role: str
    at_ms: int
    reason: str
    decided_name: str
    decided_ms: int | None
    answer: str
    rivals: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class AddressStory:
    """An address as it is now (None if unknown) and all requests about it, oldest first."""

    entry: Entry | None
    requests: tuple[RequestView, ...]


def address_requests(
    question: AddressRequests, city: City, uow: UnitOfWork, _now: int
) -> tuple[RequestView, ...]:
    """Return requests of one standing."""
    return _views(uow.addresses.requests(question.standing, question.limit), city, uow)


def address_matches(
    question: AddressMatches, _city: City, uow: UnitOfWork, _now: int
) -> tuple[PlaceMatch, ...]:
    """Return doubtful matches, the least sure first."""
    found = uow.addresses.matches(question.below, question.standing, question.limit)
    return tuple(found)


def address_history(
    question: AddressHistory, city: City, uow: UnitOfWork, _now: int
) -> AddressStory:
    """Return an address and its requests."""
    state = address_state(question.address, uow)
    entry = (state.entry if state else None) or city.areas.place(question.address)
    return AddressStory(entry, _views(state.requests if state else (), city, uow))


def _views(requests: Iterable[Request], city: City, uow: UnitOfWork) -> tuple[RequestView, ...]:
    found = tuple(requests)
    people = {uid for one in found for uid in (one.by, one.decided_by) if uid is not None}
    names = uow.directory.names(people)
    entries = {uid: _entry(uid, city, uow) for uid in {one.address for one in found}}
    return tuple(
        RequestView(
            hash=one.hash, address=one.address, change=one.change.value,
            standing=one.standing.value, title=_title(one, entries[one.address]), said=_said(one),
            **_place(one, entries[one.address]), by=one.by, by_name=names.get(one.by, ""),
            role=one.role, at_ms=one.at_ms, reason=_reason(dict(one.body), uow),
            decided_name=names.get(one.decided_by, "") if one.decided_by else "",
            decided_ms=one.decided_ms, answer=_answer(one, uow),
            rivals=_rivals(one, uow), photos=tuple(one.body.get("photos", ())),
        )
        for one in found
    )  # fmt: skip


def _rivals(one: Request, uow: UnitOfWork) -> tuple[str, ...]:
    """Return what else is asked of the same address and not decided yet."""
    if one.standing is not Standing.OPEN:
        return ()
    state = address_state(one.address, uow)
    others = state.requests if state else ()
    return tuple(
        f"{other.change.value}:{_said(other)}" for other in others
        if other.hash != one.hash and other.standing is Standing.OPEN
    )  # fmt: skip


def _entry(uid: UUID, city: City, uow: UnitOfWork) -> Entry | None:
    return uow.addresses.entry(uid) or city.areas.place(uid)


def _title(one: Request, entry: Entry | None) -> str:
    before = one.body.get("before") or {}
    named = before.get("name") or before.get("address") or (entry.title if entry else "")
    return "" if one.change == "new" else str(named)


def _said(one: Request) -> str:
    words = (one.body.get(kind) for kind in ("alias", "into_title", "name", "address"))
    return str(next(filter(None, words), ""))


def _place(one: Request, entry: Entry | None) -> dict[str, float | None]:
    for held in (one.body, one.body.get("before") or {}):
        if "lon_e7" in held:
            return {"lon": held["lon_e7"] / E7, "lat": held["lat_e7"] / E7}
    return {"lon": entry.lon if entry else None, "lat": entry.lat if entry else None}


def _reason(body: object, uow: UnitOfWork) -> str:
    refs = body.get("refs", {}) if isinstance(body, dict) else {}
    held = refs.get("reason")
    if held is None:
        return ""
    key = UUID(held["key"])
    return uow.vault.get([key]).get(key, "")


def _answer(one: Request, uow: UnitOfWork) -> str:
    if one.decided_by is None:
        return ""
    for signed in uow.actions.of_subject(one.address):
        body = signed.action.body
        if body.get("request") == one.hash and signed.action.actor == one.decided_by:
            return _reason(dict(body), uow)
    return ""
