"""Working time by prefix sums: how much lies between two instants, and when an amount is reached.

Days are laid in blocks of 512, filled when first asked for, so that a question costs a bisection
in one block, or two for long spans, whatever the length of the calendar.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

DAY_MS = 86_400_000
_BITS = 9
_SIZE = 1 << _BITS

Spans = tuple[tuple[int, int], ...]  # working spans of a day, ms after its midnight, in order


@dataclass(frozen=True)
class _Block:
    spans: list[Spans]
    worked: list[int]  # ms before day i of the block; one more at the end
    days: list[int]  # working days before day i of the block; one more at the end


class Timetable:
    """Working spans of every day; instants are Unix ms, days are counted from 1970-01-01.

    A working day is one that has a span; it closes with the end of its last span.
    """

    def __init__(self, spans_of: Callable[[int], Spans], offset_ms: int) -> None:
        self._spans_of = spans_of
        self._offset = offset_ms
        self._blocks: dict[int, _Block] = {}

    def day_of(self, at: int) -> int:
        """Return the local day of an instant."""
        return (at + self._offset) // DAY_MS

    def midnight(self, day: int) -> int:
        """Return the instant at which a local day begins."""
        return day * DAY_MS - self._offset

    def is_worked(self, day: int) -> bool:
        """Tell whether a day has working hours."""
        return bool(self.spans(day))

    def spans(self, day: int) -> Spans:
        """Return the working spans of a local day."""
        return self._block(day >> _BITS).spans[day & (_SIZE - 1)]

    def worked(self, a: int, b: int) -> int:
        """Return the working ms in (a, b]; a ≤ b."""
        (i, in_a), (j, in_b) = self._worked_at(a), self._worked_at(b)
        return in_b - in_a + sum(self._block(k).worked[-1] for k in range(i, j))

    def after_work(self, a: int, amount: int) -> int:
        """Return the earliest instant from `a` on with `amount` ms worked since `a`."""
        if not amount:
            return a
        k, before = self._worked_at(a)
        want = before + amount
        while self._block(k).worked[-1] < want:
            want -= self._block(k).worked[-1]
            k += 1
        block = self._block(k)
        i = bisect_left(block.worked, want) - 1
        rest = want - block.worked[i]
        for opens, closes in block.spans[i]:
            if rest <= closes - opens:
                return self.midnight((k << _BITS) + i) + opens + rest
            rest -= closes - opens
        raise AssertionError("prefix sums do not fit their spans")

    def closings(self, a: int, b: int) -> int:
        """Return how many working days close in (a, b]; a ≤ b."""
        (i, in_a), (j, in_b) = self._closed_at(a), self._closed_at(b)
        return in_b - in_a + sum(self._block(k).days[-1] for k in range(i, j))

    def after_closings(self, a: int, amount: int) -> int:
        """Return the instant of the `amount`-th closing after `a`."""
        if not amount:
            return a
        k, before = self._closed_at(a)
        want = before + amount
        while self._block(k).days[-1] < want:
            want -= self._block(k).days[-1]
            k += 1
        block = self._block(k)
        i = bisect_left(block.days, want) - 1
        return self.midnight((k << _BITS) + i) + block.spans[i][-1][1]

    def _worked_at(self, at: int) -> tuple[int, int]:
        day, rest = divmod(at + self._offset, DAY_MS)
        block, i = self._block(day >> _BITS), day & (_SIZE - 1)
        total = block.worked[i]
        for opens, closes in block.spans[i]:
            if rest > opens:
                total += (rest if rest < closes else closes) - opens
        return day >> _BITS, total

    def _closed_at(self, at: int) -> tuple[int, int]:
        day, rest = divmod(at + self._offset, DAY_MS)
        block, i = self._block(day >> _BITS), day & (_SIZE - 1)
        spans = block.spans[i]
        return day >> _BITS, block.days[i] + bool(spans and rest >= spans[-1][1])

    def _block(self, k: int) -> _Block:
        block = self._blocks.get(k)
        if block is None:
            block = self._blocks[k] = self._fill(k)
        return block

    def _fill(self, k: int) -> _Block:
        spans = [self._spans_of(day) for day in range(k << _BITS, (k + 1) << _BITS)]
        worked, days = [0], [0]
        for one in spans:
            worked.append(worked[-1] + sum(closes - opens for opens, closes in one))
            days.append(days[-1] + bool(one))
        return _Block(spans, worked, days)
