"""One set of the index's arrays, and the search in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.domain.addresses.rules import AddressRules
from app.domain.map_columns import AREA_TIERS
from app.engines.gazetteer.asked import grams_asked
from app.engines.gazetteer.build import AREA, ESTATE, PLACE, ROAD, Arrays, sounds_from
from app.engines.gazetteer.grams import Postings
from app.engines.gazetteer.likeness import LONGEST, Rows, Spoken, likeness
from app.engines.gazetteer.texts import Speller

_CANDIDATES = 320
_MOST_POSTINGS = 60_000
_FEW = 2  # so many grams must be looked up however long their lists are
_SHORT = 0.004  # of two texts with the same grams the shorter one is tried first
_NO_UID = bytes(16)
_NAMES = {PLACE: "place", ROAD: "road", ESTATE: "estate"}


def name_of_kind(kind: int) -> str:
    """Return `place`, `road`, `estate` or `area:` and its tier."""
    return _NAMES.get(kind) or f"area:{AREA_TIERS[kind - AREA]}"


@dataclass(frozen=True)
class Found:
    """Texts that answer: `text` int64, what it costs to make each of the question, float32."""

    text: NDArray[np.int64]
    cost: NDArray[np.float32]


class Segment:
    """A built index, of a whole city or of the changes to it."""

    def __init__(self, arrays: Arrays, rules: AddressRules, masked: frozenset[bytes]) -> None:
        a: dict[str, Any] = dict(arrays)
        self.arrays = a
        self.rules = rules
        self.kind: NDArray[np.uint8] = a["kind"]
        self.lon: NDArray[np.float64] = a["lon"]
        self.lat: NDArray[np.float64] = a["lat"]
        self.area: NDArray[np.int32] = a["area"]
        self.parent: NDArray[np.int32] = a["parent"]
        self.text_thing: NDArray[np.int32] = a["text_thing"]
        self.alike: NDArray[np.uint16] = a["sound_alike"]
        self._off: NDArray[np.int64] = a["letter_off"]
        self._postings = Postings(a["gram"], a["gram_off"], a["gram_text"])
        self.hidden = self._hide(masked)

    def __len__(self) -> int:
        """How many things."""
        return len(self.kind)

    @cached_property
    def _score(self) -> NDArray[np.float32]:
        """A number for each text, all zero between two questions; one thread asks."""
        return np.zeros(len(self.text_thing), np.float32)

    @cached_property
    def speller(self) -> Speller:
        """The speller that the index was built with."""
        return Speller(self.rules, sounds_from(self.arrays))

    def _hide(self, masked: frozenset[bytes]) -> NDArray[np.bool_]:
        hidden = np.zeros(len(self.kind), np.bool_)
        if masked:
            whole = np.ascontiguousarray(self.arrays["uid"]).view("V16").ravel()
            wanted = np.frombuffer(b"".join(sorted(masked)), "V16")
            hidden = np.isin(whole.view("S16"), wanted.view("S16"))
        return hidden

    def title(self, thing: int) -> str:
        """Return what a thing is called."""
        return self._word("title", thing)

    def detail(self, thing: int) -> str:
        """Return a place's address, an area's code."""
        return self._word("detail", thing)

    def uid(self, thing: int) -> UUID | None:
        """Return the uid of an area or place; a road has none."""
        raw = self.arrays["uid"][thing].tobytes()
        return None if raw == _NO_UID else UUID(bytes=raw)

    def kind_name(self, thing: int) -> str:
        """Return `place`, `road`, `estate` or `area:` and its tier."""
        return name_of_kind(int(self.kind[thing]))

    def district_of(self, thing: int) -> int:
        """Return the row of the district that holds a thing, -1 if it is not known."""
        area = int(self.area[thing])
        return int(self.arrays["district"][area]) if area >= 0 else -1

    def find(self, asked: Spoken, *, whole: bool = False, kinds: Iterable[int] = ()) -> Found:
        """Return the texts most like `asked`, in no order, with their costs."""
        text = self._candidates(asked, tuple(kinds))
        if not len(text):
            return Found(text, np.empty(0, np.float32))
        start, end = self._off[text], self._off[text + 1]
        length = np.minimum(end - start, LONGEST)
        width = int(length.max())
        at = start[:, None] + np.arange(width)[None, :]
        inside = np.arange(width)[None, :] < length[:, None]
        at = np.where(inside, at, 0)
        rows = Rows(
            *(
                np.where(inside, self.arrays[name][at], 0)
                for name in ("letter_code", "letter_sound", "letter_other", "letter_initial")
            )
        )
        cost = likeness(asked, rows, length, self.alike, whole=whole)
        return Found(text, cost)

    def _candidates(self, asked: Spoken, kinds: tuple[int, ...]) -> NDArray[np.int64]:
        """Return the texts that share most grams with the question, rare grams counting more."""
        lists: list[tuple[NDArray[np.int32], float]] = []
        for grams, worth in grams_asked(asked, self.alike):
            lists += [(found, worth) for one in grams if len(found := self._postings.of(one))]
        lists.sort(key=lambda one: len(one[0]))
        score = self._score
        total = np.log1p(len(score))
        met: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
        for used, (found, worth) in enumerate(lists):
            if used >= _FEW and len(found) > _MOST_POSTINGS:
                break
            met.append(found[score[found] == 0])
            score[found] += np.float32(worth * max(total - np.log(len(found)), 0.3))
        every = np.concatenate(met)
        told = score[every]
        score[every] = 0
        text = every.astype(np.int64)
        if self.hidden.any() or kinds:
            thing = self.text_thing[text]
            keep = ~self.hidden[thing]
            if kinds:
                keep &= np.isin(self.kind[thing], kinds)
            text, told = text[keep], told[keep]
        rank = told - np.float32(_SHORT) * (self._off[text + 1] - self._off[text])
        if len(text) > _CANDIDATES:
            text = text[np.argpartition(-rank, _CANDIDATES)[:_CANDIDATES]]
        return text

    def _word(self, name: str, thing: int) -> str:
        off = self.arrays[f"{name}_off"]
        return bytes(self.arrays[name][off[thing] : off[thing + 1]]).decode()
