"""Sees what other processes wrote to the same city, and turns it into `Changes`.

It lives on the database lane. The log's newest sequence number is read each time; only when it
moved are the new actions read, and the rows of their cases re-read. A row that one of our own
commands published already, as of a later number, is not told twice.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app.domain.addresses.register import ADDRESS_ACTIONS
from app.services.changes import Changes
from app.services.ports import City
from app.services.questions import MAP_ACTIONS

PAGE = 500


class Watcher:
    """Publishes other processes' actions. Used on the database thread only."""

    def __init__(self, publish: Callable[[Changes], None]) -> None:
        self._publish = publish
        self._seen = 0
        self._own: dict[UUID, int] = {}

    def start(self, city: City) -> None:
        """Take everything up to now as known."""
        with city.begin(write=False) as uow:
            self._seen = uow.actions.revision()

    def note_own(self, changes: Changes) -> None:
        """Remember that these rows were published as of `changes.revision`."""
        for uid in (*(row.uid for row in changes.cases), *(row.uid for row in changes.parts)):
            self._own[uid] = changes.revision

    def look(self, city: City) -> None:
        """Publish what came since the last look, at most `PAGE` actions at a time."""
        while True:
            changes = self._next(city)
            if changes is None:
                return
            if changes != Changes(changes.revision):
                self._publish(changes)

    def _next(self, city: City) -> Changes | None:
        with city.begin(write=False) as uow:
            if uow.actions.revision() <= self._seen:
                self._own.clear()
                return None
            page = uow.actions.since(self._seen, PAGE)
            if not page:
                return None
            self._seen = page[-1][0]
            newest = {signed.action.subject: revision for revision, signed in page}
            foreign = [s for s, rev in newest.items() if rev > self._own.get(s, 0)]
            rows = tuple(uow.cases.rows(foreign))
            parts = tuple(uow.parts.rows(foreign))
        others = set(foreign) - {row.uid for row in rows}
        kinds = sorted({s.action.type for _, s in page if s.action.subject in others})
        changed = any(kind in MAP_ACTIONS for kind in kinds)
        asked = {s.action.subject for _, s in page if s.action.type in ADDRESS_ACTIONS}
        return Changes(
            self._seen, cases=rows, map_changed=changed, parts=parts, notes=tuple(kinds),
            addresses=tuple(asked & set(foreign)),
        )  # fmt: skip
