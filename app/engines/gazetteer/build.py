"""Builds the gazetteer's arrays from columns: things, their texts, grams, and the address book."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.columns import AreaColumns, GazetteerSource, PlaceColumns
from app.domain.addresses.parse import parse
from app.domain.addresses.rules import AddressRules
from app.domain.map_columns import AREA_TIERS, ShapeColumns, no_shapes
from app.engines.gazetteer.book import book_arrays
from app.engines.gazetteer.grams import grams_of, post
from app.engines.gazetteer.pinyin import Sounds, make_sounds
from app.engines.gazetteer.texts import Speller

Arrays = dict[str, NDArray[np.generic]]
AREA, ESTATE, ROAD, PLACE = 0, 15, 16, 17  # kinds of things; an area's is its tier's number
NAME, ADDRESS, OTHER = 0, 1, 2  # what a text is of its thing


@dataclass
class _Texts:
    """Texts under way: what they say, whose they are, what of it they are."""

    text: list[str]
    thing: list[int]
    role: list[int]

    def add(self, texts: Iterable[str], first: int, role: int) -> None:
        """Add one text a thing from number `first` on; empty ones are left out."""
        for thing, text in enumerate(texts, first):
            if text:
                self.text.append(text)
                self.thing.append(thing)
                self.role.append(role)


def build_arrays(source: GazetteerSource, rules: AddressRules) -> Arrays:
    """Return all arrays of the index; takes a few seconds for 500,000 places."""
    areas, roads, places = source.areas(), source.roads(), source.places()
    return arrays_of(areas, roads, places, rules, make_sounds(rules))


def arrays_of(
    areas: AreaColumns,
    roads: ShapeColumns | None,
    places: PlaceColumns,
    rules: AddressRules,
    sounds: Sounds,
) -> Arrays:
    """Return the arrays for given columns (of a whole city, or of what changed in it)."""
    speller = Speller(rules, sounds)
    lines = roads if roads is not None else no_shapes()
    estates = _estates(places, rules)
    names, road_lon, road_lat, road_of_line = _roads(lines, places, estates)
    texts = _Texts([], [], [])
    texts.add((n or c for n, c in zip(areas.name, areas.code, strict=True)), 0, NAME)
    texts.add(names, len(areas), NAME)
    first = len(areas) + len(names)
    texts.add(places.name, first, NAME)
    texts.add(
        ("" if a == n else a for n, a in zip(places.name, places.address, strict=True)),
        first, ADDRESS,
    )  # fmt: skip
    for row, name in places.other:
        texts.text.append(name)
        texts.thing.append(first + row)
        texts.role.append(OTHER)
    thing = np.array(texts.thing, np.int32)
    arrays = _thing_arrays(areas, places, _kinds(names, lines, places), road_lon, road_lat)
    arrays |= _text_arrays(speller, texts.text)
    arrays["text_thing"], arrays["text_role"] = thing, np.array(texts.role, np.uint8)
    arrays |= _titles(areas, names, places)
    arrays |= book_arrays(places, first, names, rules, areas)
    arrays |= _sound_arrays(sounds)
    arrays |= {
        "line_coords": lines.coords,
        "line_off": lines.ring_off,
        "line_road": road_of_line,
        "line_area": lines.fid.astype(np.int32),
    }
    return arrays


def _roads(
    lines: ShapeColumns, places: PlaceColumns, estates: dict[str, int]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    """Return the estates' and roads' names, once each, a place of each, and each line's road."""
    named = [str(one or "") for one in lines.texts.get("name", ())]
    roads = dict.fromkeys([*filter(None, named), *filter(None, places.road.values)])
    estates = {name: row for name, row in estates.items() if name not in roads}
    names = [*estates, *roads]
    number = {name: i for i, name in enumerate(names)}
    lon, lat = np.full(len(names), np.nan), np.full(len(names), np.nan)
    rows = list(estates.values())
    lon[: len(rows)], lat[: len(rows)] = places.lon[rows], places.lat[rows]
    for code, row in _middles(places.road.codes).items():
        if code >= 0 and places.road.values[code]:
            lon[number[places.road.values[code]]] = places.lon[row]
            lat[number[places.road.values[code]]] = places.lat[row]
    of_line = np.array([number.get(name, -1) for name in named], np.int32)
    ring = lines.ring_off[lines.feature_off[:-1]] if len(lines) else np.empty(0, np.int64)
    ends = lines.ring_off[lines.feature_off[1:]] if len(lines) else np.empty(0, np.int64)
    for i, (start, end) in enumerate(zip(ring.tolist(), ends.tolist(), strict=True)):
        if of_line[i] >= 0 and end > start:
            lon[of_line[i]], lat[of_line[i]] = lines.coords[(start + end) // 2]
    return names, lon, lat, of_line


def _estates(places: PlaceColumns, rules: AddressRules) -> dict[str, int]:
    """Return what doors are numbered by where there is no road, with a place of each.

    Such are villages and estates: 康健一村 12 号, 先丰村 208 号.
    """
    found: dict[str, int] = {}
    has_road = np.array([bool(one) for one in places.road.values] + [False], np.bool_)
    for row in np.flatnonzero(~has_road[places.road.codes]).tolist():
        name = parse(places.address[row], rules).street if places.address[row] else ""
        if name and rules.patterns["estate"].fullmatch(name):
            found.setdefault(name, row)
    return found


def _middles(codes: NDArray[np.int32]) -> dict[int, int]:
    """Return for each code the middle one of its rows."""
    order = np.argsort(codes, kind="stable")
    values, start, count = np.unique(codes[order], return_index=True, return_counts=True)
    return dict(zip(values.tolist(), order[start + count // 2].tolist(), strict=True))


def _kinds(names: Sequence[str], lines: ShapeColumns, places: PlaceColumns) -> NDArray[np.uint8]:
    """Return for each name of a road or an estate which of the two it is; estates come first."""
    roads = {str(one) for one in lines.texts.get("name", ())} | set(places.road.values)
    return np.array([ROAD if one in roads else ESTATE for one in names], np.uint8)


def _thing_arrays(
    areas: AreaColumns,
    places: PlaceColumns,
    roads: NDArray[np.uint8],
    road_lon: NDArray[np.float64],
    road_lat: NDArray[np.float64],
) -> Arrays:
    tiers = np.array([AREA_TIERS.index(one) for one in areas.tier], np.uint8)
    kind = np.concatenate([
        tiers, roads, np.full(len(places), PLACE, np.uint8),
    ])  # fmt: skip
    area = np.concatenate([
        np.arange(len(areas), dtype=np.int32), np.full(len(roads), -1, np.int32), places.area,
    ])  # fmt: skip
    uid = np.concatenate([areas.uid, np.zeros((len(roads), 16), np.uint8), places.uid])
    size = np.zeros(len(kind))
    size[: len(areas)] = areas.size
    return {
        "kind": kind, "area": area, "uid": uid, "size": size.astype(np.float32),
        "lon": np.concatenate([areas.lon, road_lon, places.lon]),
        "lat": np.concatenate([areas.lat, road_lat, places.lat]),
        "parent": areas.parent.astype(np.int32), **_codes(areas.code),
    }  # fmt: skip


def _codes(codes: Sequence[str]) -> Arrays:
    """Return the areas' codes in order, and which area each belongs to."""
    packed = np.array([one.encode()[:16] for one in codes] or [b""], "S16")
    order = np.argsort(packed, kind="stable")
    return {"code": packed[order], "code_area": order.astype(np.int32)}


def _text_arrays(speller: Speller, texts: Sequence[str]) -> Arrays:
    letters = speller.letters(texts)
    postings = post(grams_of(letters, speller.sounds.alike))
    return {
        "letter_code": letters.code, "letter_sound": letters.sound, "letter_other": letters.other,
        "letter_initial": letters.initial, "letter_off": letters.off,
        "gram": postings.grams, "gram_off": postings.off, "gram_text": postings.texts,
    }  # fmt: skip


def _titles(areas: AreaColumns, roads: Sequence[str], places: PlaceColumns) -> Arrays:
    """Return what each thing is called and what is said beside it, as UTF-8 and offsets."""
    titles = [
        *(n or c for n, c in zip(areas.name, areas.code, strict=True)), *roads,
        *(n or a for n, a in zip(places.name, places.address, strict=True)),
    ]  # fmt: skip
    details = [*areas.code, *([""] * len(roads)), *places.address]
    return _packed("title", titles) | _packed("detail", details)


def _packed(name: str, texts: Sequence[str]) -> Arrays:
    whole = [one.encode() for one in texts]
    off = np.zeros(len(whole) + 1, np.int64)
    np.cumsum([len(one) for one in whole], out=off[1:])
    return {name: np.frombuffer(b"".join(whole), np.uint8), f"{name}_off": off}


def _sound_arrays(sounds: Sounds) -> Arrays:
    spelt = np.array([one.encode() for one in sounds.spellings], "S8")
    return {
        "sound_first": sounds.first, "sound_second": sounds.second,
        "sound_initial": sounds.initial, "sound_spelt": spelt, "sound_alike": sounds.alike,
    }  # fmt: skip


def sounds_from(arrays: Arrays) -> Sounds:
    """Return the tables of sounds that an index was built with."""
    return Sounds(
        arrays["sound_first"],  # type: ignore[arg-type]  # as written by `_sound_arrays`
        arrays["sound_second"],  # type: ignore[arg-type]
        arrays["sound_initial"],  # type: ignore[arg-type]
        tuple(one.decode() for one in arrays["sound_spelt"].tolist()),
        arrays["sound_alike"],  # type: ignore[arg-type]
    )
