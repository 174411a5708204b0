"""Insert or, where the key is there already, bring up to date: the same call in both databases."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection, table: Table, key: str, *, keep: tuple[str, ...] = ()
) -> sqlite.Insert | postgresql.Insert:
    """Return an insert into `table` that updates the row with the same `key` instead.

    Columns in `keep` stay as they were in a row that is there already.
    """
    return _built(connection.dialect.name, table, key, keep)


@lru_cache
def _built(
    dialect: str, table: Table, key: str, keep: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name != key and column.name not in keep
    }
    return statement.on_conflict_do_update(index_elements=[key], set_=changed)
