"""What a photo says of itself: when and where it was taken, from its EXIF block.

Reads JPEG's APP1 segment (Exif 2.32, CIPA DC-008; TIFF 6.0 inside). Any bytes may come: what
cannot be read is simply not known, and no offset is believed before it is checked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

_MAGIC = b"Exif\x00\x00"
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}  # bytes of each TIFF type
_MOST_TAGS, _MOST_SEGMENTS = 200, 60
_EXIF, _GPS = 0x8769, 0x8825
_TAKEN, _OFFSET = 0x9003, 0x9011  # DateTimeOriginal, OffsetTimeOriginal
_NORTH, _LAT, _EAST, _LON = 1, 2, 3, 4


@dataclass(frozen=True)
class PhotoFacts:
    """Unix ms and degrees WGS 84 as the camera wrote them; None where it wrote none."""

    taken_ms: int | None = None
    lon: float | None = None
    lat: float | None = None


def photo_facts(data: bytes, zone: tzinfo) -> PhotoFacts:
    """Return what the EXIF block in `data` says; a time without an offset is taken in `zone`."""
    block = _block(data)
    if block is None:
        return PhotoFacts()
    try:
        tiff = _Tiff(block)
        first = tiff.tags(tiff.long(4))
        own, gps = tiff.inside(first, _EXIF), tiff.inside(first, _GPS)
        place = _place(gps)
        return PhotoFacts(_taken(own, zone), *place)
    except (struct.error, ValueError, OverflowError, ZeroDivisionError, IndexError):
        return PhotoFacts()


def _block(data: bytes) -> bytes | None:
    """Return the TIFF block within a JPEG file, None if there is none."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return None
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xE1 and data[at + 4 : at + 10] == _MAGIC:
            return data[at + 10 : at + 2 + size]
        if marker == 0xDA or size < 2:
            return None
        at += 2 + size
    return None


class _Tiff:
    """A TIFF block; raises `ValueError` or `struct.error` for what points outside of it."""

    def __init__(self, block: bytes) -> None:
        order = {b"II": "<", b"MM": ">"}.get(block[:2])
        if order is None:
            raise ValueError("no TIFF")
        self._block, self._order = block, order

    def long(self, at: int) -> int:
        return int(struct.unpack_from(self._order + "I", self._block, at)[0])

    def tags(self, at: int) -> dict[int, tuple[int, bytes]]:
        """Return type and bytes by tag of the directory at an offset."""
        count = struct.unpack_from(self._order + "H", self._block, at)[0]
        found: dict[int, tuple[int, bytes]] = {}
        for n in range(min(count, _MOST_TAGS)):
            place = at + 2 + 12 * n
            tag, kind, many = struct.unpack_from(self._order + "HHI", self._block, place)
            size = _SIZES.get(kind, 0) * many
            start = place + 8 if size <= 4 else self.long(place + 8)
            if 0 < size <= len(self._block) - start:
                found[tag] = kind, self._block[start : start + size]
        return found

    def inside(self, tags: dict[int, tuple[int, bytes]], tag: int) -> _Tags:
        """Return the directory that a tag points to, empty if there is none."""
        if tag not in tags or len(tags[tag][1]) != 4:
            return _Tags({}, self._order)
        return _Tags(self.tags(int(struct.unpack(self._order + "I", tags[tag][1])[0])), self._order)


@dataclass(frozen=True)
class _Tags:
    """One directory's values."""

    raw: dict[int, tuple[int, bytes]]
    order: str

    def text(self, tag: int) -> str:
        return self.raw.get(tag, (2, b""))[1].split(b"\x00")[0].decode("ascii", "replace").strip()

    def degrees(self, tag: int) -> float | None:
        kind, data = self.raw.get(tag, (0, b""))
        if kind != 5 or len(data) != 24:
            return None
        parts = struct.unpack(self.order + "6I", data)
        degrees, minutes, seconds = (parts[n] / parts[n + 1] for n in (0, 2, 4))
        return float(degrees + minutes / 60 + seconds / 3600)


def _taken(tags: _Tags, zone: tzinfo) -> int | None:
    text, offset = tags.text(_TAKEN), tags.text(_OFFSET)
    if not text:
        return None
    if len(offset) == 6 and offset[0] in "+-":
        sign = -1 if offset[0] == "-" else 1
        zone = timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6])))
    at = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    return int(at.timestamp() * 1000)


def _place(tags: _Tags) -> tuple[float | None, float | None]:
    lon, lat = tags.degrees(_LON), tags.degrees(_LAT)
    if lon is None or lat is None or not (lon <= 180 and lat <= 90) or (lon == 0 and lat == 0):
        return None, None
    west, south = tags.text(_EAST) == "W", tags.text(_NORTH) == "S"
    return (-lon if west else lon), (-lat if south else lat)
