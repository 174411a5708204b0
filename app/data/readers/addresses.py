"""Cut a Chinese address into road 路, lane 弄, number 号, building 幢, unit 单元, room 室."""

from __future__ import annotations

from typing import Final

from app.data.gazetteer_source import address_rules
from app.domain.addresses.parse import parse

PIECES: Final = ("road", "lane", "number", "building", "unit", "room")


def cut_address(text: str | None) -> tuple[str, str, str, str, str, str]:
    """Return road with its suffix, and the rest as digits or letters; empty where absent."""
    if not text:
        return ("", "", "", "", "", "")
    read = parse(text, address_rules())
    road, lane, number, building, unit, room = (read.get(piece) for piece in PIECES)
    return (road, lane, number, building, unit, room)
