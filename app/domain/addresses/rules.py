"""The table by which addresses are read: `resources/addresses.toml`, checked and compiled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.errors import InvalidInput

DIGITS = "零〇一二三四五六七八九十百两"
_NUM = rf"(?:\d+|[{DIGITS}]+)"
_STOP = r"\d,;:()#\s"  # no name of an area or road holds these


@dataclass(frozen=True)
class AddressRules:
    """The rules of one language area, with the patterns made from them.

    `patterns` go by the kind of part: province, city, district, street, community, road, lane,
    sublane, number, building, unit, floor, room, cross, near, direction; `road_alone` are roads
    that end in 道 or 弄, `road_here` one before 口, `estate` is what numbers may follow without
    a road. `former` are names of roads of old and today's.
    """

    variants: Mapping[str, str]
    former: Mapping[str, str]
    ends: Mapping[str, tuple[str, ...]]
    english: Mapping[str, Any]
    readings: Mapping[str, str]
    both: str
    alike: Mapping[str, str]
    same: Mapping[str, str]
    near_m: float
    fuzzy: float
    established: int
    patterns: Mapping[str, re.Pattern[str]] = field(repr=False)


def parse_rules(raw: Mapping[str, Any]) -> AddressRules:
    """Compile the table; raises `InvalidInput` naming what is missing or malformed."""
    try:
        ends = {kind: tuple(sorted(words, key=len, reverse=True))
                for kind, words in raw["ends"].items()}  # fmt: skip
        matching = raw["matching"]
        return AddressRules(
            variants=_variants(raw),
            former=dict(raw["former"]),
            ends=ends,
            english=dict(raw["english"]),
            readings=dict(raw["readings"]),
            both=str(raw["both"]["letters"]),
            alike=dict(raw["alike"]),
            same=dict(raw["same"]),
            near_m=float(matching["near_m"]),
            fuzzy=float(matching["fuzzy"]),
            established=int(matching["established"]),
            patterns=_patterns(ends, raw),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"The table of address rules lacks or misspells {error}.",
            advice="Restore resources/addresses.toml.",
            field="addresses",
        ) from error


def _variants(raw: Mapping[str, Any]) -> dict[str, str]:
    old, new = str(raw["traditional"]["from"]), str(raw["traditional"]["to"])
    if len(old) != len(new):
        raise ValueError("traditional")
    return dict(zip(old, new, strict=True)) | dict(raw["variants"])


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of `words`, longest first."""
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"


def _patterns(
    ends: Mapping[str, tuple[str, ...]], raw: Mapping[str, Any]
) -> dict[str, re.Pattern[str]]:
    not_district, relations = raw["not_district"]["ends"], raw["relations"]
    road_end = any_of(ends["road"])
    name = rf"[^{_STOP}A-Z]"
    road = (
        rf"{name}{{1,9}}?(?:\d{{1,2}})?{road_end}(?:[东南西北中]?(?:\d|[一二三四五六七八九十])?段)?"
        rf"{any_of(raw['road_tails']['words'])}?"
    )
    direction = any_of(relations["direction"])
    texts = {
        "province": rf"{name}{{2,6}}?{any_of(ends['province'])}",
        "city": rf"[^{_STOP}省市区县路街镇乡弄号村A-Z]{{2,4}}?市(?=$|.*(?:区|县|路|街|镇|大道|\())",
        "district": rf"[^{_STOP}市区县路街道镇乡弄号村A-Z]{{1,4}}?{any_of(ends['district'])}",
        "not_district": rf".*{any_of(not_district)}",
        "zone": rf".+{any_of(not_district)}(?=..)",
        "street": rf"[^{_STOP}市区县弄号A-Z]{{1,7}}?{any_of(ends['street'])}"
        rf"(?!(?:[东南西北中]|\d)?{road_end})(?=$|[^口站校])",
        "community": rf"[^{_STOP}市区县弄号路A-Z]{{1,9}}?{any_of(ends['community'])}",
        "road": rf"({road})(?![口边旁站])(?!线)",
        "road_alone": rf"(?!{_NUM}{any_of(ends['road_alone'])})"
        rf"({name}{{2,5}}?{any_of(ends['road_alone'])})"
        rf"(?=$|\d|[{DIGITS}]{{1,4}}(?:号|弄)|[(,]|{any_of(relations['cross'])}|{direction})",
        "estate": rf".+(?:{any_of(ends['estate'])}|\d期)",
        "former": rf"(?:{any_of(relations['former'])})?(.+)",
        "not_road": rf".*{any_of(raw['not_road']['ends'])}",
        "road_here": rf"({road})(?![边旁站])(?!线)",
        "road_mouth": rf"({road})(?=口(?:$|[,(]|{direction}))",
        "lane": rf"({_NUM}){any_of(ends['lane'])}",
        "sublane": rf"({_NUM}){any_of(ends['sublane'])}",
        "number": rf"((?:临|甲|乙|丙|丁)?{_NUM}(?:[-,/至]\d+)*(?:[A-Z甲乙丙丁]|之\d+)?)"
        rf"{any_of(ends['number'])}(?!线|楼)(?:([甲乙丙丁])(?![{DIGITS}])|之(\d+))?",
        "building": rf"((?:\d+[A-Z]?|[{DIGITS}]+|[A-Z]\d?|[甲乙丙丁东南西北中]))"
        rf"{any_of(ends['building'])}",
        "unit": rf"((?:{_NUM}|[A-Z])){any_of(ends['unit'])}",
        "floor": rf"((?:B\d+|地下{_NUM}|[LF]?{_NUM}(?:-{_NUM})?)){any_of(ends['floor'])}",
        "room": rf"([A-Z]?\d+[A-Z]?(?:-\d+[A-Z]?)*){any_of(ends['room'])}",
        "bare": r"(\d{1,5}[A-Z]?(?:-\d+)*)$",
        "near": rf"{any_of(relations['near'])}(?={name}{{1,9}}?{road_end})",
        "joint": any_of(relations["cross"]),
        "crossing": any_of(relations["crossing"]),
        "direction": rf"(?:(?:往|向|以)?{direction}{any_of(relations['direction_ends'])}?"
        rf"(?:约?\d+米(?:处)?)?|约?\d+米(?:处)?)",
    }
    return {kind: re.compile(text) for kind, text in texts.items()}
