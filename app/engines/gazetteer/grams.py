"""Grams: small pieces of a text by which the texts that hold them are found.

A *pair* is two sounds next to each other or with one between them (so that a wrong, missing,
extra or swapped character leaves most pairs as they are); a *number* is a sound and the beginning
of the digits after it; a *head* is the first sound; a *triple* is three initials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engines.gazetteer.pinyin import MOST_SOUNDS
from app.engines.gazetteer.texts import Letters

U64 = NDArray[np.uint64]
_HEAD = 1
_NUMBER = 1 << 22
_MOST_NUMBER = (1 << 20) - 1
_TRIPLE = 1 << 33
_KEY_BITS = 26
_DIGITS = 6
_MOST_INITIALS = 12


@dataclass(frozen=True)
class Grams:
    """Grams of texts: `gram` uint64 and `text` int64, of one shape."""

    gram: U64
    text: NDArray[np.int64]


@dataclass(frozen=True)
class Postings:
    """Which texts hold a gram: `texts[off[i]:off[i + 1]]` hold `grams[i]` (sorted)."""

    grams: U64
    off: NDArray[np.int64]
    texts: NDArray[np.int32]

    def of(self, gram: int) -> NDArray[np.int32]:
        """Return the texts that hold `gram`."""
        at = int(np.searchsorted(self.grams, np.uint64(gram)))
        if at >= len(self.grams) or int(self.grams[at]) != gram:
            return self.texts[:0]
        return self.texts[self.off[at] : self.off[at + 1]]


def post(grams: Grams) -> Postings:
    """Sort grams into postings, each text once a gram."""
    both = np.sort(grams.gram << np.uint64(_KEY_BITS) | grams.text.astype(np.uint64))
    keep = np.ones(len(both), np.bool_)
    keep[1:] = both[1:] != both[:-1]
    both = both[keep]
    gram = both >> np.uint64(_KEY_BITS)
    first = np.ones(len(gram), np.bool_)
    first[1:] = gram[1:] != gram[:-1]
    at = np.flatnonzero(first)
    off = np.append(at, len(gram)).astype(np.int64)
    return Postings(gram[at], off, (both & np.uint64((1 << _KEY_BITS) - 1)).astype(np.int32))


def grams_of(letters: Letters, alike: NDArray[np.uint16]) -> Grams:
    """Return all grams of all texts; `alike` turns sounds into classes."""
    sound, other = alike[letters.sound], alike[letters.other]
    text = np.repeat(np.arange(len(letters.off) - 1), np.diff(letters.off))
    digit = (letters.code >= 48) & (letters.code <= 57)
    words = np.flatnonzero(~digit)
    parts = [
        *_pairs(sound[words], other[words], text[words]),
        _numbers(letters.code, sound, digit, text),
        _triples(letters.initial[words], text[words]),
    ]
    return Grams(
        np.concatenate([part.gram for part in parts]), np.concatenate([part.text for part in parts])
    )


def _pairs(
    sound: NDArray[np.uint16], other: NDArray[np.uint16], text: NDArray[np.int64]
) -> list[Grams]:
    a, b = sound.astype(np.uint64), other.astype(np.uint64)
    first = np.ones(len(text), np.bool_)
    first[1:] = text[1:] != text[:-1]
    found = [Grams(head(a[first]), text[first])]
    odd = np.flatnonzero(first & (a != b))
    found.append(Grams(head(b[odd]), text[odd]))
    for step in (1, 2):
        same = text[step:] == text[:-step]
        left, right = slice(None, -step), slice(step, None)
        found.append(Grams(pair(a[left], a[right])[same], text[step:][same]))
        for one, two in ((b, a), (a, b)):
            mixed = same & ((one[left] != a[left]) | (two[right] != a[right]))
            found.append(Grams(pair(one[left], two[right])[mixed], text[step:][mixed]))
    return found


def head(sound: U64) -> U64:
    """Return the gram of a text that begins with `sound`."""
    return pair(np.full_like(sound, _HEAD), sound)


def pair(left: U64, right: U64) -> U64:
    """Return the gram of two sounds."""
    grams: U64 = left * np.uint64(MOST_SOUNDS) + right
    return grams


def number(before: U64, value: U64) -> U64:
    """Return the gram of a sound and the number that begins after it."""
    value = np.minimum(value, np.uint64(_MOST_NUMBER))
    grams: U64 = np.uint64(_NUMBER) + before * np.uint64(_MOST_NUMBER + 1) + value
    return grams


def triple(a: U64, b: U64, c: U64) -> U64:
    """Return the gram of three initials."""
    grams: U64 = np.uint64(_TRIPLE) + ((a * np.uint64(128)) + b) * np.uint64(128) + c
    return grams


def _numbers(
    code: NDArray[np.uint16],
    sound: NDArray[np.uint16],
    digit: NDArray[np.bool_],
    text: NDArray[np.int64],
) -> Grams:
    at = np.flatnonzero(digit)
    if not len(at):
        return Grams(np.empty(0, np.uint64), np.empty(0, np.int64))
    place = np.arange(len(digit))
    start = np.zeros(len(digit), np.bool_)
    start[at] = True
    start[1:] &= ~(digit[:-1] & (text[1:] == text[:-1]))
    run = np.maximum.accumulate(np.where(start, place, 0))
    in_run = (place - run)[at]
    value = code.astype(np.int64) - 48
    for step in range(1, _DIGITS):
        here = at[in_run == step]
        value[here] += value[here - 1] * 10
    before = run[at] - 1
    known = (before >= 0) & (text[np.maximum(before, 0)] == text[at])
    heard = np.where(known, sound[np.maximum(before, 0)], 0).astype(np.uint64)
    short = in_run < _DIGITS
    return Grams(number(heard[short], value[at][short].astype(np.uint64)), text[at][short])


def _triples(initial: NDArray[np.uint8], text: NDArray[np.int64]) -> Grams:
    """Return triples, the first ones padded; only the first letters of a text take part."""
    count = len(text)
    if not count:
        return Grams(np.empty(0, np.uint64), np.empty(0, np.int64))
    first = np.ones(count, np.bool_)
    first[1:] = text[1:] != text[:-1]
    place = np.arange(count)
    depth = place - np.maximum.accumulate(np.where(first, place, 0))
    c = initial.astype(np.uint64)
    b = np.where(depth >= 1, np.roll(c, 1), np.uint64(0))
    a = np.where(depth >= 2, np.roll(c, 2), np.uint64(0))
    keep = (depth < _MOST_INITIALS) & (c > 0)
    return Grams(triple(a, b, c)[keep], text[keep])
