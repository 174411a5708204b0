"""The address book: doors sorted by road, lane and number, and what lies between two of them.

Lane, number, building, unit and room are kept as the text before their suffix (a code into
`word`); lane and number also as numbers, by which the book is sorted and interpolated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.columns import AreaColumns, Coded, PlaceColumns
from app.domain.addresses.parse import parse
from app.domain.addresses.rules import AddressRules

_FIELDS = ("lane", "number", "building", "unit", "room")
_FIRST_NUMBER = re.compile(r"\d+")
_SUFFIX = re.compile(r"(?:号楼|单元|弄|号|幢|栋|座|室)$")
_NO_WORD = 0


@dataclass(frozen=True)
class Doors:
    """Rows of the book, all arrays of one length.

    `thing` is the place's number in the index; `road` its road's; `lane_no`, `number_no` are 0
    where there is none; `words` (n, 5) int32 are lane, number, building, unit, room as codes.
    """

    thing: NDArray[np.int32]
    road: NDArray[np.int32]
    lane_no: NDArray[np.int32]
    number_no: NDArray[np.int32]
    words: NDArray[np.int32]


class _Words:
    """Gives each text a number; 0 is no text."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {"": _NO_WORD}

    def of(self, text: str) -> int:
        """Return the number of a text in its plain form."""
        return self.number.setdefault(plain_door(text), len(self.number))

    def column(self, coded: Coded) -> NDArray[np.int32]:
        """Return the numbers of a whole column."""
        table = np.array([*(self.of(one) for one in coded.values), _NO_WORD], np.int32)
        found: NDArray[np.int32] = table[coded.codes]
        return found


def plain_door(text: str) -> str:
    """Return a lane's, number's, building's, unit's or room's text without its suffix."""
    return _SUFFIX.sub("", text.strip().upper()) if text else ""


def first_number(text: str) -> int:
    """Return the first number in a text, 0 if there is none."""
    found = _FIRST_NUMBER.search(text)
    return int(found[0][:9]) if found else 0


def book_arrays(
    places: PlaceColumns, first: int, roads: Sequence[str], rules: AddressRules, areas: AreaColumns
) -> dict[str, NDArray[np.generic]]:
    """Return the book's arrays; `first` is the index's number of the first place."""
    number = {name: i for i, name in enumerate(roads)}
    words = _Words()
    table = np.array([*(number.get(one, -1) for one in places.road.values), -1], np.int32)
    road = table[places.road.codes]
    columns = [words.column(getattr(places, name)) for name in _FIELDS]
    cells = np.stack(columns, axis=1) if len(places) else np.zeros((0, 5), np.int32)
    _read_texts(places, road, cells, number, words, rules)
    rows = np.flatnonzero(road >= 0)
    texts = list(words.number)
    numbers = np.array([first_number(one) for one in texts], np.int32)
    lane_no, number_no = numbers[cells[rows, 0]], numbers[cells[rows, 1]]
    order = np.lexsort((number_no, lane_no, road[rows]))
    rows = rows[order]
    whole = "\n".join(texts).encode()
    return {
        "door_thing": (rows + first).astype(np.int32), "door_road": road[rows],
        "door_lane": lane_no[order], "door_number": number_no[order], "door_words": cells[rows],
        "word": np.frombuffer(whole, np.uint8),
        "district": _districts(areas),
    }  # fmt: skip


def _read_texts(
    places: PlaceColumns,
    road: NDArray[np.int32],
    cells: NDArray[np.int32],
    number: dict[str, int],
    words: _Words,
    rules: AddressRules,
) -> None:
    """Fill in place what only the address text says: road and door."""
    bare = (road < 0) | ~cells.any(axis=1)
    for row in np.flatnonzero(bare).tolist():
        read = parse(places.address[row] or places.name[row], rules)
        name = read.street
        if name not in number and places.address[row]:  # a stop 成都北路新闸路(公交站): 36路
            read = parse(places.name[row], rules)
            name = read.get("road")
        if name in number and (road[row] < 0 or number[name] == road[row]):
            road[row] = number[name]
            for i, field in enumerate(_FIELDS):
                value = read.get(field)
                if value and not cells[row, i]:
                    cells[row, i] = words.of(value)


def _districts(areas: AreaColumns) -> NDArray[np.int32]:
    """Return the district above each area (itself for a district), -1 where there is none."""
    found = np.full(len(areas), -1, np.int32)
    is_district = np.array([one == "district" for one in areas.tier], np.bool_)
    at = np.arange(len(areas), dtype=np.int32)
    for _ in range(8):
        hit = (at >= 0) & (found < 0)
        hit[hit] = is_district[at[hit]]
        found[hit] = at[hit]
        at = np.where(at >= 0, areas.parent[np.maximum(at, 0)], -1).astype(np.int32)
    return found
