"""Sends by itself what the stated rule is sure of, as `serve` and a local window do.

A case is looked at once, when it comes in, and only while nothing but its report has happened:
what a person touched, or took back, is never sent by the machine again. What comes in while
another process holds the role, or nobody does, is kept in mind and looked at on taking over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from uuid import UUID

from app.domain.errors import AppError
from app.runtime.core import Core
from app.services.changes import Changes
from app.services.commands import MACHINE, AcceptSuggestion
from app.services.questions import OpenSheet
from app.services.views import CaseSheet

log = logging.getLogger(__name__)
REPORTED = "reported"
_KEPT = 1_000


class RuleDispatch:
    """A listener of a core. `playing` tells whether this process holds the role now."""

    def __init__(self, core: Core, playing: Callable[[], bool]) -> None:
        self._core = core
        self._playing = playing
        self._seen: set[UUID] = set()
        self._missed: dict[UUID, None] = {}
        self._turn = threading.Lock()
        self.sent = 0

    def __call__(self, changes: Changes) -> None:
        """Look at the cases that just came in; never blocks."""
        new = [row.uid for row in changes.cases if row.step == REPORTED]
        with self._turn:
            for row in changes.cases:
                if row.step != REPORTED:
                    self._missed.pop(row.uid, None)
            if not self._playing():
                self._missed |= dict.fromkeys(uid for uid in new if uid not in self._seen)
                for uid in list(self._missed)[:-_KEPT]:
                    del self._missed[uid]
                return
        self._look(new)

    def catch_up(self) -> None:
        """Look at what came in before this process took the role over; to be called often."""
        if self._missed and self._playing():
            with self._turn:
                missed, self._missed = list(self._missed), {}
            self._look(missed)

    def _look(self, cases: Sequence[UUID]) -> None:
        for uid in cases:
            if uid not in self._seen:
                self._seen.add(uid)
                asked: Future[CaseSheet] = self._core.ask(OpenSheet(uid, MACHINE))
                asked.add_done_callback(self._judge)

    def _judge(self, asked: Future[CaseSheet]) -> None:
        if asked.cancelled() or asked.exception() is not None:
            return
        sheet = asked.result()
        untouched = len(sheet.state.history) == 1
        if untouched and sheet.suggestion is not None and sheet.suggestion.sure:
            done = self._core.submit(AcceptSuggestion(MACHINE, sheet.state.uid))
            done.add_done_callback(self._count)

    def _count(self, done: Future[Changes]) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self.sent += 1
        elif isinstance(error, AppError):
            log.info("the rule did not send a case: %s", error)
