"""Text to places: parts matched against the address book, names, crossings and areas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.parse import AREA_KINDS, Address, parse
from app.engines.gazetteer.asked import readings
from app.engines.gazetteer.build import ESTATE, NAME, OTHER, PLACE, ROAD
from app.engines.gazetteer.crossing import crossing
from app.engines.gazetteer.doors import Book, Door, Rows, metres
from app.engines.gazetteer.lines import middle_inside
from app.engines.gazetteer.offset import beside
from app.engines.gazetteer.search import allowed
from app.engines.gazetteer.segment import Segment
from app.services.views import Geocoded

_STRICT = 0.5  # a text that is all road and number is no misspelt name
_ROADS = 3
_TIERS = 8  # more than there are tiers of areas
_NAMES = 5
_SAME_M = 60.0
_WRONG_DISTRICT = 0.6
_SCATTERED = 0.75
_NO_ROAD = 0.35
_ONLY_ROAD = 0.9
_ROAD_AT_ALL = 0.4
_LIKE_AND_BETWEEN = 0.6  # a road only like the one asked for, and its door not known
_LIKE_ELSEWHERE = 0.3  # such a road outside the area that was named
_WITH_NAME = 0.97  # a name was read as the beginning of the road
_OTHER_DOOR = 0.75  # a name whose own address is not the door that was asked for
_SHORTEST_ROAD = 3
_LEAST_ROAD_M = 100.0
_BESIDE_DOOR = 0.75  # a crossing that a door is said to be near
_BESIDE_M = 80.0
_AREA = {"community": 0.35, "street": 0.3, "district": 0.2, "city": 0.1}


class Geocoder:
    """Answers for one segment."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.book = Book(segment)
        self._judged: dict[tuple[int, ...], NDArray[np.int8]] = {}

    @cached_property
    def _roads(self) -> dict[str, int]:
        """The number of each road among all roads."""
        first = self._first_road
        things = np.flatnonzero(np.isin(self.segment.kind, (ESTATE, ROAD)))
        return {self.segment.title(int(one)): int(one) - first for one in things}

    @cached_property
    def _first_road(self) -> int:
        return int(np.searchsorted(self.segment.kind, ESTATE))

    @cached_property
    def _areas(self) -> dict[str, list[int]]:
        """The areas of each name."""
        found: dict[str, list[int]] = {}
        for one in range(self._first_road):
            found.setdefault(self.segment.title(one), []).append(one)
        return found

    def find(self, text: str) -> list[Geocoded]:
        """Return the places that `text` may mean, in no order."""
        read = parse(text, self.segment.rules)
        inside = self._named_areas(read)
        found = [*self._by_road(read, inside), *self._by_name(text, read, inside)]
        if not any(one.confidence >= _NO_ROAD for one in found):
            found += self._by_area(read, inside)
        said = read.get("direction")
        return [beside(one, said) for one in found] if said else found

    def _named_areas(self, read: Address) -> list[int]:
        """Return the smallest area that the text names, one or several of that name."""
        found: list[int] = []
        for kind in AREA_KINDS:
            name = read.get(kind)
            here = self._areas.get(name, []) if name else []
            lower = [one for one in here if not found or self._above(one) & set(found)]
            found = lower or found
        return found

    def _above(self, area: int) -> set[int]:
        found = set()
        while area >= 0 and area not in found:
            found.add(area)
            area = int(self.segment.parent[area])
        return found

    def _within(self, areas: Sequence[int]) -> NDArray[np.int8]:
        """Return for each area whether it lies in any of `areas`: 1, 0, or -1 if not known.

        It is not known of an area above the tiers of `areas`.
        """
        key = tuple(areas)
        if key not in self._judged:
            kind, parent = self.segment.kind, self.segment.parent
            at = np.arange(len(parent))
            inside, known = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
            for _ in range(_TIERS):
                here = np.flatnonzero(at >= 0)
                inside[here] |= np.isin(at[here], areas)
                known[here] |= np.isin(kind[at[here]], kind[list(areas)])
                at[here] = parent[at[here]]
            self._judged = {key: np.where(known, inside, -1).astype(np.int8)}
        return self._judged[key]

    def _judge(self, things: NDArray[np.int32], areas: Sequence[int]) -> NDArray[np.int8]:
        """Return for each thing whether it lies in any of `areas`: 1, 0, or -1 if not known."""
        area = self.segment.area[things]
        if not areas or not len(self.segment.parent):
            return np.full(len(things), -1, np.int8)
        found: NDArray[np.int8] = np.where(area >= 0, self._within(areas)[area], -1)
        return found

    def _inside(self, thing: int, areas: Sequence[int]) -> bool | None:
        """Tell whether a thing lies in any of `areas`; None if that is not known."""
        judged = int(self._judge(np.array([thing], np.int32), areas)[0])
        return None if judged < 0 else bool(judged)

    def _by_road(self, read: Address, inside: Sequence[int]) -> Iterator[Geocoded]:
        name = read.street
        roads, how = (self._like_road(name), "road_like") if name else ([], "")
        if not roads or roads[0][1] < 1:
            for other in self._former(read):
                roads, how, name = [(self._roads[other], 1.0)], "old_name", self._said_former(read)
        for road, likeness in roads:
            rows = self.book.of_road(road)
            what = "road" if self._is_road(road) else "estate"
            reasons = [f"{what}:{self._road_name(road)}"]
            if likeness < 1 or how == "old_name":
                reasons.append(f"{how}:{name}")
            yield from self._crossings(read, road, likeness, reasons)
            if read.has_door:
                yield from self._doors(read, rows, inside, likeness, reasons)
            alone = not read.has_door and not read.get("poi") and not read.get("cross")
            worth = likeness * (_ONLY_ROAD if alone else _ROAD_AT_ALL)
            whole = self._road_itself(rows, road, inside, worth, reasons)
            if whole is not None:
                yield whole

    def _said_former(self, read: Address) -> str:
        return next((one for one in (read.street, *read.all("note")) if one), "")

    def _former(self, read: Address) -> list[str]:
        """Return today's name of a road that the text calls by its old one."""
        former, pattern = self.segment.rules.former, self.segment.rules.patterns["former"]
        said = [read.street, *read.all("note")]
        plain = [found[1] for one in said if one and (found := pattern.fullmatch(one))]
        names = [former[one] for one in plain if one in former]
        return [one for one in names if one in self._roads][:1]

    def _is_road(self, road: int) -> bool:
        return int(self.segment.kind[self._first_road + road]) == ROAD

    def _road_name(self, road: int) -> str:
        return self.segment.title(self._first_road + road)

    def _like_road(self, name: str) -> list[tuple[int, float]]:
        """Return roads called `name`, or much like it, with 0 to 1 for how much."""
        if name in self._roads:
            return [(self._roads[name], 1.0)]
        for at in range(1, len(name) - _SHORTEST_ROAD + 1):  # 东新幼儿园武宁路
            if name[at:] in self._roads:
                return [(self._roads[name[at:]], _WITH_NAME)]
        found: dict[int, float] = {}
        for asked in readings(name, self.segment.speller)[:3]:
            texts = self.segment.find(asked, whole=True, kinds=(ESTATE, ROAD))
            good = texts.cost <= min(allowed(len(asked)), 1.3)
            for text, cost in zip(texts.text[good], texts.cost[good].tolist(), strict=True):
                road = int(self.segment.text_thing[text]) - self._first_road
                value = asked.worth * (1 - 0.6 * cost / max(len(asked), 2))
                found[road] = max(found.get(road, 0.0), value)
        return sorted(found.items(), key=lambda one: -one[1])[:_ROADS]

    def _doors(
        self, read: Address, rows: Rows, inside: Sequence[int],
        likeness: float, reasons: list[str],
    ) -> Iterator[Geocoded]:  # fmt: skip
        right = self._judge(self.book.thing[rows], inside) != 0
        for chosen, factor in ((rows[right], 1.0), (rows[~right], _WRONG_DISTRICT)):
            if factor < 1 and likeness < _WITH_NAME:
                factor *= _LIKE_ELSEWHERE
            door = self.book.find(chosen, read)
            if door is not None:
                guessed = likeness < _WITH_NAME and door.precision == "between"
                worth = likeness * factor * (_LIKE_AND_BETWEEN if guessed else 1.0)
                said = [*reasons, *door.reasons, *self._area_reasons(door, inside, factor)]
                yield self._answer(door, read, worth, said)

    def _area_reasons(self, door: Door, inside: Sequence[int], factor: float) -> list[str]:
        if not inside:
            return []
        name = self.segment.title(inside[0])
        if factor < 1:
            return [f"area_differs:{name}"]
        known = self._inside(int(self.book.thing[door.rows[0]]), inside)
        return [f"area:{name}"] if known else []

    def _answer(self, door: Door, read: Address, worth: float, reasons: Sequence[str]) -> Geocoded:
        row = self.book.nearest_row(door.rows, door.lon, door.lat)
        thing = int(self.book.thing[row])
        confidence = worth * door.certain * (_SCATTERED if door.scattered else 1.0)
        said = (*reasons, *(("several_places:",) if door.scattered else ()))
        exact = door.precision != "between"
        return Geocoded(
            self.segment.title(thing) if exact else read.text,
            self.segment.detail(thing) if exact else read.text,
            door.lon, door.lat, door.precision, round(confidence, 3), said, round(door.metres, 1),
            self.segment.uid(thing) if exact else None,
        )  # fmt: skip

    def _crossings(
        self, read: Address, road: int, likeness: float, reasons: Sequence[str]
    ) -> Iterator[Geocoded]:
        others = dict.fromkeys(read.all("cross"), 1.0)
        if not read.has_door or not others:
            beside = _BESIDE_DOOR if read.has_door else 1.0
            others |= dict.fromkeys(self._roads_near(read), beside)
        for name, nearness in others.items():
            for other, alike in self._like_road(name)[:1]:
                met = crossing(self.book, road, other)
                if met is None or other == road:
                    continue
                lon, lat, doubt, how = met
                title = f"{self._road_name(road)}与{self._road_name(other)}交叉口"
                said = (*reasons, f"crossing:{self._road_name(other)}", f"by:{how}")
                worth = likeness * alike * nearness * (0.93 if how == "lines" else 0.7)
                doubt += _BESIDE_M if nearness < 1 else 0.0
                yield Geocoded(title, title, lon, lat, "crossing", round(worth, 3), said, doubt)

    def _roads_near(self, read: Address) -> list[str]:
        """Return the roads that the text names beside its own: (近武宁路), (永年路肇周路)."""
        found = list(read.all("near"))
        for note in read.all("note"):
            inner = parse(note, self.segment.rules)
            found += [part.value for part in inner.parts if part.kind in ("road", "cross", "near")]
        return [one for one in dict.fromkeys(found) if one in self._roads and one != read.street]

    def _road_itself(
        self, rows: Rows, road: int, inside: Sequence[int],
        worth: float, reasons: Sequence[str],
    ) -> Geocoded | None:  # fmt: skip
        here = rows[self._judge(self.book.thing[rows], inside) != 0]
        found = self._middle(here, road, inside)
        if found is None:
            found, worth = self._middle(rows, road, ()), worth * _WRONG_DISTRICT
            reasons = [*reasons, *(f"area_differs:{self.segment.title(one)}" for one in inside[:1])]
        if found is None:
            return None
        name = self._road_name(road)
        lon, lat, spread = found
        return Geocoded(name, name, lon, lat, "road", round(worth, 3), tuple(reasons),
                        round(spread, 1))  # fmt: skip

    def _middle(
        self, rows: Rows, road: int, inside: Sequence[int]
    ) -> tuple[float, float, float] | None:
        """Return the middle of a road inside the areas: along its lines, else of its doors."""
        where = None
        if inside:
            where = np.append(self._within(inside) != 0, False)
        drawn = middle_inside(self.segment, road, where)
        if drawn is not None:
            lon, lat, far = drawn
            return lon, lat, max(far, _LEAST_ROAD_M)
        return self.book.place(rows) if len(rows) else None

    def _by_name(self, text: str, read: Address, inside: Sequence[int]) -> Iterator[Geocoded]:
        """Look for the whole text, and for the name in it, among the names of places."""
        named = [one for one in read.all("poi") if len(one) > 1]
        strict = not named and any(part.kind in ("road", *AREA_KINDS) for part in read.parts)
        names = [text, *named]
        roles = self.segment.arrays["text_role"]
        for which, name in enumerate(dict.fromkeys(names)):
            for asked in readings(name, self.segment.speller)[:4]:
                texts = self.segment.find(asked, kinds=(PLACE,))
                most = _STRICT if strict else allowed(len(asked))
                good = (texts.cost <= most) & np.isin(roles[texts.text], (NAME, OTHER))
                order = np.argsort(texts.cost[good], kind="stable")[:_NAMES]
                for at in order.tolist():
                    thing = int(self.segment.text_thing[texts.text[good][at]])
                    like = asked.worth * (1 - float(texts.cost[good][at]) / max(len(asked), 2))
                    yield self._named(thing, like * (0.97 if which == 0 else 0.93), read, inside)

    def _named(self, thing: int, likeness: float, read: Address, inside: Sequence[int]) -> Geocoded:
        reasons = [f"name:{self.segment.title(thing)}"]
        worth = likeness**2
        within = self._inside(thing, inside)
        if within is False:
            worth *= _WRONG_DISTRICT
            reasons.append(f"area_differs:{self.segment.title(inside[0])}")
        elif within:
            reasons.append(f"area:{self.segment.title(inside[0])}")
        road, number = read.get("road"), read.get("lane") or read.get("number")
        if number and number not in self.segment.detail(thing):
            worth *= _OTHER_DOOR
        if road and road not in self.segment.title(thing):
            here = road in self.segment.detail(thing)
            worth *= 1.0 if here else 0.5
            reasons.append(f"road:{road}" if here else f"road_differs:{road}")
        return Geocoded(
            self.segment.title(thing), self.segment.detail(thing), float(self.segment.lon[thing]),
            float(self.segment.lat[thing]), "name", round(min(worth, 0.99), 3), tuple(reasons),
            30.0, self.segment.uid(thing),
        )  # fmt: skip

    def _by_area(self, read: Address, inside: Sequence[int]) -> Iterator[Geocoded]:
        for area in inside:
            tier = self.segment.kind_name(area).removeprefix("area:")
            yield Geocoded(
                self.segment.title(area), self.segment.detail(area), float(self.segment.lon[area]),
                float(self.segment.lat[area]), "area", _AREA.get(tier, 0.4),
                (f"{tier}:{self.segment.title(area)}",),
                round(float(self.segment.arrays["size"][area]), 1), self.segment.uid(area),
            )  # fmt: skip


def best(found: Sequence[Geocoded], limit: int) -> list[Geocoded]:
    """Return the surest answers first, without those that say the same place again."""
    kept: list[Geocoded] = []
    for one in sorted(found, key=lambda one: -one.confidence):
        again = any(
            (one.uid is not None and one.uid == other.uid)
            or (one.precision == other.precision and metres(
                np.array(one.lon), np.array(one.lat), other.lon, other.lat) < _SAME_M
                and one.title == other.title)
            for other in kept
        )  # fmt: skip
        if not again:
            kept.append(one)
        if len(kept) == limit:
            break
    return kept
