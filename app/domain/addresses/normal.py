"""One form for all the ways a text may be typed: width, dashes, brackets, Chinese numerals."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.addresses.rules import DIGITS, AddressRules

_VALUES = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6,
           "七": 7, "八": 8, "九": 9}  # fmt: skip
_NUMERAL = re.compile(f"[{DIGITS}]+")


@dataclass(frozen=True)
class Normal:
    """`text[i]` came from `original[where[i]]`; spaces are gone."""

    original: str
    text: str
    where: tuple[int, ...]


def normal(text: str, rules: AddressRules) -> Normal:
    """Return `text` in half width and one spelling, with the place of each character."""
    letters: list[str] = []
    where: list[int] = []
    for i, letter in enumerate(text):
        if letter.isspace() or not letter.isprintable():
            continue
        letters.append(rules.variants.get(letter) or _half(letter, rules))
        where.append(i)
    return Normal(text, "".join(letters), tuple(where))


def _half(letter: str, rules: AddressRules) -> str:
    code = ord(letter)
    if 0xFF01 <= code <= 0xFF5E:
        letter = chr(code - 0xFEE0)
        letter = rules.variants.get(letter, letter)
    upper = letter.upper()
    return upper if len(upper) == 1 else letter


def to_digits(text: str) -> str:
    """Return `text` with its Chinese numerals (up to 999, or digit by digit) as digits."""
    return _NUMERAL.sub(lambda found: _number(found[0]), text)


def _number(text: str) -> str:
    if not ("十" in text or "百" in text):
        return "".join(str(_VALUES[letter]) for letter in text)
    total = value = 0
    for letter in text:
        if letter == "百":
            total, value = total + (value or 1) * 100, 0
        elif letter == "十":
            total, value = total + (value or 1) * 10, 0
        else:
            value = _VALUES[letter]
    return str(total + value)
