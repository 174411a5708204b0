"""Reads a Chinese address into parts that know where in the text they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from app.domain.addresses.normal import Normal, normal, to_digits
from app.domain.addresses.rules import AddressRules

LONGEST = 200
AREA_KINDS = ("province", "city", "district", "street", "community")
DOOR_KINDS = ("lane", "sublane", "number", "building", "unit", "floor", "room")
_MOUTH = "口"  # 九江路与河南中路口
_BRACKET = re.compile(r"\(([^()]*)\)?")
_FILL = re.compile(r"[,\s:/.·)-]+")
_NAMED = re.compile(
    r"(?:[^\d,()#]|\d+(?=[期区村组队]))+?(?=\d+(?:号|弄|幢|栋|号楼|单元|室|层|楼|#)|[,(]|$)"
)


@dataclass(frozen=True)
class Part:
    """One part: its kind, its value in normal form, and `text[start:end]` of the source.

    Kinds: those of `AREA_KINDS` and `DOOR_KINDS`, and road, cross (a second road that the first
    one meets), near (a road close by), direction, poi (a name), note (in brackets).
    """

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Address:
    """An address as it was written, and its parts in the order in which they stand there."""

    text: str
    parts: tuple[Part, ...] = ()

    def get(self, kind: str) -> str:
        """Return the value of the first part of that kind, empty if there is none."""
        return next((part.value for part in self.parts if part.kind == kind), "")

    def all(self, kind: str) -> tuple[str, ...]:
        """Return all values of that kind."""
        return tuple(part.value for part in self.parts if part.kind == kind)

    @property
    def street(self) -> str:
        """Return what the door stands on: the road, or without one the name right before it.

        The latter is an estate (康健一村 12 号) or a road with other words before it.
        """
        if road := self.get("road"):
            return road
        for before, part in pairwise(self.parts):
            if part.kind in ("lane", "number", "building") and before.kind == "poi":
                return before.value
        return ""

    @property
    def has_door(self) -> bool:
        """Whether it names a door: lane, number or building on a road."""
        return any(part.kind in ("lane", "number", "building") for part in self.parts)


def parse(text: str, rules: AddressRules) -> Address:
    """Read `text` (what is beyond `LONGEST` characters is left out); never raises."""
    return _Reader(normal(text[:LONGEST], rules), rules).read()


@dataclass
class _Reader:
    source: Normal
    rules: AddressRules
    at: int = 0
    parts: list[Part] = field(default_factory=list)

    def read(self) -> Address:
        """Take the parts from the left, each kind where it may stand."""
        self._areas()
        if self.parts and self._match("city") is not None:  # 静安区上海市静安区
            self._areas()
        while self.at < len(self.source.text):
            if not self._step():
                break
        return Address(self.source.original, tuple(self.parts))

    def _areas(self) -> None:
        for kind in AREA_KINDS:
            self._fill()
            found = self._match(kind)
            if found is None:
                continue
            if kind in ("district", "community") and self._is_no_area(kind, found):
                continue
            if kind != "province" and self.rules.patterns["number"].match(
                self.source.text, found.end()
            ):
                continue  # 育秀东区375号
            self._take(kind, found[0], found.end())

    def _is_no_area(self, kind: str, found: re.Match[str]) -> bool:
        if kind == "district":
            return self.rules.patterns["not_district"].fullmatch(found[0]) is not None
        return found[0] in self.rules.ends["community"]

    def _step(self) -> bool:
        self._fill()
        if self.at >= len(self.source.text):
            return False
        return (
            self._bracket() or self._near() or self._cross() or self._road() or self._door()
            or self._direction() or self._name()
        )  # fmt: skip

    def _bracket(self) -> bool:
        found = _BRACKET.match(self.source.text, self.at)
        if found is None:
            return False
        end, inner_end = found.end(), found.end(1)
        self.at += 1
        if not self._near() and found[1]:
            self._take("note", found[1], inner_end)
        self.at = max(end, self.at)
        return True

    def _near(self) -> bool:
        found = self._match("near")
        if found is None:
            return False
        road = self.rules.patterns["road"].match(self.source.text, found.end())
        if road is None:
            return False
        self.at = road.start()
        self._take("near", road[1], road.end())
        return True

    def _cross(self) -> bool:
        """Take a second road right after the first, with or without a joint between them."""
        if not self.parts or self.parts[-1].kind not in ("road", "cross"):
            return self._crossing()
        crossed = self._crossing()
        joint = self._match("joint")
        at = joint.end() if joint else self.at
        road = self.rules.patterns["road_here" if joint else "road"].match(self.source.text, at)
        road = road or self.rules.patterns["road_mouth"].match(self.source.text, at)
        if road is None:
            return crossed
        self.at = road.start()
        self._take("cross", road[1], road.end())
        if not self._crossing() and self.source.text[self.at : self.at + 1] == _MOUTH:
            self.at += 1
        return True

    def _crossing(self) -> bool:
        found = self._match("crossing") if self.get_road() else None
        if found is None:
            return False
        self.at = found.end()
        return True

    def get_road(self) -> bool:
        """Tell whether a road was read already."""
        return any(part.kind == "road" for part in self.parts)

    def _road(self) -> bool:
        if self.get_road() or any(part.kind == "poi" for part in self.parts):
            return False
        found = self._match("road") or self._road_alone()
        if found is None:
            return False
        zone = self.rules.patterns["zone"].match(found[1])
        if zone is not None:  # 漕河泾开发区桂平路
            self._take("poi", zone[0], self.at + zone.end())
        self._take("road", self.source.text[self.at : found.end()], found.end())
        return True

    def _road_alone(self) -> re.Match[str] | None:
        """Find a road that ends in 道 or 弄: 荣华东道, 五福弄; not 街道, not 隧道."""
        found = self._match("road_alone")
        if found is None or self.rules.patterns["not_road"].fullmatch(found[1]):
            return None
        return found

    def _door(self) -> bool:
        taken = {part.kind for part in self.parts}
        for kind in ("sublane", "lane", "building", "number", "unit", "room", "floor"):
            if kind in taken and kind not in ("number",):
                continue
            found = self._match(kind)
            if found is not None:
                value = to_digits(found[1])
                if kind == "number" and found[2]:
                    value += found[2]  # 150号甲
                elif kind == "number" and found[3]:
                    value += f"-{found[3]}"
                self._take(kind, value, found.end())
                return True
        return self._bare(taken)

    def _bare(self, taken: set[str]) -> bool:
        """Take a number without its word at the end: 武康路 376, 3 幢 502."""
        if "road" not in taken:
            return False
        found = self._match("bare")
        if found is None:
            return False
        house = bool(taken & {"building", "unit"}) or ("number" in taken and "lane" in taken)
        kind = "room" if house or "number" in taken else "number"
        if kind in taken:
            return False
        self._take(kind, found[1], found.end())
        return True

    def _direction(self) -> bool:
        if not (taken := {part.kind for part in self.parts} & {"road", "number", "poi", "lane"}):
            return False
        found = self._match("direction")
        if found is None or (found.end() < len(self.source.text) and "poi" not in taken
                             and self.source.text[found.end()] not in "(,"):  # fmt: skip
            return False
        self._take("direction", found[0], found.end())
        return True

    def _name(self) -> bool:
        found = _NAMED.match(self.source.text, self.at)
        end = found.end() if found and found.end() > self.at else self._word_end()
        kind = "poi" if any(letter.isalnum() for letter in self.source.text[self.at : end]) else ""
        if kind:
            self._take(kind, self.source.text[self.at : end], end)
        self.at = end
        return True

    def _word_end(self) -> int:
        end = self.at + 1
        while end < len(self.source.text) and self.source.text[end] not in ",()":
            end += 1
        return end

    def _fill(self) -> None:
        found = _FILL.match(self.source.text, self.at)
        if found is not None:
            self.at = found.end()

    def _match(self, kind: str) -> re.Match[str] | None:
        return self.rules.patterns[kind].match(self.source.text, self.at)

    def _take(self, kind: str, value: str, end: int) -> None:
        start = self.source.where[self.at]
        stop = self.source.where[end - 1] + 1
        self.parts.append(Part(kind, value, start, stop))
        self.at = end
