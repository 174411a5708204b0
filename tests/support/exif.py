"""A JPEG's beginning with an EXIF block that says when and where."""

from __future__ import annotations

import struct


def exif_jpeg(order: str = "<", offset: str = "", west: bool = False) -> bytes:
    """Return a JPEG's beginning whose EXIF says 2026-11-23 13:51:20 at 31.2103 N 121.452 E."""
    first_at, own_at, gps_at, data_at = 8, 8 + 2 + 24 + 4, 8 + 30 + 2 + 24 + 4, 150
    lat, lon = (31, 1, 12, 1, 3708, 100), (121, 1, 27, 1, 72, 10)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, first_at)
    first = struct.pack(order + "H", 2) + _tag(order, 0x8769, 4, 1, own_at)
    first += _tag(order, 0x8825, 4, 1, gps_at) + bytes(4)
    own = struct.pack(order + "H", 2) + _tag(order, 0x9003, 2, 20, data_at)
    own += _tag(order, 0x9011, 2, 7, data_at + 20) + bytes(4)
    gps = struct.pack(order + "H", 4) + _text(order, 1, b"N\0\0\0")
    gps += _tag(order, 2, 5, 3, data_at + 28) + _text(order, 3, b"W\0\0\0" if west else b"E\0\0\0")
    gps += _tag(order, 4, 5, 3, data_at + 52) + bytes(4)
    data = b"2026:11:23 13:51:20\0" + offset.encode().ljust(8, b"\0")
    data += struct.pack(order + "6I", *lat) + struct.pack(order + "6I", *lon)
    block = (head + first + own + gps).ljust(data_at, b"\0") + data
    size = struct.pack(">H", len(block) + 8)
    return b"\xff\xd8\xff\xe1" + size + b"Exif\0\0" + block + b"\xff\xda"


def _tag(order: str, tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack(order + "HHII", tag, kind, count, value)


def _text(order: str, tag: int, text: bytes) -> bytes:
    return struct.pack(order + "HHI", tag, 2, 2) + text
