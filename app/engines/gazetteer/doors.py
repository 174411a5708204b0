"""Doors of one road: the one asked for, the nearest known ones, or a point between two."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.parse import Address
from app.engines.gazetteer.book import first_number, plain_door
from app.engines.gazetteer.lines import on_line, road_segments
from app.engines.gazetteer.segment import Segment

FIELDS = ("lane", "number", "building", "unit", "room")
_LONGEST_GAP_M = 1500.0
_FREE_M = 200.0  # numbers may be so far apart, and so much farther a number
_WIDEST_STEP_M = 8.0
_STEP_M = 3.0
_BEND_M = 250.0  # on longer stretches the road as drawn says better where it runs
_BOTH_SIDES = 0.9
_ALONE = 40  # a single known neighbour may be so many numbers off
_SAME_PLACE_M = 400.0
_PLATE_M = {"room": 20.0, "building": 30.0, "number": 40.0, "lane": 80.0}
_WIDEST_M = 6000.0  # farther apart, two doors are on two roads of one name
_FAR = 0.45
_NEXT_M = 60.0
_PACE_M = 2.5  # metres a number, as measured on roads with many known doors
_RANGE = re.compile(r"(\d{1,5})[-,/至](\d{1,5})")
_WIDEST_RANGE = 60
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Door:
    """A found door: rows of the book that say so, its place, and what was matched of it."""

    rows: Rows
    lon: float
    lat: float
    precision: str
    reasons: tuple[str, ...]
    metres: float
    certain: float  # 0 to 1: how well the door is known once the road is right
    scattered: bool = False  # several places far apart have this address


class Book:
    """The doors of a segment."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        a = segment.arrays
        self.thing: NDArray[np.int32] = a["door_thing"]
        self.road: NDArray[np.int32] = a["door_road"]
        self.lane: NDArray[np.int32] = a["door_lane"]
        self.number: NDArray[np.int32] = a["door_number"]
        self.words: NDArray[np.int32] = a["door_words"]

    @cached_property
    def word(self) -> dict[str, int]:
        """The number of each text of a lane, number, building, unit or room."""
        words = bytes(self.segment.arrays["word"]).decode().split("\n")
        return {one: i for i, one in enumerate(words)}

    def of_road(self, road: int) -> Rows:
        """Return the doors of a road, hidden ones left out."""
        start, end = np.searchsorted(self.road, [road, road + 1])
        rows = np.arange(start, end)
        found: Rows = rows[~self.segment.hidden[self.thing[rows]]]
        return found

    def place(self, rows: Rows) -> tuple[float, float, float]:
        """Return the middle of doors (degrees) and how far the farthest lies from it, metres."""
        things = self.thing[rows]
        lon, lat = self.segment.lon[things], self.segment.lat[things]
        x, y = float(np.median(lon)), float(np.median(lat))
        return x, y, float(metres(lon, lat, x, y).max())

    def nearest_row(self, rows: Rows, lon: float, lat: float) -> int:
        """Return the door of `rows` that lies nearest to a point."""
        things = self.thing[rows]
        away = metres(self.segment.lon[things], self.segment.lat[things], lon, lat)
        return int(rows[np.argmin(away)])

    def find(self, rows: Rows, read: Address) -> Door | None:
        """Return the door that `read` names among `rows` (of one road), as exactly as known."""
        if not len(rows):
            return None
        matched: list[str] = []
        precision = ""
        for i, field in enumerate(FIELDS):
            wanted = plain_door(read.get(field))
            if not wanted:
                continue
            narrowed = self._with(rows, i, wanted)
            if not len(narrowed):
                if not precision:
                    return self._between(rows, field, wanted)
                matched.append(f"{field}_unknown:{wanted}")
                break
            rows, precision = narrowed, field
            matched.append(f"{field}:{wanted}")
        if not precision:
            return None
        rows = self._plainest(rows, read)
        lon, lat, spread = self.place(rows)
        if spread > _SAME_PLACE_M:
            row = self.nearest_row(rows, lon, lat)
            thing = int(self.thing[row])
            lon, lat = float(self.segment.lon[thing]), float(self.segment.lat[thing])
        missed = any("_unknown" in one for one in matched)
        certain = {"room": 0.99, "unit": 0.98, "building": 0.97, "number": 0.96, "lane": 0.9}
        kind = "building" if precision == "unit" else precision
        return Door(
            rows, lon, lat, kind, tuple(matched), max(_PLATE_M[kind], min(spread, _SAME_PLACE_M)),
            certain[precision] * (0.85 if missed else 1.0), spread > _SAME_PLACE_M,
        )  # fmt: skip

    def _with(self, rows: Rows, field: int, wanted: str) -> Rows:
        code = self.word.get(wanted, -1)
        found = rows[self.words[rows, field] == code] if code > 0 else rows[:0]
        if len(found) or field > 1:
            return found
        if span := _RANGE.fullmatch(wanted):
            return self._of_range(rows, field, int(span[1]), int(span[2]))
        value = first_number(wanted)
        plain = self.lane if field == 0 else self.number
        whole = wanted == str(value)  # 376 also answers to 376甲, never the other way round
        return rows[plain[rows] == value] if value and whole else rows[:0]

    def _of_range(self, rows: Rows, field: int, low: int, high: int) -> Rows:
        """Return the doors from `low` to `high`, those of the same side if there are any."""
        value = (self.lane if field == 0 else self.number)[rows]
        inside = (value >= low) & (value <= min(high, low + _WIDEST_RANGE))
        side = inside & (value % 2 == low % 2)
        found: Rows = rows[side if side.any() else inside]
        return found

    def _plainest(self, rows: Rows, read: Address) -> Rows:
        """Return those of `rows` that name nothing further, if there are any."""
        for i, field in enumerate(FIELDS):
            if not read.get(field):
                bare = rows[self.words[rows, i] == 0]
                rows = bare if len(bare) else rows
        return rows

    def _between(self, rows: Rows, field: str, wanted: str) -> Door | None:
        """Look for a number on the road between, or beside, those that are known.

        Known numbers of the same side (odd or even) say it best, then those of both sides.
        """
        value = first_number(wanted)
        if field not in ("lane", "number") or not value:
            return None
        position = np.where(self.lane[rows] > 0, self.lane[rows], self.number[rows])
        rows, position = rows[position > 0], position[position > 0]
        side = position % 2 == value % 2
        for some, worth in ((side, 1.0), (np.ones(len(rows), np.bool_), _BOTH_SIDES)):
            found = self._enclosed(rows[some], position[some], value, worth)
            if found is not None:
                return found
        return self._beside(rows, position, value) or self._far(rows, position, value)

    def _far(self, rows: Rows, position: NDArray[np.int32], value: int) -> Door | None:
        """Say what a road with few known doors tells: between two far ones, or by the nearest."""
        if not len(rows):
            return None
        found = self._enclosed(rows, position, value, _BOTH_SIDES, widest=_WIDEST_M)
        if found is not None:
            return replace(found, certain=_FAR, reasons=(*found.reasons, "far_doors:"))
        near = int(position[np.argmin(np.abs(position - value))])
        found = self._by_one(rows, position, near, value)
        if found is None:
            return None
        away = _NEXT_M + _PACE_M * abs(near - value)
        return replace(found, certain=_FAR, metres=away, reasons=(*found.reasons, "far_doors:"))

    def _enclosed(
        self,
        rows: Rows,
        position: NDArray[np.int32],
        value: int,
        worth: float,
        widest: float = 0.0,
    ) -> Door | None:
        """Interpolate between the next lower and the next higher number, if they lie near.

        `widest`: metres that they may be apart, as many as numbers usually take if left out.
        """
        below, above = position[position <= value], position[position >= value]
        if not len(below) or not len(above):
            return None
        low, high = int(below.max()), int(above.min())
        before, after = rows[position == low], rows[position == high]
        lon1, lat1, _ = self.place(before)
        row = self.nearest_row(after, lon1, lat1)
        if low == high:
            return self._by_one(rows, position, low, value)
        thing = int(self.thing[row])
        lon2, lat2 = float(self.segment.lon[thing]), float(self.segment.lat[thing])
        length = float(metres(np.array(lon2), np.array(lat2), lon1, lat1))
        usual = min(_LONGEST_GAP_M, _FREE_M + _WIDEST_STEP_M * (high - low))
        if length > max(usual, widest):
            return None
        share = (value - low) / (high - low)
        certain = worth * (0.85 - 0.25 * min(length / _LONGEST_GAP_M * 3, 1))
        lon, lat = lon1 + share * (lon2 - lon1), lat1 + share * (lat2 - lat1)
        reasons: tuple[str, ...] = (f"between:{low}-{high}",)
        if length > _BEND_M:
            drawn = on_line(road_segments(self.segment, int(self.road[rows[0]])), lon, lat)
            if drawn is not None and drawn[2] < length / 2:
                lon, lat, reasons = drawn[0], drawn[1], (*reasons, "by:lines")
        return Door(
            np.append(before, row), lon, lat, "between", reasons, max(20.0, length / 4), certain
        )

    def _beside(self, rows: Rows, position: NDArray[np.int32], value: int) -> Door | None:
        """Go on from the nearest known number, at the pace of numbers on this stretch."""
        if not len(rows):
            return None
        near = int(position[np.argmin(np.abs(position - value))])
        if abs(near - value) > _ALONE:
            return None
        return self._by_one(rows, position, near, value)

    def _by_one(
        self, rows: Rows, position: NDArray[np.int32], near: int, value: int
    ) -> Door | None:
        found = rows[position == near]
        lon, lat, spread = self.place(found)
        if spread > _SAME_PLACE_M:
            row = self.nearest_row(found, lon, lat)
            thing = int(self.thing[row])
            lon, lat = float(self.segment.lon[thing]), float(self.segment.lat[thing])
        steps = abs(near - value)
        return Door(
            found, lon, lat, "between", (f"beside:{near}",), 40.0 + _STEP_M * steps,
            0.7 - 0.3 * steps / _ALONE, spread > _SAME_PLACE_M,
        )  # fmt: skip


def metres(
    lon: NDArray[np.float64], lat: NDArray[np.float64], to_lon: float, to_lat: float
) -> NDArray[np.float64]:
    """Return metres from each place (degrees WGS 84) to a point; good to 0.5 % within a city."""
    x = (lon - to_lon) * (111_320 * np.cos(np.radians(to_lat)))
    y = (lat - to_lat) * 110_950
    found: NDArray[np.float64] = np.hypot(x, y)
    return found
