"""Watches the clocks: says when the number of overdue cases changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.runtime.core import Core
from app.services.questions import CountCases
from app.services.views import CaseQuery


class DeadlineWatch:
    """Call it at a steady beat; it counts on the database lane and waits for nobody."""

    def __init__(self, core: Core, say: Callable[[str], None]) -> None:
        self._core = core
        self._say = say
        self._before: tuple[int, int] | None = None

    def __call__(self) -> None:
        """Ask how many cases are open and overdue; say so if it is other than before."""
        query = CaseQuery(now_ms=self._core.now_ms)
        counts: Mapping[str, int] = self._core.ask(CountCases(query)).result()
        found = (counts["open"], counts["overdue"])
        if found != self._before:
            self._before = found
            self._say(f"open {found[0]}, overdue {found[1]}")
