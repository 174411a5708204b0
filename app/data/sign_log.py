"""Readings 读数 on disk: `signs/`, one append-only file a UTC day, in packed blocks.

A block is `WGS1`, its length and CRC-32 (little endian), then zlib of: a JSON line with the
codes that the columns point to, and the columns (see `ReadingBatch`) one after another. A block
is durable once `append` returns. What a crash tore off at the end is cut away at the next
append and never read. One process appends (the one that plays the ingest role); any may read.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from app.data.errors import translated_files
from app.runtime.batches import ReadingBatch

_HEAD = struct.Struct("<4sII")
_MAGIC = b"WGS1"
_COLUMNS = (("sign", "<u2"), ("area", "<u2"), ("value", "<f8"), ("at_ms", "<i8"))
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """How far a reader has come: file name and offset in bytes."""

    day: str = ""
    offset: int = 0


class ReadingLog(Protocol):
    """The readings of one city, local or remote, in order of arrival."""

    def append(self, batches: Sequence[ReadingBatch], now_ms: int) -> int:
        """Store `batches` under the UTC day of `now_ms`, durably; return how many readings."""
        ...

    def days(self) -> list[str]:
        """Return the days that have readings, `YYYYMMDD`, in order."""
        ...

    def read(self, day: str) -> Iterator[ReadingBatch]:
        """Return the batches of a day."""
        ...

    def recent(self, count: int) -> list[ReadingBatch]:
        """Return the last `count` batches of the last day, oldest first."""
        ...

    def end(self) -> Place:
        """Return the place behind everything that is there now."""
        ...

    def since(self, place: Place) -> tuple[list[ReadingBatch], Place]:
        """Return what came after `place`, and the new place."""
        ...


class SignLog:
    """The readings of one city folder; fulfils `ReadingLog`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mended: set[str] = set()

    def append(self, batches: Sequence[ReadingBatch], now_ms: int) -> int:
        """Store `batches` under the UTC day of `now_ms`; return how many readings.

        Durable at return. Raises `StorageFailure` when disk or rights fail.
        """
        if not batches:
            return 0
        path = self._folder / f"{day_of(now_ms)}.log"
        with translated_files(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._mend(path)
            with path.open("ab") as file:
                file.write(b"".join(pack(batch) for batch in batches))
                file.flush()
                os.fsync(file.fileno())
        return sum(len(batch) for batch in batches)

    def days(self) -> list[str]:
        """Return the days that have readings, `YYYYMMDD`, in order."""
        return sorted(path.stem for path in self._folder.glob("????????.log"))

    def read(self, day: str) -> Iterator[ReadingBatch]:
        """Return the batches of a day in order of arrival, up to a torn end."""
        yield from self.since(Place(day, 0), until=day)[0]

    def recent(self, count: int) -> list[ReadingBatch]:
        """Return the last `count` batches of the last day, oldest first, to begin with."""
        days = self.days()
        if not days:
            return []
        path = self._folder / f"{days[-1]}.log"
        starts = deque(_starts(path), maxlen=count)
        return [batch for batch, _ in _blocks(path, starts[0])] if starts else []

    def end(self) -> Place:
        """Return the place behind everything that is there now."""
        days = self.days()
        if not days:
            return Place()
        return Place(days[-1], _good_bytes(self._folder / f"{days[-1]}.log"))

    def since(self, place: Place, until: str = "9") -> tuple[list[ReadingBatch], Place]:
        """Return what came after `place`, and the new place; for those who watch another's log."""
        found: list[ReadingBatch] = []
        for day in self.days():
            if not place.day <= day <= until:
                continue
            offset = place.offset if day == place.day else 0
            path = self._folder / f"{day}.log"
            if path.stat().st_size > offset or day != place.day:
                for batch, end in _blocks(path, offset):
                    found.append(batch)
                    offset = end
            place = Place(day, offset)
        return found, place

    def _mend(self, path: Path) -> None:
        if path.name in self._mended:
            return
        self._mended.add(path.name)
        if path.exists():
            good = _good_bytes(path)
            if good < path.stat().st_size:
                os.truncate(path, good)


def pack(batch: ReadingBatch) -> bytes:
    """Return a batch as one block."""
    codes = {"signs": batch.signs, "areas": batch.areas, "source": batch.source, "n": len(batch)}
    columns = b"".join(
        np.ascontiguousarray(getattr(batch, name), dtype=kind).tobytes() for name, kind in _COLUMNS
    )
    data = zlib.compress(json.dumps(codes, ensure_ascii=False).encode() + b"\n" + columns, 1)
    return _HEAD.pack(_MAGIC, len(data), zlib.crc32(data)) + data


def unpack_block(block: bytes) -> ReadingBatch | None:
    """Return the batch in a block as `pack` made it; None if the block was altered."""
    size = _HEAD.size
    data = _next_block(block[:size], lambda length: block[size : size + length])
    return _unpack(data) if data is not None else None


def day_of(now_ms: int) -> str:
    """Return the UTC day of a time in Unix ms, `YYYYMMDD`."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d")


def _unpack(data: bytes) -> ReadingBatch:
    raw = zlib.decompress(data)
    split = raw.index(b"\n") + 1
    codes = json.loads(raw[:split])
    columns, offset = {}, split
    for name, kind in _COLUMNS:
        columns[name] = np.frombuffer(raw, kind, codes["n"], offset)
        offset += columns[name].nbytes
    return ReadingBatch(
        tuple(codes["signs"]), tuple(codes["areas"]), source=codes["source"], **columns
    )


def _blocks(path: Path, offset: int) -> Iterator[tuple[ReadingBatch, int]]:
    with path.open("rb") as file:
        file.seek(offset)
        while (data := _next_block(file.read(_HEAD.size), file.read)) is not None:
            offset += _HEAD.size + len(data)
            yield _unpack(data), offset


def _starts(path: Path) -> Iterator[int]:
    """Walk the heads alone: where each block begins."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while at + _HEAD.size <= size:
            file.seek(at)
            magic, length, _ = _HEAD.unpack(file.read(_HEAD.size))
            if magic != _MAGIC or at + _HEAD.size + length > size:
                return
            yield at
            at += _HEAD.size + length


def _good_bytes(path: Path) -> int:
    good = 0
    with path.open("rb") as file:
        while (data := _next_block(file.read(_HEAD.size), file.read)) is not None:
            good += _HEAD.size + len(data)
    return good


def _next_block(head: bytes, read: Callable[[int], bytes]) -> bytes | None:
    if len(head) < _HEAD.size:
        return None
    magic, length, crc = _HEAD.unpack(head)
    if magic != _MAGIC or length > _MOST_BYTES:
        return None
    data = read(length)
    return data if len(data) == length and zlib.crc32(data) == crc else None
