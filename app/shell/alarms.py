"""Which critical cases a person at this window has seen: view state, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app.services.changes import CaseRow


class Alarms:
    """The critical cases of one window, newest change first, and which are acknowledged.

    Choosing a case acknowledges it. One that stops being critical and becomes so again is new.
    """

    def __init__(self) -> None:
        self._critical: tuple[UUID, ...] = ()
        self._seen: set[UUID] = set()

    @property
    def count(self) -> int:
        """How many cases are critical."""
        return len(self._critical)

    @property
    def unseen(self) -> int:
        """How many of them nobody here has acknowledged."""
        return sum(uid not in self._seen for uid in self._critical)

    def take(self, critical: Iterable[CaseRow]) -> None:
        """Take what is critical now."""
        self._critical = tuple(row.uid for row in critical)
        self._seen &= set(self._critical)

    def acknowledge(self, case: UUID) -> None:
        """Note that a case was seen."""
        if case in self._critical:
            self._seen.add(case)

    def next_after(self, case: UUID | None) -> UUID | None:
        """Return the newest unseen case, else the one behind `case`, None if there is none."""
        unseen = (uid for uid in self._critical if uid not in self._seen)
        first = next(unseen, None)
        if first is not None or not self._critical:
            return first
        at = self._critical.index(case) + 1 if case in self._critical else 0
        return self._critical[at % len(self._critical)]
