"""Writes a small GeoTIFF in degrees, without a library that could hide a shift."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_geotiff(
    path: Path, pixels: NDArray[np.uint8], west: float, north: float, step: float
) -> None:
    """Write `pixels` (height, width, 3) in EPSG:4326; `step` degrees a pixel, corner given."""
    height, width, _ = pixels.shape
    keys = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
    body = pixels.tobytes()
    tags: list[tuple[int, int, int, bytes]] = [
        (256, 4, 1, struct.pack("<I", width)),
        (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 3, struct.pack("<3H", 8, 8, 8)),
        (259, 3, 1, struct.pack("<H", 1)),
        (262, 3, 1, struct.pack("<H", 2)),
        (273, 4, 1, struct.pack("<I", 8)),
        (277, 3, 1, struct.pack("<H", 3)),
        (278, 4, 1, struct.pack("<I", height)),
        (279, 4, 1, struct.pack("<I", len(body))),
        (284, 3, 1, struct.pack("<H", 1)),
        (33550, 12, 3, struct.pack("<3d", step, step, 0)),
        (33922, 12, 6, struct.pack("<6d", 0, 0, 0, west, north, 0)),
        (34735, 3, len(keys), struct.pack(f"<{len(keys)}H", *keys)),
    ]
    start = 8 + len(body) + len(body) % 2
    beyond = start + 2 + 12 * len(tags) + 4
    directory, extra = struct.pack("<H", len(tags)), b""
    for tag, kind, count, value in tags:
        if len(value) <= 4:
            directory += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            directory += struct.pack("<HHII", tag, kind, count, beyond + len(extra))
            extra += value + b"\0" * (len(value) % 2)
    head = b"II*\0" + struct.pack("<I", start)
    path.write_bytes(head + body + b"\0" * (len(body) % 2) + directory + b"\0" * 4 + extra)
