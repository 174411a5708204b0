"""Actions: signed, append-only steps, the truth about a case.

An action's canonical bytes are UTF-8 JSON with sorted keys, no white space, and neither floats
nor nulls (a subset of RFC 8785). They are stored as bytes and never rewritten; its hash is
SHA-256 over them. `parents` are the hashes of the heads of the case as its author saw them, so
the actions of a case form a hash DAG and two laptops can both append.

Personal data never stand here: `body` carries only commitments to values kept in the vault.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from app.domain.errors import Forged, InvalidInput
from app.domain.hlc import Stamp

FORMAT = 1
Body = Mapping[str, Any]
_MAX_BYTES = 256 * 1024
_DEEPEST = 32
_HASH = re.compile(r"[0-9a-f]{64}")
_KEYS = frozenset(
    {"format", "uid", "subject", "device", "hlc", "parents", "type", "version", "rules", "actor",
     "role", "body"}
)  # fmt: skip


@dataclass(frozen=True)
class Action:
    """One step about one subject (a case, a rule set, an import).

    Attributes:
        uid: UUIDv7 of the action.
        subject: what it is about; for a case, the case's uid.
        device: id of the signing key.
        stamp: hybrid logical time.
        parents: hashes (64 hex digits) of the subject's heads seen by the author, sorted.
        type: name of the move or event, such as `report` or `dispatch`.
        version: version of the body's form.
        rules: hash of the rule set the action was taken under.
        actor: uid of the person who took it, or of the machine's own identity.
        role: the role in which it was taken.
        body: the rest; strings, whole numbers, booleans, lists and maps only.
    """

    uid: UUID
    subject: UUID
    device: str
    stamp: Stamp
    parents: tuple[str, ...]
    type: str
    version: int
    rules: str
    actor: UUID
    role: str
    body: Body = field(default_factory=dict)

    @cached_property
    def canonical(self) -> bytes:
        """The bytes that are hashed, signed and stored."""
        return canonical_bytes(
            {
                "format": FORMAT,
                "uid": str(self.uid),
                "subject": str(self.subject),
                "device": self.device,
                "hlc": str(self.stamp),
                "parents": sorted(self.parents),
                "type": self.type,
                "version": self.version,
                "rules": self.rules,
                "actor": str(self.actor),
                "role": self.role,
                "body": self.body,
            }
        )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical bytes, 64 hex digits."""
        return hashlib.sha256(self.canonical).hexdigest()


@dataclass(frozen=True)
class SignedAction:
    """An action with its signature, as stored and exchanged.

    `data` are the canonical bytes as they were signed; `suite` names the signature's kind
    (`ed25519`), `signature` its raw bytes.
    """

    data: bytes
    suite: str
    signature: bytes

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the stored bytes, 64 hex digits."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def action(self) -> Action:
        """The action these bytes say; raises `Forged` if they are not canonical."""
        return parse_action(self.data)


class Signer(Protocol):
    """Signs for one device."""

    @property
    def device(self) -> str: ...

    @property
    def suite(self) -> str: ...

    def sign(self, data: bytes) -> bytes: ...


class Verifier(Protocol):
    """Knows the public keys of devices."""

    def verify(self, device: str, suite: str, data: bytes, signature: bytes) -> bool: ...


def sign_action(action: Action, signer: Signer) -> SignedAction:
    """Sign `action` with its device's key; raises `Forged` if it names another device."""
    if action.device != signer.device:
        raise Forged("The action names another device than the key that signs it.")
    payload = signed_payload(signer.suite, action.canonical)
    return SignedAction(action.canonical, signer.suite, signer.sign(payload))


def signed_payload(suite: str, data: bytes) -> bytes:
    """Return the bytes that a signature covers: the suite's name and the canonical bytes."""
    return b"wangge-action\x00" + suite.encode() + b"\x00" + data


def check_signed(signed: SignedAction, verifier: Verifier) -> Action:
    """Return the action if bytes and signature hold; raises `Forged` otherwise."""
    action = signed.action
    payload = signed_payload(signed.suite, signed.data)
    if not verifier.verify(action.device, signed.suite, payload, signed.signature):
        raise Forged(f"The signature of action {action.uid} does not hold; it was not taken.")
    return action


def canonical_bytes(value: Mapping[str, Any], limit: int = _MAX_BYTES) -> bytes:
    """Encode `value`, at most `limit` bytes.

    Raises `InvalidInput` on floats, nulls, bytes, keys that are no text, or too much.
    """
    _check_plain(value, "action")
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("The text holds half a character.", field="body") from error
    if len(data) > limit:
        raise InvalidInput(f"An action may hold {limit} bytes at most.", field="body")
    return data


def parse_action(data: bytes) -> Action:
    """Read canonical bytes; raises `Forged` for anything else."""
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError("size")
        raw = json.loads(data)
        if not isinstance(raw, dict) or set(raw) != _KEYS or raw["format"] != FORMAT:
            raise ValueError("fields")
        action = Action(
            uid=UUID(raw["uid"]),
            subject=UUID(raw["subject"]),
            device=str(raw["device"]),
            stamp=Stamp.parse(raw["hlc"]),
            parents=_parents(raw["parents"]),
            type=str(raw["type"]),
            version=int(raw["version"]),
            rules=str(raw["rules"]),
            actor=UUID(raw["actor"]),
            role=str(raw["role"]),
            body=_map(raw["body"]),
        )
        same = action.canonical == data
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidInput) as error:
        raise Forged("The bytes are no action of this format; nothing was taken.") from error
    if not same:
        raise Forged("The bytes of the action are not in canonical form; nothing was taken.")
    return action


def commitment(salt: bytes, value: str) -> str:
    """Return the salted SHA-256 that stands in an action for a personal `value`."""
    return hashlib.sha256(b"wangge-personal\x00" + salt + b"\x00" + value.encode()).hexdigest()


def _parents(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise ValueError("parents")
    if len(set(raw)) != len(raw) or not all(_HASH.fullmatch(one) for one in raw):
        raise ValueError("parents")
    return tuple(raw)


def _map(raw: object) -> Body:
    if not isinstance(raw, dict):
        raise ValueError("body")
    return raw


def _check_plain(value: Any, where: str, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise InvalidInput(f"An action may be nested {_DEEPEST} deep at most.", field="body")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InvalidInput(f"{where}: keys must be text.", field=where)
            _check_plain(inner, f"{where}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_plain(inner, where, depth + 1)
    elif isinstance(value, bool | str) or (isinstance(value, int) and abs(value) < 2**53):
        return
    else:
        raise InvalidInput(
            f"{where}: {type(value).__name__} cannot stand in an action.", field=where
        )
