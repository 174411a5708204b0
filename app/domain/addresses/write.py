"""Writes an address from its parts, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.domain.addresses.parse import AREA_KINDS, Address
from app.domain.addresses.rules import AddressRules

_DOORS = {"lane": "弄", "sublane": "支弄", "number": "号", "building": "幢", "unit": "单元",
          "floor": "层", "room": "室"}  # fmt: skip
_ORDER = (*AREA_KINDS, "road", "cross", "lane", "sublane", "poi", "number", "building", "unit",
          "floor", "room", "direction", "near", "note")  # fmt: skip
_LETTER_HOUSE = "座"


def write_zh(parts: Mapping[str, str]) -> str:
    """Return the address in its Chinese order and words; empty parts are left out.

    A name (poi) stands after road and lane and before the number when there is a lane, else last
    of the door's parts.
    """
    words: list[str] = []
    for kind in _ORDER:
        value = parts.get(kind, "")
        if value and not (kind == "poi" and not parts.get("lane")):
            words.append(_zh(kind, value))
    text = "".join(words)
    if parts.get("poi") and not parts.get("lane"):
        text += parts["poi"]
    return text


def _zh(kind: str, value: str) -> str:
    if kind == "building" and not value[0].isdigit():
        return value + _LETTER_HOUSE
    if kind == "cross":
        return f"与{value}交叉口"
    if kind == "near":
        return f"(近{value})"
    if kind == "note":
        return f"({value})"
    return value + _DOORS.get(kind, "")


def door_zh(address: Address) -> str:
    """Return what a door plate and the post need: road to room, without areas and remarks."""
    kinds = ("road", "cross", *_DOORS)
    return write_zh({kind: address.get(kind) for kind in kinds})


def write_en(parts: Mapping[str, str], rules: AddressRules, spell: Callable[[str], str]) -> str:
    """Return the address in English order; `spell` turns a Chinese name into pinyin."""
    words: list[str] = []
    for kind in rules.english["order"]:
        value = parts.get(kind, "")
        if not value:
            continue
        form = rules.english.get(kind)
        words.append(form.format(value) if isinstance(form, str) else _name_en(value, rules, spell))
        if kind == "road" and parts.get("cross"):
            words[-1] += " and " + _name_en(parts["cross"], rules, spell)
    return ", ".join(word for word in words if word)


def _name_en(name: str, rules: AddressRules, spell: Callable[[str], str]) -> str:
    ends: Mapping[str, str] = rules.english["ends"]
    for end in sorted(ends, key=len, reverse=True):
        if name.endswith(end) and len(name) > len(end):
            return spell(name.removesuffix(end)) + ends[end]
    return spell(name)
