"""A device's daily word on what it holds: one hash over the heads of all it knows.

Signatures tell that an action was not altered; that none was taken away, a checkpoint tells. Its
root is a Merkle tree over the subjects touched since the one before, each leaf a subject with its
heads, so that a day costs the day's work; every checkpoint names the root before it and has the
action before it as parent, so together they speak for the whole log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from app.domain.actions import SignedAction

CHECKPOINT = "checkpoint"
NO_ROOT = "0" * 64
_NAMES = UUID("5a0f3c52-6f3b-5c0e-9f5e-77616e676765")


@dataclass(frozen=True)
class Checkpoint:
    """What one says: the local log up to number `seq` since `after`, on the day `day`."""

    day: str
    after: int
    seq: int
    root: str
    previous: str
    signed: SignedAction

    @property
    def device(self) -> str:
        """The device that signed it."""
        return self.signed.action.device


def read_checkpoint(signed: SignedAction) -> Checkpoint:
    """Return what an action of type `checkpoint` says; raises KeyError or TypeError if nothing."""
    body = signed.action.body
    return Checkpoint(
        str(body["day"]), int(body["after"]), int(body["seq"]), str(body["root"]),
        str(body["previous"]), signed,
    )  # fmt: skip


def chain_of(device: str) -> UUID:
    """Return the subject under which a device's checkpoints follow each other."""
    return uuid5(_NAMES, device)


def root_of(previous: str, heads: Mapping[UUID, Sequence[str]]) -> str:
    """Return the Merkle root over `heads` by subject, chained to the root before it."""
    level = [_leaf(subject, heads[subject]) for subject in sorted(heads)]
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in pairs] + odd
    tree = level[0] if level else b""
    return hashlib.sha256(b"\x02" + bytes.fromhex(previous) + tree).hexdigest()


def body_of(day: str, after: int, seq: int, root: str, previous: str) -> dict[str, str | int]:
    """Return the body of the action that signs a checkpoint."""
    return {"day": day, "after": after, "seq": seq, "root": root, "previous": previous}


def _leaf(subject: UUID, heads: Sequence[str]) -> bytes:
    said = b"\x00" + subject.bytes + "".join(sorted(heads)).encode()
    return hashlib.sha256(said).digest()
