"""Parts and places of a map as values, the same from both maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from app.domain.addresses.register import TEXTS, Entry
from app.domain.cases import E7
from app.services.views import PlaceHit

FULL_CODE = 16
PLACE_COLUMNS = ", ".join([f'"{name}"' for name in TEXTS] + ["grid_uid"])


def part_hits(rows: Iterable[Sequence[Any]], asked: str) -> list[PlaceHit]:
    """Return hits for rows of uid, code, lon, lat; the whole code ranks before a longer one."""
    return [
        PlaceHit("part", code, "", lon, lat, UUID(bytes=bytes(uid)), _score(asked, code))
        for uid, code, lon, lat in rows
    ]


def _score(asked: str, code: str) -> float:
    if code == asked:
        return 1.0
    return 0.9 if code.startswith(asked) else 0.6


def place_entry(uid: UUID, row: Sequence[Any], lon: float, lat: float) -> Entry:
    """Return the register's entry of a place: `row` are `PLACE_COLUMNS`; lon, lat in degrees."""
    texts = {name: value for name, value in zip(TEXTS, row, strict=False) if value}
    grid = UUID(bytes=bytes(row[-1])) if row[-1] else None
    return Entry(uid, texts, round(lon * E7), round(lat * E7), grid)
