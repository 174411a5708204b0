"""Stable keys, the uids derived from them, and finding repeated rows in flat memory.

A row's `source_key` is its mapping's name and its own id in the source, or, without one, a hash
of what was read; so importing a file twice, or the same rows from a later export, meets the same
uids and adds nothing twice. The uid is shaped as UUIDv7: its 48 time bits are the fixed import
epoch 2000-01-01T00:00:00Z (an imported row's true time of entry is in the import's action), its
74 free bits are the first 80 of BLAKE2b-128 of the key, less six. Two of 15 million keys meet
by chance with a likelihood of 6 in 10⁹.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.data.readers.schemas import IMPORT_EPOCH
from app.data.spool import blank

Uids = NDArray[np.uint8]
"""Shape (rows, 16)."""

_LONG: Final = 500_000
_EPOCH_MS: Final = int(datetime.fromisoformat(IMPORT_EPOCH).timestamp() * 1000)


def derived_uids(keys: Iterable[bytes]) -> Uids:
    """Return one uid per key (UTF-8 bytes), as uint8 of shape (rows, 16)."""
    digests = b"".join(blake2b(key, digest_size=10).digest() for key in keys)
    hashed = np.frombuffer(digests, dtype=np.uint8).reshape(-1, 10)
    uids = np.empty((len(hashed), 16), dtype=np.uint8)
    uids[:, :6] = np.frombuffer(_EPOCH_MS.to_bytes(6, "big"), dtype=np.uint8)
    uids[:, 6:] = hashed
    uids[:, 6] = 0x70 | (uids[:, 6] & 0x0F)
    uids[:, 8] = 0x80 | (uids[:, 8] & 0x3F)
    return uids


def derived_uid(key: str) -> UUID:
    """Return the uid of one key."""
    return UUID(bytes=derived_uids([key.encode()]).tobytes())


def as_bytes(keys: pa.Array) -> list[bytes]:
    """Return a column of keys as UTF-8 bytes."""
    raw: list[bytes] = keys.cast(pa.binary()).to_pylist()
    return raw


def uid_column(uids: Uids) -> pa.Array:
    """Return uids as a column of 16-byte binaries."""
    offsets = np.arange(len(uids) + 1, dtype=np.int32) * 16
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(uids.tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(uids), buffers)


def uids_of(column: pa.Array) -> Uids:
    """Return a column of 16-byte binaries, none of them null, as uint8 of shape (rows, 16)."""
    first = np.frombuffer(column.buffers()[1], np.int32)[column.offset] if len(column) else 0
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)
    uids: Uids = data[first : first + 16 * len(column)].reshape(-1, 16)
    return uids


def stated_uids(texts: Sequence[str | None]) -> list[bytes | None]:
    """Return the bytes of UUIDs written as text, None where one is missing or none."""
    return [_uid_bytes(text) for text in texts]


def _uid_bytes(text: str | None) -> bytes | None:
    try:
        return None if text is None else UUID(text).bytes
    except ValueError:
        return None


def content_key(name: str, content: bytes) -> str:
    """Return the key of a row without an id of its own: a hash of all that was read of it."""
    return f"{name}:#{blake2b(content, digest_size=16).hexdigest()}"


class RepeatFinder:
    """Tells which uids came before in the same file; 8 bytes a row, whatever the file's size.

    Keeps the uids' last 64 bits in sorted runs that are merged as they grow alike; given a
    `folder`, long runs lie there in files without names.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._runs: list[NDArray[np.uint64]] = []

    def first_seen(self, uids: Uids) -> NDArray[np.bool_]:
        """Return True where a uid is new, and remember all of them. `uids`: (rows, 16)."""
        short = np.ascontiguousarray(uids[:, 8:]).view(np.uint64).reshape(-1)
        fresh, first = np.unique(short, return_index=True)
        known = np.zeros(len(fresh), dtype=np.bool_)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, fresh), len(run) - 1)
            known |= run[at] == fresh
        new = np.zeros(len(short), dtype=np.bool_)
        new[first[~known]] = True
        self._remember(fresh[~known])
        return new

    def _remember(self, run: NDArray[np.uint64]) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = self._joined(self._runs.pop(), run)
        run.sort()
        self._runs.append(run)

    def _joined(self, one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
        rows = len(one) + len(other)
        if self._folder is None or rows < _LONG:
            return np.concatenate([one, other])
        both: NDArray[np.uint64] = blank(self._folder, np.uint64, rows)
        both[: len(one)], both[len(one) :] = one, other
        return both
