"""Rule sets by hash, read once and kept."""

from __future__ import annotations

import json
import time
from collections.abc import MutableMapping

from sqlalchemy import Connection, select

from app.data.errors import readable
from app.data.facts import get_fact, put_fact
from app.data.tables import ruleset
from app.data.upsert import upsert
from app.domain.actions import canonical_bytes
from app.domain.errors import NotFound, StorageFailure
from app.domain.rules import RuleBook, parse_rules

MOST_BYTES = 4 * 1024 * 1024
_CURRENT = "rules"


class SqlRules:
    """Fulfils `ports.Rules`; `read` keeps books by hash for as long as the city is open."""

    def __init__(self, connection: Connection, read: MutableMapping[str, RuleBook]) -> None:
        self._connection = connection
        self._read = read

    def get(self, digest: str) -> RuleBook:
        """Return the rule set of that hash; raises `NotFound` if it never came."""
        if digest not in self._read:
            self._read[digest] = self._load(digest)
        return self._read[digest]

    def current(self) -> RuleBook:
        """Return the rule set that new actions are taken under."""
        digest = get_fact(self._connection, _CURRENT)
        if digest is None:
            raise NotFound("The city has no rule set.", advice="Make the city anew.")
        try:
            return self.get(digest)
        except NotFound as error:
            raise StorageFailure(
                "The rule set in force is missing from the city's database, which is broken.",
                advice="Copy the city away as it is, then restore the last backup.",
            ) from error

    def put(self, book: RuleBook) -> None:
        """Keep a rule set and take new actions under it."""
        self.keep(book)
        put_fact(self._connection, _CURRENT, book.hash)

    def keep(self, book: RuleBook) -> None:
        """Keep a rule set to judge actions by; new ones are taken under the same as before."""
        self._connection.execute(
            upsert(self._connection, ruleset, "hash", keep=("received_ms",)),
            {
                "hash": book.hash,
                "data": canonical_bytes(book.raw, limit=MOST_BYTES),
                "received_ms": time.time_ns() // 1_000_000,
            },
        )

    def _load(self, digest: str) -> RuleBook:
        data = self._connection.execute(
            select(ruleset.c.data).where(ruleset.c.hash == digest)
        ).scalar()
        if data is None:
            raise NotFound(
                f"The rule set {digest[:12]}… has not come yet.",
                advice="Bring in the actions it travels with.",
            )
        with readable("rule set"):
            book = parse_rules(json.loads(bytes(data)))
        if book.hash != digest:
            raise StorageFailure(
                f"The stored rule set {digest[:12]}… was altered; cases cannot be judged by it.",
                advice="Restore the last backup.",
            )
        return book
