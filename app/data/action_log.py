"""The log of signed actions: bytes as they were signed, never changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select, update

from app.data.tables import action
from app.domain.actions import SignedAction
from app.domain.hlc import Stamp

_SIGNED = (action.c.data, action.c.suite, action.c.signature)
_SEQ_OF = select(action.c.seq).where(action.c.hash == bindparam("digest"))
_OF_SUBJECT = (
    select(*_SIGNED)
    .where(action.c.subject == bindparam("subject"), action.c.status == "ok")
    .order_by(action.c.seq)
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
        """Return the actions about `subject` that count, in the order they came."""
        rows = self._connection.execute(_OF_SUBJECT, {"subject": subject})
        return [SignedAction(bytes(row[0]), row[1], bytes(row[2])) for row in rows]

    def since(self, revision: int, limit: int) -> Sequence[tuple[int, SignedAction]]:
        """Return actions with a sequence number above `revision`, in order."""
        rows = self._connection.execute(_SINCE, {"revision": revision, "most": limit})
        return [(row[0], SignedAction(bytes(row[1]), row[2], bytes(row[3]))) for row in rows]

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

    def _seq(self, digest: str) -> int | None:
        found: int | None = self._connection.execute(_SEQ_OF, {"digest": digest}).scalar()
        return found
