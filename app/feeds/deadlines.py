"""Watches the clocks: tells when the number of cases near due or overdue changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.runtime.core import Core
from app.services.questions import CountCases
from app.services.views import CaseQuery


class DeadlineWatch:
    """Call it at a steady beat; it counts on the database lane and waits for nobody.

    `told` hears how many cases are open, how many of them will soon be due, and how many are
    overdue.
    """

    def __init__(self, core: Core, told: Callable[[int, int, int], object]) -> None:
        self._core = core
        self._told = told
        self._before: tuple[int, int, int] | None = None

    def __call__(self) -> None:
        """Ask how many cases are open, near due and overdue; tell it if other than before."""
        query = CaseQuery(now_ms=self._core.now_ms)
        counts: Mapping[str, int] = self._core.ask(CountCases(query)).result()
        late = counts["overdue"]
        found = (counts["open"], counts["due_soon"] - late, late)
        if found != self._before:
            self._before = found
            self._told(*found)
