"""Whether the server of a remote city answers: one state for the status strip, one line in the log.

Whoever asks the server by itself (followers, watchers, timers) tells of failures here instead of
logging each; the follower's next look that succeeds ends the state. Nothing is to be done by
hand: connections are made anew when they are needed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.domain.errors import StorageFailure
from app.runtime.health import HealthItem
from app.runtime.jobs import log_unexpected
from app.services.ports import NowMs

log = logging.getLogger(__name__)


class Link:
    """The way to one server. May be told and asked from any thread."""

    def __init__(self, now_ms: NowMs) -> None:
        self._now_ms = now_ms
        self._since_ms = now_ms()
        self._lost = False

    @property
    def lost(self) -> bool:
        """Whether the server did not answer when last asked."""
        return self._lost

    def on_error(self, error: BaseException) -> None:
        """Take note of a failure that nobody waits for; the hook of a core and its timers."""
        if not isinstance(error, StorageFailure):
            log_unexpected(error)
        elif not self._lost:
            self._turn(lost=True)
            log.warning("the server does not answer; asking again until it does: %s", error)

    def watched(self, look: Callable[[], object]) -> Callable[[], None]:
        """Return `look` so that its failure or success sets the state; it raises no more."""

        def watch() -> None:
            try:
                look()
            except StorageFailure as error:
                self.on_error(error)
            else:
                if self._lost:
                    self._turn(lost=False)
                    log.info("the server answers again")

        return watch

    def health(self) -> HealthItem:
        """Return the state for the status strip."""
        if self._lost:
            return HealthItem("critical", "database_lost", since_ms=self._since_ms)
        return HealthItem("normal", "database_remote", since_ms=self._since_ms)

    def _turn(self, *, lost: bool) -> None:
        self._lost, self._since_ms = lost, self._now_ms()
