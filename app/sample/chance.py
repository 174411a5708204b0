"""Chance that repeats itself: the same seed and words give the same numbers and uids."""

from __future__ import annotations

import hashlib
import random
from uuid import UUID

from app.domain.identity import uuid7

FIRST_MS = 1_760_000_000_000  # 2025-10: when the sample city's rolls were drawn up


def rng_of(seed: int, *words: str) -> random.Random:
    """Return a generator of its own for `words`."""
    return random.Random(_digest(seed, *words))


def uid_of(seed: int, *words: str, ms: int = FIRST_MS) -> UUID:
    """Return the UUIDv7 that `words` always have under `seed`."""
    return uuid7(ms, _digest(seed, *words))


def _digest(seed: int, *words: str) -> int:
    text = "\x00".join((str(seed), *words))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])
