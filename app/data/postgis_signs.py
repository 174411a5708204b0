"""Readings 读数 of a remote city: the blocks of `sign_log`, one a row, in a table by month.

Blocks instead of a row a reading: 50,000 readings a second are 100 rows, a tenth of the bytes.
A month is one partition, so that an old one can be moved or dropped at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from app.data.remote import remote_errors
from app.data.sign_log import Place, day_of, pack, unpack_block
from app.runtime.batches import ReadingBatch

_TURN = 0x57475331  # writers one after another, so that ids become visible in order ("WGS1")
_COPY = "COPY reading_block (month, day, readings, data) FROM STDIN (FORMAT BINARY)"
_TYPES = ("int4", "text", "int4", "bytea")
_DAYS = text("SELECT DISTINCT day FROM reading_block ORDER BY day")
_OF_DAY = text("SELECT data FROM reading_block WHERE month = :month AND day = :day ORDER BY id")
_LAST = text("SELECT day, id FROM reading_block ORDER BY month DESC, id DESC LIMIT 1")
_RECENT = text(
    "SELECT data FROM reading_block WHERE month = :month AND day = :day ORDER BY id DESC LIMIT :n"
)
_SINCE = text(
    "SELECT day, id, data FROM reading_block WHERE month >= :month AND id > :id ORDER BY id"
)


class PostgresSignLog:
    """The readings of the city at `place`; fulfils `sign_log.ReadingLog`.

    In a `Place` the offset is the number of the last block. Altered blocks are passed over.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._months: set[int] = set()

    def append(self, batches: Sequence[ReadingBatch], now_ms: int) -> int:
        """See `ReadingLog.append`; raises `StorageFailure` when the server fails."""
        if not batches:
            return 0
        day = day_of(now_ms)
        month = _month(day)
        with remote_errors(self._place), self._engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            if month not in self._months:
                connection.execute(text(_partition(month)))
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.set_types(_TYPES)
                for batch in batches:
                    copy.write_row((month, day, len(batch), pack(batch)))
        self._months.add(month)
        return sum(len(batch) for batch in batches)

    def days(self) -> list[str]:
        """See `ReadingLog.days`."""
        with self._reading() as connection:
            return list(connection.execute(_DAYS).scalars())

    def read(self, day: str) -> Iterator[ReadingBatch]:
        """See `ReadingLog.read`."""
        with self._reading() as connection:
            rows = connection.execute(_OF_DAY, {"month": _month(day), "day": day}).scalars().all()
        yield from _batches(rows)

    def recent(self, count: int) -> list[ReadingBatch]:
        """See `ReadingLog.recent`."""
        with self._reading() as connection:
            last = connection.execute(_LAST).first()
            if last is None:
                return []
            day = {"month": _month(last.day), "day": last.day, "n": count}
            rows = connection.execute(_RECENT, day).scalars().all()
        return list(_batches(reversed(rows)))

    def end(self) -> Place:
        """See `ReadingLog.end`."""
        with self._reading() as connection:
            last = connection.execute(_LAST).first()
        return Place(last.day, last.id) if last is not None else Place()

    def since(self, place: Place) -> tuple[list[ReadingBatch], Place]:
        """See `ReadingLog.since`."""
        after = {"month": _month(place.day), "id": place.offset}
        with self._reading() as connection:
            rows = connection.execute(_SINCE, after).all()
        if not rows:
            return [], place
        return list(_batches(row.data for row in rows)), Place(rows[-1].day, rows[-1].id)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with remote_errors(self._place), self._engine.connect() as connection:
            yield connection


def _batches(rows: Iterable[bytes]) -> Iterator[ReadingBatch]:
    for row in rows:
        batch = unpack_block(bytes(row))
        if batch is not None:
            yield batch


def _month(day: str) -> int:
    return int(day[:6] or 0)


def _partition(month: int) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS reading_block_{month} PARTITION OF reading_block "
        f"FOR VALUES IN ({month})"
    )
