"""Tiles of base maps on disk: what was once seen can be seen again without the network.

A tile lies in the city's own metres: 512 px square, at a scale of whole octaves, so that the same
few levels serve every zoom. One file a tile, written whole or not at all and checked when read: a
torn one counts as absent. Tiles beyond the limit go, those least lately used first; kept ones (a
view kept for use offline) stay until they are forgotten. Other processes may use the same folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import struct
import tempfile
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.basemaps import BaseMap
from app.domain.camera import Bounds
from app.domain.errors import StorageFailure

SIDE = 512
LIMIT = 512 << 20
COARSEST, FINEST = 9, -4  # octaves: 512 m to 1/16 m a pixel
_MAGIC = b"WGBM1"
_HEAD = struct.Struct("<5sdI32s")  # magic, made (Unix s), checksum of the body, stamp
_LOOSE, _KEPT = ".tile", ".kept"

Pixels = NDArray[np.uint32]


@dataclass(frozen=True)
class BaseKey:
    """A tile of a base map: `2 ** level` metres a pixel, column and row from (0, 0) metres."""

    level: int
    col: int
    row: int

    @property
    def bounds(self) -> Bounds:
        """The ground it shows, local metres."""
        span = SIDE * 2.0**self.level
        return Bounds(
            self.col * span, self.row * span, (self.col + 1) * span, (self.row + 1) * span
        )


@dataclass(frozen=True)
class Stored:
    """A tile as it lay on disk: premultiplied 0xAARRGGBB (SIDE, SIDE), Unix seconds, its stamp."""

    pixels: Pixels
    made_s: float
    stamp: str


def level_for(m_per_px: float) -> int:
    """Return the level that is laid where a physical pixel is so many metres."""
    return min(max(round(math.log2(m_per_px)), FINEST), COARSEST)


def base_keys(level: int, box: Bounds) -> list[BaseKey]:
    """Return the tiles of a level over a box (local metres), those nearest its middle first."""
    span = SIDE * 2.0**level
    c0, c1 = math.floor(box.x0 / span), math.floor(box.x1 / span)
    r0, r1 = math.floor(box.y0 / span), math.floor(box.y1 / span)
    cx, cy = box.centre
    keys = [BaseKey(level, c, r) for r in range(r0, r1 + 1) for c in range(c0, c1 + 1)]
    return sorted(
        keys, key=lambda k: ((k.col + 0.5) * span - cx) ** 2 + ((k.row + 0.5) * span - cy) ** 2
    )


def keys_count(level: int, box: Bounds) -> int:
    """Return how many tiles `base_keys` would give."""
    span = SIDE * 2.0**level
    across = math.floor(box.x1 / span) - math.floor(box.x0 / span) + 1
    return across * (math.floor(box.y1 / span) - math.floor(box.y0 / span) + 1)


def stamp_of(base: BaseMap) -> str:
    """Return a text that changes with a local file; empty for what comes over a network."""
    if base.is_network:
        return ""
    try:
        stat = Path(base.address).stat()
    except OSError:
        return ""
    return hashlib.sha256(f"{stat.st_mtime_ns} {stat.st_size}".encode()).hexdigest()[:32]


def shelf_name(base: BaseMap, lon0: float, lat0: float) -> str:
    """Return the folder of a base map's tiles in the frame of a city (degrees)."""
    place = hashlib.sha256(f"{lon0!r} {lat0!r}".encode()).hexdigest()[:8]
    return f"{base.fingerprint()}-{place}"


class BaseMapCache:
    """The folder of tiles. Any thread; raises `StorageFailure` only where it says so."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder, self._limit = folder, limit
        self._lock = threading.Lock()
        self._sizes: OrderedDict[Path, int] | None = None  # loose tiles, least lately used first
        self._bytes = 0

    def read(self, shelf: str, key: BaseKey) -> Stored | None:
        """Return a tile, or None if it is absent or torn (it is removed then)."""
        for ending in (_KEPT, _LOOSE):
            path = self._path(shelf, key, ending)
            try:
                raw = path.read_bytes()
            except OSError:
                continue
            stored = _unpack(raw)
            if stored is None:
                self._drop(path)
                continue
            if ending == _LOOSE:
                self._touch(path)
            return stored
        return None

    def write(
        self, shelf: str, key: BaseKey, stored: Stored, *, keep: bool = False
    ) -> int:  # fmt: skip
        """Keep a tile; returns its bytes. Raises `StorageFailure` where the disk refuses."""
        raw = _pack(stored)
        path = self._path(shelf, key, _KEPT if keep else _LOOSE)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(raw)
                Path(part).replace(path)
            except OSError:
                Path(part).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StorageFailure(
                f"A tile of the base map could not be kept: {error.strerror}.",
                advice="Make room on the disk. The map goes on without it.",
            ) from error
        if not keep:
            self._count(path, len(raw))
        return len(raw)

    def holds(self, shelf: str, key: BaseKey, *, kept: bool = False) -> bool:
        """Whether a tile is there (`kept`: for good); it may still prove torn when read."""
        endings = (_KEPT,) if kept else (_KEPT, _LOOSE)
        return any(self._path(shelf, key, ending).exists() for ending in endings)

    def bytes_of(self, shelf: str) -> tuple[int, int]:
        """Return how many tiles a shelf has, and their bytes."""
        sizes = [size for _, _, size in _files(self._folder / shelf)]
        return len(sizes), sum(sizes)

    def held(self) -> tuple[int, int]:
        """Return the bytes of all tiles, and of those that are kept for good."""
        sizes = [(path.suffix, size) for path, _, size in _files(self._folder)]
        kept = sum(size for suffix, size in sizes if suffix == _KEPT)
        return sum(size for _, size in sizes), kept

    def set_limit(self, limit: int) -> None:
        """Hold at most so many bytes of loose tiles from the next one on."""
        self._limit = limit

    def clear(self) -> None:
        """Remove all loose tiles; what is kept for use offline stays."""
        for path, _, _ in list(_files(self._folder)):
            if path.suffix == _LOOSE:
                self._drop(path)

    def forget(self, shelf: str) -> None:
        """Remove all tiles of a shelf, kept ones too."""
        for path, _, _ in list(_files(self._folder / shelf)):
            self._drop(path)

    def _path(self, shelf: str, key: BaseKey, ending: str) -> Path:
        return self._folder / shelf / str(key.level) / f"{key.col}_{key.row}{ending}"

    def _touch(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            os.utime(path)
        with self._lock:
            if self._sizes is not None and path in self._sizes:
                self._sizes.move_to_end(path)

    def _count(self, path: Path, size: int) -> None:
        """Count a new tile and let the oldest go where there are too many."""
        old: list[Path] = []
        with self._lock:
            if self._sizes is None:
                found = sorted(_files(self._folder), key=lambda one: one[1])
                self._sizes = OrderedDict(
                    (p, size) for p, _, size in found if p.suffix == _LOOSE and p != path
                )
                self._bytes = sum(self._sizes.values())
            self._bytes += size - self._sizes.pop(path, 0)
            self._sizes[path] = size
            while self._bytes > self._limit and len(self._sizes) > 1:
                gone, its = self._sizes.popitem(last=False)
                self._bytes -= its
                old.append(gone)
        for one in old:
            with contextlib.suppress(OSError):
                one.unlink(missing_ok=True)

    def _drop(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        with self._lock:
            if self._sizes is not None:
                self._bytes -= self._sizes.pop(path, 0)


def _files(folder: Path) -> Iterator[tuple[Path, float, int]]:
    """Yield tiles below a folder with time of change and bytes."""
    for path in folder.rglob("*"):
        if path.suffix in (_LOOSE, _KEPT):
            with contextlib.suppress(OSError):
                stat = path.stat()
                yield path, stat.st_mtime, stat.st_size


def _pack(stored: Stored) -> bytes:
    body = zlib.compress(np.ascontiguousarray(stored.pixels).tobytes(), 1)
    head = _HEAD.pack(_MAGIC, stored.made_s, zlib.crc32(body), stored.stamp.encode("ascii"))
    return head + body


def _unpack(raw: bytes) -> Stored | None:
    if len(raw) <= _HEAD.size:
        return None
    magic, made_s, checksum, stamp = _HEAD.unpack_from(raw)
    body = raw[_HEAD.size :]
    if magic != _MAGIC or zlib.crc32(body) != checksum:
        return None
    try:
        pixels = np.frombuffer(zlib.decompress(body), np.uint32).reshape(SIDE, SIDE)
    except (zlib.error, ValueError):
        return None
    return Stored(pixels, made_s, stamp.rstrip(b"\0").decode("ascii"))
