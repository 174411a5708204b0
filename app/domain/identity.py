"""Identity: UUIDv7 everywhere (RFC 9562, section 5.7), so that keys sort by time."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

_RANDOM_BITS = 74


def uuid7(ms: int, entropy: int) -> UUID:
    """Build a UUIDv7 from Unix milliseconds `ms` (48 bits) and 74 bits of `entropy`."""
    entropy &= (1 << _RANDOM_BITS) - 1
    high, low = entropy >> 62, entropy & ((1 << 62) - 1)
    return UUID(int=(ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def new_uid() -> UUID:
    """Return a fresh UUIDv7 of now."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS))


def uid_ms(uid: UUID) -> int:
    """Return the Unix milliseconds inside a UUIDv7."""
    return uid.int >> 80
