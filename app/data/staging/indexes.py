"""The indexes of a layer on uid and code, sorted run by run on disk and written page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.data.readers.keys import uids_of
from app.data.spool import Spool, blank, runs
from app.data.staging.btree import Cells, PageFile, index_cells, write_index

_WIDTH = 16
_AT_ONCE = 100_000
_PLACES = 10 ** np.arange(_WIDTH - 1, -1, -1, dtype=np.int64)

Keys = NDArray[np.uint8]
"""Shape (rows, 16): uids, or codes as ASCII."""


class KeySpool:
    """A column of 16 bytes a row, waiting on the disk for its index.

    `whole` turns false where a value is missing or of another form: then SQLite makes the index.
    """

    def __init__(self, folder: Path, *, text: bool) -> None:
        self._folder = folder
        self._text = text
        self._spool = Spool(folder, np.uint8, _WIDTH)
        self.whole = True

    def add(self, column: pa.Array) -> None:
        """Put a column's values behind the others."""
        if not self.whole:
            return
        keys = _sixteen(column.cast(pa.binary()))
        if keys is None or (self._text and not ((keys >= 48) & (keys <= 57)).all()):
            self.whole = False
        else:
            self._spool.add(keys)

    def follow(self, later: KeySpool) -> None:
        """Put the values of `later` behind these."""
        self.whole &= later.whole
        keys = later._spool.array() if self.whole else np.zeros((0, _WIDTH), np.uint8)
        for at in range(0, len(keys), _AT_ONCE):
            self._spool.add(keys[at : at + _AT_ONCE])
        later.close()

    def write(self, file: PageFile, rows: NDArray[np.int64]) -> Written:
        """Write the index; `rows` are the row ids in the order of `add`, rising."""
        keys = self._spool.array()
        made = _Sorted(keys, rows, self._text, self._order(keys))
        root = write_index(file, made.cells())
        return Written(root, made.twice)

    def close(self) -> None:
        """Give the room back."""
        self._spool.close()

    def _order(self, keys: Keys) -> NDArray[np.uint64]:
        """Return what sorts the keys: codes as numbers; of uids eight bytes after common ones."""
        order = blank(self._folder, np.uint64, len(keys))
        first = 0 if self._text else _common(keys)
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            if self._text:
                order[at : at + len(some)] = (some - np.uint8(48)) @ _PLACES
            else:
                piece = np.ascontiguousarray(some[:, first : first + 8])
                order[at : at + len(some)] = piece.view(">u8")[:, 0]
        return order


@dataclass(frozen=True)
class Written:
    """An index that lies in the file: its root page, and how many keys several rows bear."""

    root: int
    twice: int


class _Sorted:
    def __init__(
        self, keys: Keys, rows: NDArray[np.int64], text: bool, order: NDArray[np.uint64]
    ) -> None:
        self._keys, self._rows, self._text, self._by = keys, rows, text, order
        self.twice = 0

    def cells(self) -> Iterator[Cells]:
        """Yield the index's cells in order, run by run; equal keys never lie in two runs."""
        for at, _ in runs(self._by):
            by = self._by[at]
            order = np.argsort(by, kind="stable")
            keys = self._keys[at]
            by = by[order]
            if not self._text and (by[1:] == by[:-1]).any():
                late = np.ascontiguousarray(keys[:, 8:]).view(">u8")[:, 0]
                order = np.lexsort((late, self._by[at]))
            keys = keys[order]
            self.twice += _borne_twice(keys)
            yield index_cells(keys, self._rows[at[order]], text=self._text)


def _borne_twice(keys: Keys) -> int:
    """Return how many of sorted keys come more than once."""
    halves = np.ascontiguousarray(keys).view(np.uint64)
    same = (halves[1:] == halves[:-1]).all(axis=1)
    return int(same.sum() - (same[1:] & same[:-1]).sum())


def _common(keys: Keys) -> int:
    """Return how many leading bytes all keys share, at most eight."""
    most = _WIDTH // 2
    for at in range(0, len(keys), _AT_ONCE):
        differ = (keys[at : at + _AT_ONCE, :most] != keys[0, :most]).any(axis=0)
        most = int(np.argmax(differ)) if differ.any() else most
    return most


def _sixteen(column: Any) -> Keys | None:
    """Return a column of binaries as (rows, 16), None if one is missing or of another length."""
    if column.null_count:
        return None
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    if len(column) and (np.diff(offsets) != _WIDTH).any():
        return None
    return uids_of(column)
