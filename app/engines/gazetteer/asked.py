"""What a question may mean: characters, full pinyin, initials, or a mixture."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.engines.gazetteer.grams import U64, head, number, pair, triple
from app.engines.gazetteer.likeness import Spoken
from app.engines.gazetteer.texts import Speller

LONGEST = 32
_RUNS = re.compile(r"[a-z]+|[^a-z]+")
_PINYIN_WORTH = 0.93
_MIXED_WORTH = 0.96
_INITIALS_WORTH = 0.88
_SLIP_WORTH = 0.8
_MOST = 6
_MOST_TAILS = 8
_Way = tuple[tuple[str, ...], tuple[int, ...], int]


def readings(text: str, speller: Speller) -> list[Spoken]:
    """Return the ways to read what was asked, likeliest first; none for an empty question."""
    plain = speller.plain(text)[:LONGEST]
    if not plain:
        return []
    as_typed = _typed(plain, speller)
    runs = _RUNS.findall(plain)
    if not any(run[0].isascii() and run[0].isalpha() for run in runs):
        return [as_typed]
    found = [as_typed]
    latin = max((run for run in runs if run[0].isascii() and run[0].isalpha()), key=len)
    only = plain.isascii()
    worth = _PINYIN_WORTH if only else _MIXED_WORTH
    ways = list(_ways(latin, speller, 0))
    if not ways or len(ways[0][0]) > 1 + len(latin) / 2:
        ways += list(_ways(latin, speller, 1))
    for syllables, tail, slips in _different(ways, speller)[:_MOST]:
        value = worth * (_SLIP_WORTH if slips else 1.0)
        found.append(_spoken(runs, latin, syllables, tail, value, speller))
    if only and len(latin) >= 2:
        found.append(_initials(plain))
    return found


def _different(ways: list[_Way], speller: Speller) -> list[_Way]:
    """Leave out ways that sound alike: they find the same."""
    alike, sound_of = speller.sounds.alike, speller.sounds.sound_of
    kept: dict[tuple[object, ...], _Way] = {}
    for way in ways:
        syllables, tail, _slips = way
        heard = tuple(int(alike[sound_of[one]]) if one in sound_of else one for one in syllables)
        kept.setdefault((heard, tail), way)
    return list(kept.values())


def _typed(plain: str, speller: Speller) -> Spoken:
    letters = speller.letters([plain])
    return Spoken(letters.code, letters.sound, letters.initial)


def _ways(latin: str, speller: Speller, slips: int) -> Iterator[_Way]:
    sounds = speller.sounds
    for way in sounds.cut(latin, slips=slips):
        yield way, (), slips
    for keep in range(1, min(5, len(latin))):  # the last syllable is still being typed
        rest = latin[-keep:]
        finished = sounds.finishes(rest)
        if not finished:
            continue
        tails = tuple(dict.fromkeys(sounds.sound_of[one] for one in finished))
        for way in sounds.cut(latin[:-keep], slips=slips)[:2]:
            yield (*way, rest), tails, slips


def _spoken(
    runs: list[str],
    latin: str,
    syllables: tuple[str, ...],
    tail: tuple[int, ...],
    worth: float,
    speller: Speller,
) -> Spoken:
    codes: list[int] = []
    heard: list[int] = []
    heads: list[int] = []
    for run in runs:
        if run == latin:
            codes += [0] * len(syllables)
            heard += [speller.sounds.sound_of.get(one, 0) for one in syllables]
            heads += [ord(one[0]) for one in syllables]
        else:
            letters = speller.letters([run])
            codes += letters.code.tolist()
            heard += letters.sound.tolist()
            heads += letters.initial.tolist()
    open_end = tail if runs[-1] == latin else ()
    return Spoken(
        np.array(codes, np.uint16), np.array(heard, np.uint16), np.array(heads, np.uint8),
        open_end, worth,
    )  # fmt: skip


def _initials(plain: str) -> Spoken:
    codes = np.array([ord(one) if one.isdigit() else 0 for one in plain], np.uint16)
    heads = np.array([ord(one) for one in plain], np.uint8)
    return Spoken(codes, np.zeros(len(plain), np.uint16), heads, (), _INITIALS_WORTH)


def grams_asked(asked: Spoken, alike: NDArray[np.uint16]) -> list[tuple[list[int], float]]:
    """Return the grams to look for: each one or any of several, and what it weighs."""
    digit = (asked.code >= 48) & (asked.code <= 57)
    words = np.flatnonzero(~digit)
    if len(words) and not asked.sound[words].any():
        return [([int(one)], 1.0) for one in _triples(asked.initial[words])]
    heard = alike[asked.sound]
    sound = heard[words].astype(np.uint64)
    tail = tuple(dict.fromkeys(alike[list(asked.tail)].tolist())) if asked.tail else ()
    found = [([int(one)], 1.0) for one in _numbers(asked, heard, digit)]
    if len(sound):
        found.append((_any_head(sound, tail), 0.6))
    for step in (1, 2):
        for i in range(len(sound) - step):
            last = i + step == len(sound) - 1 and bool(tail)
            ends = tail[:_MOST_TAILS] if last else (int(sound[i + step]),)
            grams = [int(pair(sound[i : i + 1], np.array([end], np.uint64))[0]) for end in ends]
            found.append((grams, 1.0 if step == 1 else 0.7))
    return found


def _any_head(sound: U64, tail: tuple[int, ...]) -> list[int]:
    if len(sound) == 1 and tail:
        return [int(one) for one in head(np.array(tail[:_MOST_TAILS], np.uint64))]
    return [int(head(sound[:1])[0])]


def _numbers(asked: Spoken, heard: NDArray[np.uint16], digit: NDArray[np.bool_]) -> Iterator[int]:
    value, before = 0, -1
    for i, is_digit in enumerate([*digit.tolist(), False]):
        if is_digit:
            value = value * 10 + int(asked.code[i]) - 48
            continue
        if i and digit[i - 1] and value < 10**6:
            sound = int(heard[before]) if before >= 0 else 0
            yield int(number(np.array([sound], np.uint64), np.array([value], np.uint64))[0])
        value, before = 0, i


def _triples(initial: NDArray[np.uint8]) -> Iterator[int]:
    c = [0, 0, *initial.tolist()]
    for i in range(len(initial)):
        parts = (np.array([one], np.uint64) for one in c[i : i + 3])
        yield int(triple(*parts)[0])
