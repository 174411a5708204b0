"""Texts as arrays of letters and sounds: one form for what is kept and for what is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.rules import AddressRules
from app.engines.gazetteer.pinyin import MOST_SOUNDS, Sounds

_STRANGE = 1200  # sounds of characters that nobody can read aloud: by their code
_END = 10
_OUTSIDE = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Letters:
    """Texts laid end to end without separators.

    `code`, `sound`, `other` (second reading), `initial`: uint16 (initial uint8), shape (letters,);
    `off`: int64, shape (texts + 1,).
    """

    code: NDArray[np.uint16]
    sound: NDArray[np.uint16]
    other: NDArray[np.uint16]
    initial: NDArray[np.uint8]
    off: NDArray[np.int64]


class Speller:
    """Brings texts to their letters and sounds."""

    def __init__(self, rules: AddressRules, sounds: Sounds) -> None:
        self.sounds = sounds
        self._same = dict(rules.same)
        self._table = _PlainForms(rules)
        self._first = _with_strange(sounds.first)
        self._second = _with_strange(sounds.second)
        self._readings = self._needed(rules.readings)

    def plain(self, text: str) -> str:
        """Return `text` in lower case and half width without spaces and punctuation."""
        text = _OUTSIDE.sub("\ufffd", text).translate(self._table)
        for word, short in self._same.items():
            text = text.replace(word, short)
        return text

    def letters(self, texts: Sequence[str]) -> Letters:
        """Return all texts as arrays."""
        whole = self.plain("\n".join(one.replace("\n", "") for one in texts) + "\n")
        code = np.frombuffer(whole.encode("utf-16-le", "replace"), np.uint16)
        sound, other = self._first[code], self._second[code]
        initial = self.sounds.initial[code]
        for word, classes, heads in self._readings:
            at = whole.find(word)
            while at >= 0:
                sound[at : at + len(word)] = classes
                other[at : at + len(word)] = classes
                initial[at : at + len(word)] = heads
                at = whole.find(word, at + len(word))
        ends = np.flatnonzero(code == _END)
        keep = code != _END
        off = np.zeros(len(ends) + 1, np.int64)
        off[1:] = ends - np.arange(len(ends))
        return Letters(code[keep], sound[keep], other[keep], initial[keep], off)

    def _needed(
        self, readings: Mapping[str, str]
    ) -> list[tuple[str, NDArray[np.uint16], NDArray[np.uint8]]]:
        needed = []
        for word, spelt in readings.items():
            syllables = spelt.split()
            classes = np.array([self.sounds.sound_of[one] for one in syllables], np.uint16)
            heads = np.array([ord(one[0]) for one in syllables], np.uint8)
            needed.append((word, classes, heads))
        return sorted(needed, key=lambda one: len(one[0]))


class _PlainForms(dict[int, str]):
    """The plain form of each character by its code, made when it is first met."""

    def __init__(self, rules: AddressRules) -> None:
        super().__init__({_END: "\n", 0xFFFD: "\ufffd"})
        self._variants = rules.variants

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        half = chr(code - 0xFEE0) if 0xFF01 <= code <= 0xFF5E else letter
        half = self._variants.get(letter, self._variants.get(half, half)).lower()
        plain = half[:1] if half.isalnum() else ""
        self[code] = plain
        return plain


def _with_strange(sounds: NDArray[np.uint16]) -> NDArray[np.uint16]:
    codes = np.arange(len(sounds), dtype=np.uint32)
    strange = _STRANGE + codes % (MOST_SOUNDS - _STRANGE)
    full = np.where(sounds == 0, strange, sounds).astype(np.uint16)
    full[_END] = 0
    return full
