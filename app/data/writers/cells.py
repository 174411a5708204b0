"""Cells of spreadsheets: keep what people open from running as a formula."""

from __future__ import annotations

from typing import Final

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return `text` so that Excel shows it: a leading apostrophe where it would compute it.

    Numbers, also negative ones and pairs of them, stay as they are.
    """
    if text.startswith(_STARTS_FORMULA) and not _is_numbers(text):
        return f"'{text}"
    return text


def unguarded(text: str) -> str:
    """Undo `guarded`."""
    if text.startswith("'") and text[1:].startswith(_STARTS_FORMULA):
        return text[1:]
    return text


def _is_numbers(text: str) -> bool:
    try:
        return all(float(piece) == float(piece) for piece in text.split(", "))
    except ValueError:
        return False
