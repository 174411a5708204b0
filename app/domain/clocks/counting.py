"""What each unit counts: an amount between two instants, and the instant an amount is reached.

The amount in (a, b] is additive over splits and never falls, so pauses are taken out by adding
up what lies between them. Rules and where they come from:

- Hours run from the moment itself (Civil Code 民法典 art. 201 ¶2). 紧急工作时 runs on the natural
  clock, 工作时 inside working hours; it ends at the earliest instant, so at the close of a span
  rather than at the opening of the next.
- Days do not count the day of the start (art. 201 ¶1). A 工作日 is counted when its work closes,
  and the n-th close is the deadline (art. 203 ¶2: where there are business hours, the period ends
  with them). A 自然日 is counted at 24:00; if the last one is no working day, the period ends
  with the next working day (art. 203 ¶1), which a calendar may switch off.
- A day is spent by a clock that runs when the day closes. No source says how a pause within a
  day counts; this reading is ours.
"""

from __future__ import annotations

from typing import Protocol

from app.domain.clocks.timetable import DAY_MS, Timetable


class Counting(Protocol):
    """One unit on one calendar. Instants are Unix ms; amounts ms, or days."""

    bound: bool  # does the calendar have a say?

    def begins(self, at: int) -> int:
        """Return from when on a clock started `at` counts."""
        ...

    def amount(self, a: int, b: int) -> int:
        """Return how much lies in (a, b]; a ≤ b."""
        ...

    def reach(self, a: int, amount: int) -> int:
        """Return the earliest instant from `a` on at which `amount` is reached."""
        ...

    def may_end(self, at: int) -> bool:
        """Tell whether a limit that is reached `at` ends there, and not a day later."""
        ...


class Elapsed:
    """紧急工作时: every millisecond counts."""

    bound = False

    def begins(self, at: int) -> int:
        """Return `at`."""
        return at

    def amount(self, a: int, b: int) -> int:
        """Return the ms in (a, b]."""
        return b - a

    def reach(self, a: int, amount: int) -> int:
        """Return `amount` ms after `a`."""
        return a + amount

    def may_end(self, at: int) -> bool:
        """Return True."""
        return True


class WorkTime:
    """工作时: milliseconds inside working hours."""

    bound = True

    def __init__(self, table: Timetable) -> None:
        self._table = table
        self.amount = table.worked
        self.reach = table.after_work

    def begins(self, at: int) -> int:
        """Return `at`."""
        return at

    def may_end(self, at: int) -> bool:
        """Return True."""
        return True


class WorkDays:
    """工作日: working days, counted at their close."""

    bound = True

    def __init__(self, table: Timetable) -> None:
        self._table = table
        self.amount = table.closings
        self.reach = table.after_closings

    def begins(self, at: int) -> int:
        """Return the end of the local day of `at`."""
        return self._table.midnight(self._table.day_of(at) + 1)

    def may_end(self, at: int) -> bool:
        """Return True."""
        return True


class NaturalDays:
    """自然日: days, counted at 24:00."""

    bound = True

    def __init__(self, table: Timetable, rolls: bool) -> None:
        self._table = table
        self._rolls = rolls

    def begins(self, at: int) -> int:
        """Return the end of the local day of `at`."""
        return self._table.midnight(self._table.day_of(at) + 1)

    def amount(self, a: int, b: int) -> int:
        """Return the midnights in (a, b]."""
        return self._table.day_of(b) - self._table.day_of(a)

    def reach(self, a: int, amount: int) -> int:
        """Return the `amount`-th midnight after `a`, `a` for none."""
        return self._table.midnight(self._table.day_of(a) + amount) if amount else a

    def may_end(self, at: int) -> bool:
        """Tell whether the day that ends `at` is a working day, where that is asked."""
        return not self._rolls or self._table.is_worked(self._table.day_of(at - DAY_MS))
