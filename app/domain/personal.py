"""Personal data kept apart from actions, erasable by key.

An action holds `Sealed.commitment`; the vault holds the `Secret`. Erasing removes value and
salt, so that hashes, signatures and fold stay as they were.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from app.domain.actions import commitment
from app.domain.identity import new_uid

KINDS = frozenset({"words", "reporter_name", "reporter_phone", "address", "note", "reason"})


@dataclass(frozen=True)
class Secret:
    """One erasable value about a subject: its key, kind, salt and words."""

    key: UUID
    subject: UUID
    kind: str
    salt: bytes
    value: str

    @property
    def commitment(self) -> str:
        """The hash that may stand in an action."""
        return commitment(self.salt, self.value)

    def reference(self) -> dict[str, str]:
        """Return what the action's body carries: key and commitment."""
        return {"key": str(self.key), "commitment": self.commitment}


def seal(subject: UUID, kind: str, value: str) -> Secret:
    """Put `value` under a fresh key and salt."""
    return Secret(new_uid(), subject, kind, secrets.token_bytes(16), value)
