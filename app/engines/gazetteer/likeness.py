"""How alike a question and many texts are: an edit distance that hears, on all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 48
_SAME_SOUND = 0.15
_LIKE_SOUND = 0.25
_HEARD_ALIKE = 0.06  # pinyin of another syllable that people confuse with it
_SKIP = 0.8  # a letter of the text that the question lacks
_EXTRA = 1.0  # a letter of the question that the text lacks
_SWAP = 0.9
_INSIDE = 0.3  # the question begins inside the text
_REST = 0.02  # each letter of the text after the question's end
_MOST_REST = 0.3
_DIGIT = 1.2  # a wrong digit is worse than a wrong character

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """A question as one way to read it, a token a letter.

    `code` is 0 where only the sound is known, `sound` 0 where only the initial is; `tail` are the
    sounds that the last, unfinished token may become. `worth` weighs this way of reading.
    """

    code: NDArray[np.uint16]
    sound: NDArray[np.uint16]
    initial: NDArray[np.uint8]
    tail: tuple[int, ...] = ()
    worth: float = 1.0

    def __len__(self) -> int:
        """How many tokens."""
        return len(self.code)


@dataclass(frozen=True)
class Rows:
    """Texts as rows of at most `LONGEST` letters, filled up with 0; see `texts.Letters`."""

    code: NDArray[np.uint16]
    sound: NDArray[np.uint16]
    other: NDArray[np.uint16]
    initial: NDArray[np.uint8]


def likeness(
    asked: Spoken,
    texts: Rows,
    length: NDArray[np.int64],
    alike: NDArray[np.uint16],
    *,
    whole: bool = False,
) -> F32:
    """Return what it costs to make each text of the question, shape (texts,).

    `alike` turns sounds into classes. A cost of 0 is the text itself; a beginning
    costs little; with `whole` beginnings and middles cost as much as missing letters.
    """
    count, width = texts.code.shape
    at = np.arange(width + 1, dtype=np.float32)
    rest, most = (_SKIP, 99.0) if whole else (_REST, _MOST_REST)
    row = np.where(at == 0, 0, _SKIP * at if whole else _INSIDE).astype(np.float32)
    row = np.broadcast_to(row, (count, width + 1)).copy()
    before, cost_before = row, None
    slope = at * np.float32(_SKIP)
    classes = (alike[texts.sound], alike[texts.other])
    for i in range(len(asked)):
        cost = _costs(asked, i, texts, classes, alike)
        new = np.empty_like(row)
        new[:, 0] = row[:, 0] + _EXTRA
        new[:, 1:] = np.minimum(row[:, :-1] + cost, row[:, 1:] + _EXTRA)
        if cost_before is not None and width > 1:
            swap = cost[:, :-1] + cost_before[:, 1:] + before[:, :-2] + np.float32(_SWAP)
            np.minimum(new[:, 2:], swap, out=new[:, 2:])
        new = np.minimum.accumulate(new - slope, axis=1) + slope
        before, row, cost_before = row, new, cost
    tail = length[:, None].astype(np.float32) - at[None, :]
    end = np.where(tail >= 0, row + np.minimum(tail * np.float32(rest), most), np.inf)
    found: F32 = end.min(axis=1).astype(np.float32)
    return found


def _costs(
    asked: Spoken,
    i: int,
    texts: Rows,
    classes: tuple[NDArray[np.uint16], NDArray[np.uint16]],
    alike: NDArray[np.uint16],
) -> F32:
    """Return what each letter of each text costs in the place of token `i`."""
    one, heard, head = int(asked.code[i]), int(asked.sound[i]), int(asked.initial[i])
    if i == len(asked) - 1 and asked.tail:
        return np.where(np.isin(texts.sound, asked.tail), np.float32(0), np.float32(1))
    cost = np.ones(texts.code.shape, np.float32)
    if 48 <= one <= 57:
        cost[:] = _DIGIT
    elif heard:
        near = int(alike[heard])
        same, like = (_SAME_SOUND, _LIKE_SOUND) if one else (0, _HEARD_ALIKE)
        cost[(classes[0] == near) | (classes[1] == near)] = like
        cost[(texts.sound == heard) | (texts.other == heard)] = same
    elif not one:
        cost[texts.initial == head] = 0
    if one:
        cost[texts.code == one] = 0
    return cost
