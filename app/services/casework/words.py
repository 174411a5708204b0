"""What people say and bring: free words for the vault, photos by their hash."""

from __future__ import annotations

import re
from uuid import UUID

from app.domain.errors import InvalidInput
from app.domain.personal import Secret, seal

_MOST_LETTERS = dict.fromkeys(("words", "note", "reason", "condition", "reply"), 4000)
_FEWER_LETTERS = 200
_DIGEST = re.compile(r"[0-9a-f]{64}")


def sealed(case: UUID, kind: str, value: str) -> Secret:
    """Return a value for the vault; raises `InvalidInput` for what it cannot hold."""
    if any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidInput(f"{kind} holds what is no character.", field=kind, code="no_character")
    most = _MOST_LETTERS.get(kind, _FEWER_LETTERS)
    if len(value) > most:
        raise InvalidInput(
            f"{kind} may have {most} letters, not {len(value)}.", field=kind, code="words_too_long"
        )
    return seal(case, kind, value)


def check_photos(photos: tuple[str, ...]) -> None:
    """Raise `InvalidInput` unless each photo is named by its content hash."""
    for photo in photos:
        if not _DIGEST.fullmatch(photo):
            raise InvalidInput("A photo is named by its SHA-256.", field="photos")
