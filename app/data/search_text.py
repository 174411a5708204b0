"""Search in Chinese: overlapping bigrams of characters, the same in both databases.

井盖破损 is kept as 井盖 盖破 破损 损; a query is cut the same way and all its pieces must be there,
each as the beginning of a kept piece, so that a single character and the beginning of a number
are found too. Latin letters and digits make whole words. SQLite keeps the pieces in FTS5 (whose
own `trigram` finds nothing for two characters), PostgreSQL in a `tsvector` under GIN; both are
filled with ready pieces, so no parser of the database decides what a word is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, TextClause, text

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
    """Return the pieces all of which a row must hold the beginnings of; none if none is left."""
    found: dict[str, None] = {}
    for run in _runs(words):
        if run.isascii() or len(run) == 1:
            found[run[:_LONGEST_WORD]] = None
        else:
            for i in range(len(run) - 1):
                found[run[i : i + 2]] = None
    return tuple(found)[:_MOST_QUERY_PIECES]


class TextIndex:
    """The index of words of one database, by `case_row.id`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._postgres = connection.dialect.name == "postgresql"

    def put(self, row_id: int, words: str) -> None:
        """Keep `words` for a row, instead of what was kept before."""
        new = pieces(words)
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

    def put_many(self, rows: Iterable[tuple[int, str]]) -> None:
        """Keep words of rows that have none yet."""
        if self._postgres:
            values = [{"id": one, "pieces": list(pieces(words))} for one, words in rows]
            statement = _PUT_POSTGRES
        else:
            values = [{"id": one, "body": " ".join(pieces(words))} for one, words in rows]
            statement = _PUT_SQLITE
        if values:
            self._connection.execute(statement, values)

    def remove(self, row_id: int) -> None:
        """Forget the words of a row."""
        self._connection.execute(_REMOVE, {"id": row_id})

    def ids(self, wanted: Sequence[str]) -> TextClause:
        """Return `SELECT rowid` of the rows that hold all of `wanted` (from `query_pieces`)."""
        return text(f"SELECT rowid FROM case_text WHERE {self.condition}").bindparams(
            wanted=self.match(wanted)
        )

    @property
    def condition(self) -> str:
        """The condition on `case_text`, with the parameter `:wanted`."""
        if self._postgres:
            return "body @@ CAST(:wanted AS tsquery)"
        return "case_text MATCH :wanted"

    def match(self, wanted: Sequence[str]) -> str:
        """Return what `:wanted` is to be; pieces hold letters and digits only."""
        if self._postgres:
            return " & ".join(f"'{piece}':*" for piece in wanted)
        return " AND ".join(f'"{piece}"*' for piece in wanted)


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
