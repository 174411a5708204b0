"""Edits of parts and shapes on their way into the store: an append-only file beside it.

A batch is `<4sIQHHII` (mark, edits, number, lengths of two fingerprints and of the shapes, CRC-32
of that), the fingerprints of the map before and after it in UTF-8 (empty for changes that don't
come from the map), `EDIT` records in local metres of the city's frame, features of other layers
(`shapes.ShapeEdit`) as JSON, and the CRC-32 of it all. A batch counts
once it is whole and synced; one cut short at the end never counted and is passed over. Anything
else that cannot be read, or does not follow from the map that the store knows, makes the journal
unusable: the store is then built anew from the map, which has the edits anyway.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.engines.citystore.shapes import ShapeEdit

EDIT = np.dtype(
    [("fid", "<u4"), ("cls", "u1"), ("state", "u1"), ("gone", "u1"), ("pad", "u1"),
     ("x", "<f8"), ("y", "<f8")]
)  # fmt: skip
Edits = NDArray[np.void]  # of dtype EDIT: a part as it is now, or gone

_HEAD = struct.Struct("<4sIQHHII")
_HEAD_SUMMED = _HEAD.size - 4
_MARK = b"WGJ2"
_LOST = "?"  # fingerprint that nothing follows from


@dataclass(frozen=True)
class Batch:
    """Edits taken together, in order; `was` and `now` are the map's fingerprints around it."""

    number: int
    edits: Edits
    was: str
    now: str
    shapes: tuple[ShapeEdit, ...] = ()


def edit(fid: int, x: float, y: float, cls: int, state: int) -> Edits:
    """Return one edit: the part `fid` as it is now, local metres."""
    return np.array([(fid, cls, state, 0, 0, x, y)], EDIT)


def removal(fid: int) -> Edits:
    """Return one edit: the part `fid` is gone."""
    return np.array([(fid, 0, 0, 1, 0, 0.0, 0.0)], EDIT)


def followed(batches: Sequence[Batch], fingerprint: str) -> tuple[str, bool]:
    """Return the map's fingerprint after batches, and whether each follows the one before."""
    whole = True
    for batch in batches:
        whole = whole and batch.now != _LOST and batch.was in ("", fingerprint)
        fingerprint = batch.now or fingerprint
    return fingerprint, whole


class Journal:
    """The journal of the store in `folder`; any process may append, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder.with_name(f"{folder.name}.journal")
        self._lock = folder.with_name(f"{folder.name}.journal.lock")
        self._known: tuple[int, int] | None = None  # size, last number

    @property
    def last(self) -> int:
        """The number of the last batch, 0 for none."""
        batches, _whole = self._read()
        return batches[-1].number if batches else 0

    def append(
        self, edits: Edits, was: str = "", now: str = "", *, after: int = 0,
        shapes: Sequence[ShapeEdit] = (),
    ) -> Batch:  # fmt: skip
        """Add a batch, numbered after `after` and all there are; returns when it is on the disk.

        Raises `OSError` if it could not be written; it then does not count.
        """
        with self._locked():
            end = self._mend(after)
            batch = Batch(max(end, after) + 1, edits, was, now, tuple(shapes))
            data = _packed(batch)
            with self.path.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                self._known = (file.tell(), batch.number)
        return batch

    def since(self, folded: int) -> tuple[list[Batch], bool]:
        """Return the batches after number `folded`, and whether the file could be read whole."""
        batches, whole = self._read()
        return [one for one in batches if one.number > folded], whole

    def trim(self, folded: int) -> None:
        """Drop batches up to number `folded`; an empty one stays to keep count."""
        with self._locked():
            batches, whole = self._read()
            kept = [one for one in batches if one.number > folded]
            if len(kept) == len(batches) and whole:
                return
            last = max([folded, *(one.number for one in batches)])
            if not kept:
                kept = [Batch(last, np.empty(0, EDIT), "", "")]
            fresh = self.path.with_name(f"{self.path.name}.new")
            with fresh.open("wb") as file:
                file.write(b"".join(_packed(one) for one in kept))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            self._known = None

    def _mend(self, after: int) -> int:
        """Cut off what is torn; leave word if it may have counted. Returns the last number."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if self._known is not None and self._known[0] == size:
            return self._known[1]
        batches, end, whole = self._scan()
        last = batches[-1].number if batches else 0
        if end < size:
            with self.path.open("r+b") as file:
                file.truncate(end)
        if whole:
            return last
        lost = Batch(max(last, after) + 1, np.empty(0, EDIT), _LOST, _LOST)
        with self.path.open("ab") as file:
            file.write(_packed(lost))
        return lost.number

    def _read(self) -> tuple[list[Batch], bool]:
        """Return all sound batches from the start, and whether they are all that counted."""
        batches, _end, whole = self._scan()
        return batches, whole

    def _scan(self) -> tuple[list[Batch], int, bool]:
        """Return all sound batches, where they end, and whether they are all that counted."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return [], 0, True
        batches, at = [], 0
        while (found := _unpacked(data, at)) is not None:
            batch, at = found
            batches.append(batch)
        return batches, at, _cut_short(data, at)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _packed(batch: Batch) -> bytes:
    was, now, shapes = batch.was.encode(), batch.now.encode(), _shape_bytes(batch.shapes)
    sizes = (len(was), len(now), len(shapes))
    head = _HEAD.pack(_MARK, len(batch.edits), batch.number, *sizes, 0)
    head = head[:_HEAD_SUMMED] + struct.pack("<I", zlib.crc32(head[:_HEAD_SUMMED]))
    body = head + was + now + batch.edits.tobytes() + shapes
    return body + struct.pack("<I", zlib.crc32(body))


def _end(data: bytes, at: int) -> int | None:
    """Return where the batch at a place ends; None if its head is not there or not sound."""
    if at + _HEAD.size > len(data):
        return None
    mark, count, _number, n_was, n_now, n_shapes, crc = _HEAD.unpack_from(data, at)
    if mark != _MARK or crc != zlib.crc32(data[at : at + _HEAD_SUMMED]):
        return None
    return int(at + _HEAD.size + n_was + n_now + count * EDIT.itemsize + n_shapes + 4)


def _cut_short(data: bytes, at: int) -> bool:
    """Whether nothing, or only the beginning of a batch, stands from a place on."""
    if len(data) - at < _HEAD.size:
        return True
    end = _end(data, at)
    return end is not None and end > len(data)


def _unpacked(data: bytes, at: int) -> tuple[Batch, int] | None:
    """Return the batch at a place and where the next begins; None if there is no sound one."""
    end = _end(data, at)
    if end is None or end > len(data):
        return None
    if struct.unpack_from("<I", data, end - 4)[0] != zlib.crc32(data[at : end - 4]):
        return None
    _mark, count, number, n_was, n_now, n_shapes, _crc = _HEAD.unpack_from(data, at)
    start = at + _HEAD.size
    was, now = data[start : start + n_was], data[start + n_was : start + n_was + n_now]
    edits = np.frombuffer(data, EDIT, count, start + n_was + n_now)
    shapes = _shapes_in(data[end - 4 - n_shapes : end - 4])
    return Batch(number, edits, was.decode(), now.decode(), shapes), end


def _shape_bytes(shapes: Sequence[ShapeEdit]) -> bytes:
    if not shapes:
        return b""
    rows = [
        [one.layer, one.fid, one.kind, one.gone, one.width, one.uid.hex(), one.texts,
         [np.asarray(ring, float).tolist() for ring in one.rings], one.holes]
        for one in shapes
    ]  # fmt: skip
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _shapes_in(data: bytes) -> tuple[ShapeEdit, ...]:
    return tuple(
        ShapeEdit(
            layer, fid, kind, gone, width, bytes.fromhex(uid),
            tuple((name, text) for name, text in texts),
            tuple(np.array(ring, float).reshape(-1, 2) for ring in rings), tuple(holes),
        )
        for layer, fid, kind, gone, width, uid, texts, rings, holes in json.loads(data or b"[]")
    )  # fmt: skip
