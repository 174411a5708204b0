"""Columns of text as Arrow strings: cleaned, joined from several columns, translated."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.data.readers.chunks import Column
from app.data.readers.refusals import Refusals
from app.data.writers.cells import unguarded

Texts = Any
"""An Arrow array of strings, null where missing."""

_BLANKS = " \t\r\n\f\v\x1c\x1d\x1e\x1f\x85\xa0\u3000\ufeff"


def strings(column: Column, name: str, refusals: Refusals) -> Texts:
    """Return a column as Arrow strings; rows with bytes that were no text are refused."""
    if not isinstance(column, list):
        return _without_zeros(column, name, refusals)
    try:
        return _without_zeros(pa.array(column, pa.string()), name, refusals)
    except (UnicodeEncodeError, pa.ArrowInvalid):
        bad = np.fromiter((not _is_text(text) for text in column), np.bool_, len(column))
        reason = "bytes that are no text in this encoding"
        refusals.refuse(bad, name, column, reason, "save the file in one encoding, UTF-8 at best")
        return pa.array([None if b else t for t, b in zip(column, bad, strict=True)], pa.string())


def _without_zeros(column: Texts, name: str, refusals: Refusals) -> Texts:
    """Refuse rows with zero bytes, at which many programs end a text."""
    bad = bools(pc.match_substring(column, "\0"))
    if bad.any():
        reason, mend = "holds a zero byte", "the file was damaged; export it again"
        refusals.refuse(bad, name, column, reason, mend)
        return pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), column)
    return column


def _is_text(text: str | None) -> bool:
    try:
        return text is None or text.encode() is not None
    except UnicodeEncodeError:
        return False


def cleaned(
    column: Texts, missing: Sequence[str], *, entities: bool = True, guards: bool = False
) -> Texts:
    """Strip, decode HTML entities (also doubled ones), and turn what means nothing into null.

    `entities`: off where they stand for themselves; `guards`: an apostrophe that keeps a
    spreadsheet from computing is taken off.
    """
    if entities and pc.any(pc.match_substring(column, "&")).as_py():
        column = mapped(column, _decoded)
    column = pc.utf8_trim(column, _BLANKS)
    if guards and pc.any(pc.starts_with(column, "'")).as_py():
        column = mapped(column, unguarded)
    nothing = pc.is_in(column, pa.array(missing, pa.string()))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), column)


def _decoded(text: str) -> str:
    return html.unescape(html.unescape(text)).replace("\xa0", " ") if "&" in text else text


def mapped(column: Texts, change: Callable[[str], str | None]) -> Texts:
    """Return the column with each different text changed once."""
    parts = column.dictionary_encode()
    changed = [None if text is None else change(text) for text in parts.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(parts.indices)


def translated(column: Texts, table: Mapping[str, str]) -> Texts:
    """Replace source values by what the mapping says; `*` stands for those not listed."""
    return mapped(column, lambda text: table.get(text, table.get("*", text)))


def given(column: Any) -> NDArray[np.bool_]:
    """Return where a column is not null."""
    return bools(pc.is_valid(column))


def bools(column: Any) -> NDArray[np.bool_]:
    """Return an Arrow column of truths (null counts as false) as NumPy."""
    filled = pc.fill_null(column, False)
    result: NDArray[np.bool_] = filled.to_numpy(zero_copy_only=False).astype(np.bool_)
    return result
