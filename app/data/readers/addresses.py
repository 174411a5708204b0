"""Cut a Chinese address into road 路, lane 弄, number 号, building 幢, unit 单元, room 室."""

from __future__ import annotations

import re
from typing import Final

PIECES: Final = ("road", "lane", "number", "building", "unit", "room")

_ROAD = re.compile(
    r"(?:.*?(?:区|县|镇|乡|街道|村)(?=\S*?(?:路|街|大道|公路|道|巷)))?"
    r"(?P<road>[^\d\s,，;；()（）]{1,15}?(?:公路|大道|支路|路|街|巷)(?:[东南西北中]?\d?段)?)"
    r"(?![口边旁站])"
)
_LANE = re.compile(r"(\d+)\s*弄")
_NUMBER = re.compile(r"(\d+(?:[-—~至]\d+)?[A-Z甲乙丙]?)\s*号(?!线|楼|门|口)")
_BUILDING = re.compile(
    r"(?:号|弄|路|街|道|^)?\D{0,8}?(\d+|[A-Z]|[一二三四五六七八九十]+)\s*(?:幢|栋|号楼|座)"
)
_UNIT = re.compile(r"(\d+|[一二三四五六七八九十]+)\s*单元")
_ROOM = re.compile(r"(\d+[A-Z]?)\s*室")


def cut_address(text: str | None) -> tuple[str, str, str, str, str, str]:
    """Return road with its suffix, and the rest as digits or letters; empty where absent."""
    if not text:
        return ("", "", "", "", "", "")
    text = text[:120]
    road = _ROAD.match(text)
    rest = text[road.end() :] if road else text
    found = [
        match[1] if match else ""
        for match in (
            _LANE.search(rest),
            _NUMBER.search(rest),
            _BUILDING.search(rest),
            _UNIT.search(rest),
            _ROOM.search(rest),
        )
    ]
    lane, number, building, unit, room = found
    return (road["road"] if road else "", lane, number, building, unit, room)
