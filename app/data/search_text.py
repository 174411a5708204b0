"""Search in Chinese: overlapping bigrams of characters, the same in both databases.

井盖破损 is kept as 井盖 盖破 破损 损; Latin letters and digits make whole words. A query is cut the
same way and all its pieces must be there; a single character, and a Latin word or number, may
be the beginning of a kept piece. SQLite keeps the pieces in FTS5 (whose own `trigram` finds
nothing for two characters), PostgreSQL in a `tsvector` under GIN; both are filled with ready
pieces, so no parser of the database decides what a word is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    cast,
    column,
    func,
    literal,
    literal_column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

_WORD = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
_LONGEST_WORD = 64
_MOST_QUERY_PIECES = 24

SQLITE_DDL = (
    "CREATE VIRTUAL TABLE case_text USING fts5"
    "(body, tokenize = 'ascii', detail = 'none', prefix = '1')",
    "INSERT INTO case_text (case_text, rank) VALUES ('secure-delete', 1)",
)
POSTGRES_DDL = (
    "CREATE TABLE case_text (rowid bigint PRIMARY KEY, body tsvector NOT NULL)",
    "CREATE INDEX ix_case_text ON case_text USING gin (body)",
)
case_text = table("case_text", column("rowid"), column("body"))


def pieces(words: str) -> tuple[str, ...]:
    """Return the pieces under which `words` are kept: each once, in order of appearance."""
    found: dict[str, None] = {}
    for run in _runs(words):
        if run.isascii():
            found[run[:_LONGEST_WORD]] = None
        else:
            for i in range(len(run)):
                found[run[i : i + 2]] = None
    return tuple(found)


def query_pieces(words: str) -> tuple[str, ...]:
    """Return the pieces all of which a row must hold; none if the words have no letter."""
    found: dict[str, None] = {}
    for run in _runs(words):
        if run.isascii() or len(run) == 1:
            found[run[:_LONGEST_WORD]] = None
        else:
            for i in range(len(run) - 1):
                found[run[i : i + 2]] = None
    return tuple(found)[:_MOST_QUERY_PIECES]


def area_pieces(*areas: UUID | None) -> tuple[str, ...]:
    """Return the pieces that stand for areas, so that words in one street are found at once.

    They begin with a sign that no word has, so no words asked for can find them.
    """
    return tuple(f"§{area.hex[-12:]}" for area in areas if area is not None)


class TextIndex:
    """The index of words of one database, by `case_row.id`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._postgres = connection.dialect.name == "postgresql"

    def put(self, row_id: int, words: str, areas: Sequence[UUID | None] = ()) -> None:
        """Keep `words` and `areas` for a row, instead of what was kept before."""
        new = (*pieces(words), *area_pieces(*areas))
        if not self._postgres:
            body = " ".join(new)
            kept = self._connection.execute(_KEPT, {"id": row_id}).scalar()
            if kept == body:
                return
            if kept is not None:
                self.remove(row_id)
            self._connection.execute(_PUT_SQLITE, {"id": row_id, "body": body})
        else:
            self._connection.execute(_PUT_POSTGRES, {"id": row_id, "pieces": list(new)})

    def remove(self, row_id: int) -> None:
        """Forget the words of a row."""
        self._connection.execute(_REMOVE, {"id": row_id})


def match(
    connection: Connection, wanted: Sequence[str], *, by_index: bool = True
) -> ColumnElement[bool]:
    """Return the condition on `case_text` that a row holds all of `wanted`.

    Without `by_index` PostgreSQL reads the rows themselves and leaves its GIN alone.
    """
    if connection.dialect.name == "postgresql":
        asked = " & ".join(f"'{piece}'{':*' * _is_beginning(piece)}" for piece in wanted)
        body = case_text.c.body
        kept = body if by_index else func.coalesce(body, cast("", TSVECTOR))
        return kept.bool_op("@@")(cast(asked, TSQUERY))
    asked = " AND ".join(f'"{piece}"{"*" * _is_beginning(piece)}' for piece in wanted)
    return literal_column("case_text").bool_op("MATCH")(literal(asked))


def _is_beginning(piece: str) -> bool:
    return piece.isascii() or len(piece) == 1


def _runs(words: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", words).casefold()
    return _WORD.findall(plain)


_KEPT = text("SELECT body FROM case_text WHERE rowid = :id")
_REMOVE = text("DELETE FROM case_text WHERE rowid = :id")
_PUT_SQLITE = text("INSERT INTO case_text (rowid, body) VALUES (:id, :body)")
_PUT_POSTGRES = text(
    "INSERT INTO case_text (rowid, body) VALUES (:id, array_to_tsvector(CAST(:pieces AS text[])))"
    " ON CONFLICT (rowid) DO UPDATE SET body = EXCLUDED.body"
)
