"""The table of what signed actions changed of the rolls, by whom or what it is about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from app.data.errors import readable
from app.data.tables import roll_change
from app.domain.rolls.changes import Change

_BATCH = 500
_ABOUT = select(roll_change).where(roll_change.c.about.in_(bindparam("uids", expanding=True)))


def changes_about(connection: Connection, uids: Iterable[UUID]) -> Sequence[Change]:
    """Return the changes about any of `uids`, each once, in their one order."""
    wanted = list(dict.fromkeys(uids))
    found: dict[str, Change] = {}
    for start in range(0, len(wanted), _BATCH):
        for row in connection.execute(_ABOUT, {"uids": wanted[start : start + _BATCH]}):
            found[row.hash] = _change(row)
    return sorted(found.values(), key=lambda one: one.number)


def replace_changes(connection: Connection, changes: Iterable[Change]) -> None:
    """Keep these changes and no others."""
    connection.execute(delete(roll_change))
    rows = [
        {
            "about": about, "hash": one.hash, "number": one.number, "from_ms": one.from_ms,
            "to_ms": one.to_ms, "entry": _text(one),
        }
        for one in changes
        for about in one.subjects
    ]  # fmt: skip
    if rows:
        connection.execute(insert(roll_change), rows)


def _text(one: Change) -> str:
    raw = {"kind": one.kind, "about": str(one.about), "body": one.body}
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else list(value)  # type: ignore[call-overload]


def _change(row: Row[Any]) -> Change:
    with readable("change of the rolls"):
        raw = json.loads(row.entry)
        about = UUID(raw["about"])
    return Change(row.hash, row.number, raw["kind"], about, row.from_ms, row.to_ms, raw["body"])
