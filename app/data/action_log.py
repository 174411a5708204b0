"""The log of signed actions: bytes as they were signed, never changed.

`status` says what counts: `ok`; `quarantined` for one from the future, left out of its case until
its time has come; `beyond` for one beyond its author's rights, which the fold itself keeps outside
the state (so that all replicas do alike) and which is marked here only to be found.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, func, insert, literal, select, update

from app.data.errors import readable
from app.data.tables import action
from app.domain.actions import SignedAction
from app.domain.errors import StorageFailure
from app.domain.hlc import Stamp

_SIGNED = (action.c.data, action.c.suite, action.c.signature)
_SEQ_OF = select(action.c.seq).where(action.c.hash == bindparam("digest"))
_OF_SUBJECT = (
    select(action.c.hash, *_SIGNED)
    .where(action.c.subject == bindparam("subject"), action.c.status != "quarantined")
    .order_by(action.c.seq)
)
_APART = select(action.c.status, *_SIGNED).where(action.c.status != "ok").order_by(action.c.seq)
_OF_KIND = (
    select(action.c.hash, *_SIGNED)
    .where(action.c.kind == bindparam("wanted"))
    .order_by(action.c.seq)
)
_TOUCHED = (
    select(action.c.subject)
    .where(action.c.seq > bindparam("after"), action.c.seq <= bindparam("upto"))
    .distinct()
)
_UPTO = (
    select(action.c.subject, action.c.hash, *_SIGNED)
    .where(action.c.subject.in_(_TOUCHED), action.c.seq <= bindparam("upto"))
    .order_by(action.c.subject, action.c.seq)
)
_SINCE = (
    select(action.c.seq, *_SIGNED)
    .where(action.c.seq > bindparam("revision"))
    .order_by(action.c.seq)
    .limit(bindparam("most"))
)
_NEWEST = select(func.max(action.c.seq))
_LAST_STAMP = select(func.max(action.c.hlc)).where(action.c.device == bindparam("device"))
_INSERT = insert(action)
_RELEASE = (
    update(action)
    .where(action.c.hash == bindparam("digest"), action.c.status == "quarantined")
    .values(status="ok")
)


class SqlActionLog:
    """Fulfils `ports.ActionLog` inside one transaction.

    Sequence numbers appear in order and are never seen out of order by a reader: writers stand
    in line from the start of their transaction (see `engine`).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, signed: SignedAction, *, quarantined: bool = False) -> int:
        """Store and return its sequence number (the present one if it is here already).

        A quarantined action is kept and shown, but `of_subject` leaves it out.
        """
        known = self._seq(signed.hash)
        if known is not None:
            return known
        one = signed.action
        result = self._connection.execute(
            _INSERT,
            {
                "hash": signed.hash,
                "uid": one.uid,
                "subject": one.subject,
                "device": one.device,
                "hlc": str(one.stamp),
                "kind": one.type,
                "data": signed.data,
                "suite": signed.suite,
                "signature": signed.signature,
                "status": "quarantined" if quarantined else "ok",
                "received_ms": time.time_ns() // 1_000_000,
            },
        )
        (seq,) = cast(tuple[int], result.inserted_primary_key)
        return seq

    def of_subject(self, subject: UUID) -> Sequence[SignedAction]:
        """Return the actions about `subject` that count, in the order they came.

        Raises `StorageFailure` if one is not what was stored: its bytes or its hash were altered.
        """
        rows = self._connection.execute(_OF_SUBJECT, {"subject": subject})
        return [_unaltered(row[0], row[1:], subject) for row in rows]

    def of_kind(self, kind: str) -> Iterator[SignedAction]:
        """Return all actions of one type, in the order they came."""
        for row in self._connection.execute(_OF_KIND, {"wanted": kind}):
            yield _unaltered(row[0], row[1:], None)

    def apart(self) -> Sequence[tuple[SignedAction, bool]]:
        """Return what is kept apart, and whether it is so only because it is too early."""
        rows = self._connection.execute(_APART)
        return [(_signed(row[1:]), row[0] == "quarantined") for row in rows]

    def mark_beyond(self, subject: UUID, digests: Collection[str]) -> None:
        """Mark those actions about `subject`, and no others, as beyond their authors' rights."""
        beyond = action.c.hash.in_(list(digests))
        here = action.c.subject == subject
        for found, before, after in ((~beyond, "beyond", "ok"), (beyond, "ok", "beyond")):
            self._connection.execute(
                update(action).where(here, found, action.c.status == before).values(status=after)
            )

    def subjects_naming(self, digest: str) -> set[UUID]:
        """Return the subjects of actions that name a hash (of a photo, a rule set). Reads all."""
        found = select(action.c.subject).where(self._holds(f'"{digest}"'.encode())).distinct()
        return set(self._connection.execute(found).scalars())

    def heads_between(self, after: int, upto: int) -> dict[UUID, tuple[str, ...]]:
        """Return the heads, as of number `upto`, of all subjects with actions since `after`."""
        hashes: dict[UUID, set[str]] = {}
        parents: dict[UUID, set[str]] = {}
        for row in self._connection.execute(_UPTO, {"after": after, "upto": upto}):
            signed = _unaltered(row[1], row[2:], row[0])
            hashes.setdefault(row[0], set()).add(signed.hash)
            with readable("action"):  # its bytes are proved: only its parents are read
                parents.setdefault(row[0], set()).update(json.loads(signed.data)["parents"])
        return {one: tuple(sorted(hashes[one] - parents[one])) for one in hashes}

    def since(self, revision: int, limit: int) -> Sequence[tuple[int, SignedAction]]:
        """Return actions with a sequence number above `revision`, in order."""
        rows = self._connection.execute(_SINCE, {"revision": revision, "most": limit})
        return [(row[0], _signed(row[1:])) for row in rows]

    def revision(self) -> int:
        """Return the newest sequence number, 0 when empty."""
        return int(self._connection.execute(_NEWEST).scalar() or 0)

    def has(self, digest: str) -> bool:
        """Tell whether the action of that hash is here."""
        return self._seq(digest) is not None

    def release(self, digest: str) -> bool:
        """Let a quarantined action count from now on; False if it was not kept apart."""
        return self._connection.execute(_RELEASE, {"digest": digest}).rowcount > 0

    def last_stamp(self, device: str) -> Stamp | None:
        """Return the newest stamp of a device, to go on from."""
        found = self._connection.execute(_LAST_STAMP, {"device": device}).scalar()
        return Stamp.parse(found) if found else None

    def _holds(self, part: bytes) -> Any:
        if self._connection.dialect.name == "postgresql":
            return func.position(literal(part).op("IN")(action.c.data)) > 0
        return func.instr(action.c.data, part) > 0

    def _seq(self, digest: str) -> int | None:
        found: int | None = self._connection.execute(_SEQ_OF, {"digest": digest}).scalar()
        return found


def _signed(values: Sequence[Any] | Row[Any]) -> SignedAction:
    with readable("action"):
        return SignedAction(bytes(values[0]), values[1], bytes(values[2]))


def _unaltered(digest: str, values: Sequence[Any] | Row[Any], subject: UUID | None) -> SignedAction:
    signed = _signed(values)
    if signed.hash != digest:
        about = f" about {subject}" if subject else ""
        raise StorageFailure(
            f"The stored action {digest[:12]}…{about} was altered or is broken.",
            advice="Run `city check` to see all damage, then restore the last backup.",
        )
    return signed
