"""The devices a city knows, each by an action of its own, and the checkpoints they signed."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select

from app.data.errors import readable
from app.data.keys import SUITE, device_id, verify_with
from app.data.tables import action, checkpoint, device
from app.domain.actions import SignedAction, signed_payload
from app.domain.checkpoints import CHECKPOINT, Checkpoint, read_checkpoint
from app.domain.errors import Forged

_KEYS = select(device.c.id, device.c.public_key)
_LAST = (
    select(action.c.data, action.c.suite, action.c.signature)
    .where(action.c.kind == CHECKPOINT, action.c.device == bindparam("wanted"))
    .order_by(action.c.seq.desc())
    .limit(1)
)


class SqlDevices:
    """Fulfils `ports.Devices` inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys: dict[str, bytes] | None = None

    def keys(self) -> dict[str, bytes]:
        """Return public keys by device."""
        if self._keys is None:
            self._keys = {row[0]: bytes(row[1]) for row in self._connection.execute(_KEYS)}
        return self._keys

    def is_known(self, device: str) -> bool:
        """Tell whether the device's signature counts here."""
        return device in self.keys()

    def verify(self, device: str, suite: str, data: bytes, signature: bytes) -> bool:
        """Tell whether `signature` over `data` is the device's own."""
        public = self.keys().get(device)
        return suite == SUITE and public is not None and verify_with(public, data, signature)

    def introduce(self, signed: SignedAction) -> None:
        """Know the device that `signed` makes known.

        Raises `Forged` unless the action holds the public key that the device is named after and
        that its own signature was made with.
        """
        public = public_key_in(signed)
        name = signed.action.device
        if not self.is_known(name):
            row = {"id": name, "suite": SUITE, "public_key": public, "name": "", "added_ms": _now()}
            self._connection.execute(insert(device), row)
            self.keys()[name] = public


class SqlCheckpoints:
    """Fulfils `ports.Checkpoints` inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self, device: str) -> Checkpoint | None:
        """Return the newest one a device signed."""
        row = self._connection.execute(_LAST, {"wanted": device}).first()
        if row is None:
            return None
        with readable("checkpoint"):
            return read_checkpoint(SignedAction(bytes(row[0]), row[1], bytes(row[2])))

    def put(self, made: Checkpoint, heads: Mapping[UUID, tuple[str, ...]]) -> None:
        """Keep beside the signed action what it speaks of, to say later which case was harmed."""
        plain = json.dumps({str(subject): heads[subject] for subject in sorted(heads)})
        row = {
            "device": made.device,
            "day": made.day,
            "seq": made.seq,
            "heads": zlib.compress(plain.encode()),
            "suite": made.signed.suite,
            "signature": made.signed.signature,
        }
        self._connection.execute(insert(checkpoint), row)

    def heads(self, made: Checkpoint) -> dict[UUID, tuple[str, ...]] | None:
        """Return what `put` kept beside a checkpoint; None if it was made on another replica."""
        found = self._connection.execute(
            select(checkpoint.c.heads).where(
                checkpoint.c.device == made.device, checkpoint.c.day == made.day
            )
        ).scalar()
        if found is None:
            return None
        with readable("heads of a checkpoint"):
            try:
                plain = json.loads(zlib.decompress(bytes(found)))
            except zlib.error as error:
                raise ValueError("zlib") from error
            return {UUID(subject): tuple(heads) for subject, heads in plain.items()}


def public_key_in(signed: SignedAction) -> bytes:
    """Return the public key an action of type `device` makes known; raises `Forged`."""
    one = signed.action
    try:
        public = bytes.fromhex(one.body["public_key"])
    except (KeyError, TypeError, ValueError) as error:
        raise Forged("The action makes no device known; it was not taken.") from error
    named = one.type == "device" and signed.suite == SUITE and device_id(public) == one.device
    if not named or one.body.get("device") != one.device:
        raise Forged("The device is not named after its key; it was not taken.")
    if not verify_with(public, signed_payload(signed.suite, signed.data), signed.signature):
        raise Forged("The device did not sign for itself; it was not taken.")
    return public


def _now() -> int:
    return time.time_ns() // 1_000_000
