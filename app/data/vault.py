"""Personal values by key, apart from the actions and erasable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import Connection, select, update

from app.data.search_text import TextIndex
from app.data.tables import case_row, secret
from app.data.upsert import upsert
from app.domain.errors import InvalidInput
from app.domain.personal import Secret

_BATCH = 500


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

    def get(self, keys: Iterable[UUID]) -> Mapping[UUID, str]:
        """Return the values still there."""
        wanted = list(dict.fromkeys(keys))
        found: dict[UUID, str] = {}
        for start in range(0, len(wanted), _BATCH):
            rows = self._connection.execute(
                select(secret.c.key, secret.c.value).where(
                    secret.c.key.in_(wanted[start : start + _BATCH]), secret.c.value.is_not(None)
                )
            )
            found.update((row[0], row[1]) for row in rows)
        return found

    def secrets(self, subject: UUID) -> tuple[Secret, ...]:
        """Return what is still kept about `subject`, to check commitments against."""
        rows = self._connection.execute(
            select(secret).where(secret.c.subject == subject, secret.c.value.is_not(None))
        )
        return tuple(Secret(r.key, r.subject, r.kind, bytes(r.salt), r.value) for r in rows)

    def erase_subject(self, subject: UUID) -> int:
        """Erase value, salt and searched words of everything about `subject`; return how many."""
        result = self._connection.execute(
            update(secret)
            .where(secret.c.subject == subject, secret.c.value.is_not(None))
            .values(value=None, salt=None)
        )
        self.has_erased = True
        row_id = self._connection.execute(
            select(case_row.c.id).where(case_row.c.uid == subject)
        ).scalar()
        if row_id is not None:
            TextIndex(self._connection).remove(row_id)
        return result.rowcount


def storable(value: str, field: str) -> str:
    """Return `value` if both databases hold it verbatim; raises `InvalidInput` otherwise."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("The text holds half a character.", field=field) from error
    if "\x00" in value:
        raise InvalidInput("The text holds a NUL character, which cannot be kept.", field=field)
    return value
