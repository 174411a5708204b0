"""Characters as sounds: syllables without tone, classes of what is typed alike, initials.

A *letter* is one character of a text in normal form. Its sound is a number: 0 for what has none,
below `FIRST_SYLLABLE` the character itself (digits, Latin letters), from there a plain syllable.
Sounds that people confuse (zh and z, ng and n, …) share a class, see `Sounds.alike`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.rules import AddressRules

FIRST_SYLLABLE = 128
PLANE = 1 << 16
MOST_SOUNDS = 2048
_MOST_WAYS = 12
_SYLLABLE = re.compile(r"[a-z]*[aeiouv][a-z]*")
_VOWELS = re.compile(r"^([^aeiouv]*)(.*)$")


@dataclass(frozen=True)
class Sounds:
    """Tables over the basic plane, each of shape (65536,).

    `first` and `second` are uint16 sounds (the second another reading, else equal); `initial` is
    uint8, the letter with which the reading begins; `syllables` are the classes' spellings.
    """

    first: NDArray[np.uint16]
    second: NDArray[np.uint16]
    initial: NDArray[np.uint8]
    spellings: tuple[str, ...]  # every plain syllable; sound FIRST_SYLLABLE + i
    alike: NDArray[np.uint16]  # shape (2048,): the class of each sound

    @cached_property
    def sound_of(self) -> Mapping[str, int]:
        """The sound of each plain syllable."""
        return {one: FIRST_SYLLABLE + i for i, one in enumerate(self.spellings)}

    @cached_property
    def _near(self) -> dict[str, list[str]]:
        """Syllables one slip away from what was asked before."""
        return {}

    def cut(self, text: str, *, slips: int = 0) -> list[tuple[str, ...]]:
        """Return the ways to read lower-case Latin `text` as syllables, fewest first.

        The last one may be unfinished. With `slips` = 1 one syllable may be mistyped by a letter.
        """
        ways = [one for one, _ in self._ways(text, slips)]
        ways.sort(key=len)
        return list(dict.fromkeys(ways))[:_MOST_WAYS]

    def _ways(self, text: str, slips: int) -> list[tuple[tuple[str, ...], int]]:
        done: list[list[tuple[tuple[str, ...], int]]] = [[] for _ in range(len(text) + 1)]
        done[0] = [((), 0)]
        for at in range(len(text)):
            for way, spent in sorted(done[at], key=lambda one: (one[1], len(one[0])))[:_MOST_WAYS]:
                for end in range(at + 1, min(at + 8, len(text) + 1)):
                    for syllable, cost in self._read(text[at:end], slips - spent):
                        done[end].append(((*way, syllable), spent + cost))
        return sorted(done[-1], key=lambda one: (one[1], len(one[0])))[: 4 * _MOST_WAYS]

    def _read(self, chunk: str, slips: int) -> Iterator[tuple[str, int]]:
        if chunk in self.sound_of:
            yield chunk, 0
        elif slips > 0 and len(chunk) > 1:
            if chunk not in self._near:
                self._near[chunk] = sorted(set(_slips(chunk)) & self.sound_of.keys())
            for near in self._near[chunk]:
                yield near, 1

    def finishes(self, text: str) -> list[str]:
        """Return the syllables that begin with `text`."""
        return [one for one in self.spellings if one.startswith(text)]


def _slips(word: str) -> Iterator[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for i in range(len(word) + 1):
        head, tail = word[:i], word[i:]
        for letter in letters:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def make_sounds(rules: AddressRules) -> Sounds:
    """Make the tables from pypinyin's dictionary and the rules' alike sounds."""
    from pypinyin.pinyin_dict import pinyin_dict
    from pypinyin.style._tone_convert import to_normal

    readings: dict[int, list[str]] = {}
    for code, text in pinyin_dict.items():
        if code < PLANE:
            plain = [to_normal(one).replace("ü", "v") for one in text.split(",")]
            readings[code] = [one for one in dict.fromkeys(plain) if _SYLLABLE.fullmatch(one)]
    spellings = tuple(sorted({one for ones in readings.values() for one in ones}))
    numbers = {one: FIRST_SYLLABLE + i for i, one in enumerate(spellings)}
    first = np.zeros(PLANE, np.uint16)
    initial = np.zeros(PLANE, np.uint8)
    for code in (*range(ord("0"), ord("9") + 1), *range(ord("a"), ord("z") + 1)):
        first[code] = initial[code] = code
    second = first.copy()
    for code, ones in readings.items():
        if not ones:
            continue
        sounds = [numbers[one] for one in ones]
        first[code] = second[code] = sounds[0]
        if chr(code) in rules.both:
            second[code] = sounds[min(1, len(sounds) - 1)]
        initial[code] = ord(ones[0][0])
    return Sounds(first, second, initial, spellings, _classes(spellings, rules.alike))


def _classes(spellings: tuple[str, ...], alike: Mapping[str, str]) -> NDArray[np.uint16]:
    """Return the table from sounds to classes: the first sound of each class stands for it."""
    table = np.arange(MOST_SOUNDS, dtype=np.uint16)
    first: dict[str, int] = {}
    for i, one in enumerate(spellings):
        number = FIRST_SYLLABLE + i
        table[number] = first.setdefault(_alike(one, alike), number)
    return table


def _alike(syllable: str, alike: Mapping[str, str]) -> str:
    """Return the class of a syllable: zh as z, n as l, -ng as -n."""
    head, tail = _VOWELS.match(syllable).groups()  # type: ignore[union-attr]  # matches any text
    head = alike.get(head, head)
    end = "ng"
    if end in alike and tail.endswith(end):
        tail = tail[: -len(end)] + alike[end]
    return f"{head}{tail}"
