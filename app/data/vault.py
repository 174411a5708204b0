"""Personal values by key, apart from the actions and erasable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select, update

from app.data.search_text import TextIndex
from app.data.tables import case_row, secret
from app.data.upsert import upsert
from app.domain.errors import InvalidInput
from app.domain.personal import Secret

_BATCH = 500
_ERASE = update(secret).where(secret.c.value.is_not(None)).values(value=None, salt=None)


class SqlVault:
    """Fulfils `ports.Vault` inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_erased = False

    def put(self, secrets: Iterable[Secret]) -> None:
        """Keep values under their keys; raises `InvalidInput` for text no database can hold."""
        rows = [
            {
                "key": one.key,
                "subject": one.subject,
                "kind": one.kind,
                "salt": one.salt,
                "value": storable(one.value, one.kind),
            }
            for one in secrets
        ]
        if rows:
            self._connection.execute(upsert(self._connection, secret, "key"), rows)

    def take(self, secrets: Iterable[Secret]) -> int:
        """Keep values whose key never was here; what is here, or was erased here, stays so.

        Returns how many were new. Raises `InvalidInput` as `put` does.
        """
        given = {one.key: one for one in secrets}
        held = set(self.known(given))
        new = [one for one in given.values() if one.key not in held]
        self.put(new)
        return len(new)

    def known(self, keys: Iterable[UUID]) -> Sequence[UUID]:
        """Return which of the keys ever were here, erased ones among them."""
        return [row[0] for row in self._of_keys(secret.c.key, keys=keys)]

    def get(self, keys: Iterable[UUID]) -> Mapping[UUID, str]:
        """Return the values still there."""
        rows = self._of_keys(secret.c.key, secret.c.value, keys=keys)
        return {row[0]: row[1] for row in rows if row[1] is not None}

    def secrets(self, subject: UUID) -> tuple[Secret, ...]:
        """Return what is still kept about `subject`, to check commitments against."""
        rows = self._connection.execute(
            select(secret).where(secret.c.subject == subject, secret.c.value.is_not(None))
        )
        return tuple(Secret(r.key, r.subject, r.kind, bytes(r.salt), r.value) for r in rows)

    def erase_subject(self, subject: UUID) -> int:
        """Erase value, salt and searched words of everything about `subject`; return how many."""
        result = self._connection.execute(_ERASE.where(secret.c.subject == subject))
        self._forget_words(subject)
        return result.rowcount

    def erase_keys(self, subject: UUID, keys: Iterable[UUID]) -> int:
        """Erase those values about `subject`, and its searched words; return how many.

        The words that are left are searched again once the case's row is put anew.
        """
        wanted, erased = list(keys), 0
        for start in range(0, len(wanted), _BATCH):
            some = secret.c.key.in_(wanted[start : start + _BATCH])
            erased += self._connection.execute(_ERASE.where(some)).rowcount
        if erased:
            self._forget_words(subject)
        return erased

    def _forget_words(self, subject: UUID) -> None:
        self.has_erased = True
        row_id = self._connection.execute(
            select(case_row.c.id).where(case_row.c.uid == subject)
        ).scalar()
        if row_id is not None:
            TextIndex(self._connection).remove(row_id)

    def _of_keys(self, *columns: ColumnElement[Any], keys: Iterable[UUID]) -> Iterator[Row[Any]]:
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), _BATCH):
            some = secret.c.key.in_(wanted[start : start + _BATCH])
            yield from self._connection.execute(select(*columns).where(some))


def storable(value: str, field: str) -> str:
    """Return `value` if both databases hold it verbatim; raises `InvalidInput` otherwise."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("The text holds half a character.", field=field) from error
    if "\x00" in value:
        raise InvalidInput("The text holds a NUL character, which cannot be kept.", field=field)
    return value
