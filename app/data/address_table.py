"""The register's table: addresses as approved requests made them, and the requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, update

from app.data.errors import readable
from app.data.tables import address, address_match, address_request
from app.data.upsert import upsert
from app.domain.addresses.register import AddressState, Change, Entry, Request, Standing
from app.services.views import PlaceMatch

_REVISION = select(func.max(address.c.revision))
_ENTRY = select(address.c.uid, address.c.entry).where(address.c.uid == bindparam("uid"))
_ENTRIES = select(address.c.uid, address.c.entry).order_by(address.c.uid)
_OPEN = (
    select(address_request)
    .where(address_request.c.standing == bindparam("standing"))
    .order_by(address_request.c.at_ms.desc(), address_request.c.hash)
    .limit(bindparam("most"))
)
_BY_HASH = select(address_request.c.address, address_request.c.hash).where(
    address_request.c.hash >= bindparam("low"), address_request.c.hash < bindparam("high")
)


class SqlAddresses:
    """Fulfils `ports.Addresses` inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, state: AddressState, revision: int) -> None:
        """Keep a folded address and its requests; `revision` is the newest action's number."""
        if state.entry is not None:
            row = {
                "uid": state.uid, "title": state.entry.title, "entry": _entry_text(state.entry),
                "status": state.entry.status, "revision": revision,
            }  # fmt: skip
            self._connection.execute(upsert(self._connection, address, "uid"), row)
        for one in state.requests:
            statement = upsert(self._connection, address_request, "hash")
            self._connection.execute(statement, _request_row(one, state.entry))

    def entry(self, uid: UUID) -> Entry | None:
        """Return an address that some request has changed."""
        row = self._connection.execute(_ENTRY, {"uid": uid}).first()
        return _entry(row[0], row[1]) if row is not None else None

    def entries(self) -> Sequence[Entry]:
        """Return all addresses that requests have changed."""
        return [_entry(uid, text) for uid, text in self._connection.execute(_ENTRIES)]

    def revision(self) -> int:
        """Return the number of the newest action that changed an address, 0 if none did."""
        return int(self._connection.execute(_REVISION).scalar() or 0)

    def requests(self, standing: str, limit: int) -> Sequence[Request]:
        """Return requests of that standing, newest first."""
        rows = self._connection.execute(_OPEN, {"standing": standing, "most": limit})
        return [_request(row) for row in rows]

    def put_matches(self, found: Sequence[PlaceMatch]) -> None:
        """Keep how imported rows were matched; a row that somebody has judged stays as it is."""
        held = {
            uid for (uid,) in self._connection.execute(
                select(address_match.c.uid).where(address_match.c.standing != "open")
            )
        }  # fmt: skip
        rows = [{**vars(one), "confidence": round(1000 * one.confidence)}
                for one in found if one.uid not in held]  # fmt: skip
        if rows:
            self._connection.execute(upsert(self._connection, address_match, "uid"), rows)

    def matches(self, below: float, standing: str, limit: int) -> Sequence[PlaceMatch]:
        """Return matches (not the new rows) of less confidence than `below`, doubtful first."""
        table = address_match.c
        rows = self._connection.execute(
            select(address_match)
            .where(table.standing == standing, table.confidence < round(1000 * below),
                   table.kind != "none")
            .order_by(table.confidence, table.uid).limit(limit)
        )  # fmt: skip
        return [_match(row) for row in rows]

    def match(self, uid: UUID) -> PlaceMatch | None:
        """Return the match of one imported row."""
        asked = select(address_match).where(address_match.c.uid == uid)
        row = self._connection.execute(asked).first()
        return _match(row) if row is not None else None

    def judge(self, uid: UUID, standing: str, by: UUID, at_ms: int) -> None:
        """Keep who judged a match, and how."""
        self._connection.execute(
            update(address_match).where(address_match.c.uid == uid)
            .values(standing=standing, judged_by=by, judged_ms=at_ms)
        )  # fmt: skip

    def find_request(self, beginning: str) -> tuple[UUID, str] | None:
        """Return address and hash of the one request whose hash begins so."""
        found = self._connection.execute(
            _BY_HASH, {"low": beginning, "high": beginning + "g"}
        ).fetchmany(2)
        return (found[0][0], found[0][1]) if len(found) == 1 else None


def _entry_text(entry: Entry) -> str:
    raw = {
        "texts": dict(entry.texts), "lon_e7": entry.lon_e7, "lat_e7": entry.lat_e7,
        "grid": str(entry.grid or ""), "street": str(entry.street or ""), "status": entry.status,
        "valid_from_ms": entry.valid_from_ms, "valid_to_ms": entry.valid_to_ms,
        "aliases": list(entry.aliases), "old": list(entry.old), "dates": entry.dates,
        "into": str(entry.into or ""), "origin": str(entry.origin or ""),
    }  # fmt: skip
    return json.dumps(raw, ensure_ascii=False, sort_keys=True)


def _entry(uid: UUID, text: str) -> Entry:
    with readable("register of addresses"):
        raw: Mapping[str, Any] = json.loads(text)
        return Entry(
            uid, raw["texts"], raw["lon_e7"], raw["lat_e7"], _maybe_uid(raw["grid"]),
            _maybe_uid(raw["street"]), raw["status"], raw["valid_from_ms"], raw["valid_to_ms"],
            tuple(raw["aliases"]), tuple(raw["old"]),
            tuple((name, since, to) for name, since, to in raw.get("dates", ())),
            _maybe_uid(raw.get("into", "")), _maybe_uid(raw.get("origin", "")),
        )  # fmt: skip


def _maybe_uid(text: str) -> UUID | None:
    return UUID(text) if text else None


def _request_row(one: Request, entry: Entry | None) -> dict[str, Any]:
    named = one.body.get("name") or one.body.get("address") or one.body.get("alias")
    return {
        "hash": one.hash, "address": one.address, "change": one.change.value,
        "standing": one.standing.value, "title": named or (entry.title if entry else ""),
        "by_person": one.by, "at_ms": one.at_ms, "decided_by": one.decided_by,
        "decided_ms": one.decided_ms,
        "body": json.dumps({"role": one.role, "body": one.body}, ensure_ascii=False),
    }  # fmt: skip


def _request(row: Any) -> Request:
    with readable("change request of an address"):
        raw = json.loads(row.body)
        return Request(
            row.hash, row.address, Change(row.change), raw["body"], row.by_person, raw["role"],
            row.at_ms, Standing(row.standing), row.decided_by, row.decided_ms,
        )  # fmt: skip


def _match(row: Any) -> PlaceMatch:
    return PlaceMatch(
        row.uid, row.name, row.address, row.lon, row.lat, row.kind, row.confidence / 1000,
        row.metres, row.reason, row.matched, row.title, row.standing,
    )  # fmt: skip
