"""Cells of spreadsheets: keep what people open from running as a formula."""

from __future__ import annotations

from typing import Final

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return `text` so that Excel shows it: a leading apostrophe where it would compute it.

    Numbers, also negative ones and pairs of them, stay as they are.
    """
    computes = text.lstrip("'").startswith(_STARTS_FORMULA)
    return f"'{text}" if computes and not _is_numbers(text) else text


def unguarded(text: str) -> str:
    """Undo `guarded`."""
    kept = text.startswith("'") and text.lstrip("'").startswith(_STARTS_FORMULA)
    return text[1:] if kept else text


def _is_numbers(text: str) -> bool:
    try:
        return all(float(piece) == float(piece) for piece in text.split(", "))
    except ValueError:
        return False
