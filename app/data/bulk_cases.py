"""Closed cases in bulk, under one signed action: history from another system or a sample.

Such cases have no actions of their own, so they can be read, searched and counted, but not moved.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import Connection, func, select, text
from sqlalchemy.schema import CreateIndex, DropIndex

from app.data.case_row import DONE, NEVER, cell_of
from app.data.city import SqlCity, now_ms
from app.data.search_text import area_pieces, pieces
from app.data.tables import case_row, import_run, secret
from app.data.unit_of_work import SqlUnitOfWork
from app.data.upsert import upsert
from app.data.vault import storable
from app.domain.errors import InvalidInput

_UID = pa.binary(16)
SCHEMA = pa.schema(
    [
        ("uid", _UID),  # UUIDv7 of the moment it was reported; the same one again adds nothing
        ("receipt", pa.string()),
        ("number", pa.string()),
        ("step", pa.string()),  # a closed step of the workflow
        ("matter", pa.string()),
        ("matter_name", pa.string()),
        ("lon", pa.float64()),  # degrees WGS 84
        ("lat", pa.float64()),
        ("grid", _UID),
        ("grid_code", pa.string()),
        ("street", _UID),
        ("district", _UID),
        ("unit", _UID),
        ("person", _UID),
        ("source", pa.string()),
        ("reported_ms", pa.int64()),
        ("closed_ms", pa.int64()),
        ("returned", pa.int32()),
        ("reworked", pa.int32()),
        ("auto", pa.bool_()),
        ("urgent", pa.bool_()),
        ("sample", pa.bool_()),
        ("words", pa.string()),  # kept in the vault; may be null
        ("address", pa.string()),
    ]
)
_OPTIONAL = frozenset(
    ("grid", "street", "district", "unit", "person", "words", "address", "closed_ms")
)
_ROWS_AT_ONCE = 5_000
_COLUMNS = tuple(column.name for column in case_row.columns)
_SAID = ("number", "receipt", "words", "address", "matter_name")
_RANDOM = 26  # bytes for a key (10) and a salt (16)
_FIXED: dict[str, Any] = {
    "phase": "done",
    "due_ms": None,
    "due_key": NEVER,
    "due_clock": "",
    "is_open": False,
    "rank": DONE,
    "confidence": None,
    "master": None,
    "confirmed_ms": None,
}


def bulk_cases(
    city: SqlCity, batches: Iterable[pa.RecordBatch], *, source: str, digest: str, refused: int = 0
) -> int:
    """Add closed cases (`SCHEMA`, in the order they were reported) and return how many were new.

    One transaction and one signed `import` action that names `source` and the SHA-256 `digest` of
    where they came from. The same digest again adds nothing and signs nothing. Raises
    `InvalidInput` for another schema or a value that cannot stand, `StorageFailure`; then nothing
    was added.
    """
    with city.begin(write=True) as uow:
        known = select(import_run.c.taken).where(import_run.c.digest == digest)
        if uow.connection.execute(known).first():
            return 0
        with _indexed_after(uow.connection):
            taken = sum(_add(uow, batch) for batch in _cut(batches))
        _sign(city, uow, source, digest, taken, refused)
        uow.commit()
    return taken


@contextmanager
def _indexed_after(connection: Connection) -> Generator[None]:
    """Build the indexes once at the end, in a city that has no cases yet."""
    empty = connection.execute(select(case_row.c.id).limit(1)).first() is None
    indexes = sorted(case_row.indexes, key=lambda index: index.name or "") if empty else []
    for index in indexes:
        connection.execute(DropIndex(index))
    yield
    for index in indexes:
        connection.execute(CreateIndex(index))


def _sign(
    city: SqlCity, uow: SqlUnitOfWork, source: str, digest: str, taken: int, refused: int
) -> None:
    body = {
        "kind": "cases", "source": source, "sha256": digest, "taken": taken, "refused": refused,
    }  # fmt: skip
    signed = city.take(uow, "import", body)
    uow.connection.execute(
        upsert(uow.connection, import_run, "digest"),
        {
            "digest": digest, "kind": "cases", "source": source, "action": signed.hash,
            "taken": taken, "refused": refused, "at_ms": now_ms(),
        },
    )  # fmt: skip


def _cut(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if batch.schema.names != SCHEMA.names:
            raise InvalidInput("Closed cases must come in bulk_cases.SCHEMA.", field="columns")
        whole = batch.cast(SCHEMA)
        for name in SCHEMA.names:
            if name not in _OPTIONAL and whole.column(name).null_count:
                raise InvalidInput(f"A closed case lacks {name}.", field=name)
        for start in range(0, whole.num_rows, _ROWS_AT_ONCE):
            yield whole.slice(start, _ROWS_AT_ONCE)


def _add(uow: SqlUnitOfWork, batch: pa.RecordBatch) -> int:
    connection = uow.connection
    uids: list[bytes] = batch.column("uid").to_pylist()
    present = _present(connection, uids)
    new = [i for i, uid in enumerate(uids) if uid not in present]
    if len(new) < len(uids):
        batch = batch.take(pa.array(new, pa.int64()))
    batch = _first_of_each(batch)
    first = (connection.execute(select(func.max(case_row.c.id))).scalar() or 0) + 1
    columns = {name: batch.column(name).to_pylist() for name in SCHEMA.names}
    count: int = batch.num_rows
    kept: list[tuple[Any, ...]] = []
    columns |= {name: [value] * count for name, value in _FIXED.items()}
    columns["id"] = list(range(first, first + count))
    columns["words_key"] = _keep(columns, "words", kept)
    columns["address_key"] = _keep(columns, "address", kept)
    columns["cell"] = list(map(cell_of, columns["lon"], columns["lat"]))
    columns["changed_ms"] = [
        reported if closed is None else closed
        for reported, closed in zip(columns["reported_ms"], columns["closed_ms"], strict=True)
    ]
    rows = list(zip(*(columns[name] for name in _COLUMNS), strict=True))
    texts = list(zip(columns["id"], _index_bodies(connection, columns), strict=True))
    _insert(connection, case_row.name, _COLUMNS, rows)
    _insert(connection, secret.name, ("key", "subject", "kind", "salt", "value"), kept)
    _insert(connection, "case_text", ("rowid", "body"), texts)
    if connection.dialect.name == "postgresql" and rows:
        connection.execute(_SET_SEQUENCE, {"id": first + count - 1})
    return count


def _present(connection: Connection, uids: Sequence[bytes]) -> set[bytes]:
    if connection.dialect.name == "postgresql":
        wanted = "SELECT uid FROM case_row WHERE uid = ANY(%s)"
        asked: tuple[Any, ...] = ([UUID(bytes=uid) for uid in uids],)
        return {row[0].bytes for row in connection.exec_driver_sql(wanted, asked)}
    marks = ", ".join("?" * len(uids))
    wanted = f"SELECT uid FROM case_row WHERE uid IN ({marks})"
    return {row[0] for row in connection.exec_driver_sql(wanted, tuple(uids))}


def _first_of_each(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Leave out rows whose uid stands earlier in the batch."""
    seen: dict[bytes, int] = {}
    for i, uid in enumerate(batch.column("uid").to_pylist()):
        seen.setdefault(uid, i)
    if len(seen) == batch.num_rows:
        return batch
    return batch.take(pa.array(list(seen.values()), pa.int64()))


def _keep(columns: dict[str, list[Any]], kind: str, kept: list[tuple[Any, ...]]) -> list[Any]:
    """Put the values of a column into `kept` and return their keys, None where there is none."""
    random = secrets.token_bytes(_RANDOM * len(columns[kind]))
    keys: list[bytes | None] = []
    for i, (value, uid) in enumerate(zip(columns[kind], columns["uid"], strict=True)):
        if not value:
            keys.append(None)
            continue
        own = random[i * _RANDOM : (i + 1) * _RANDOM]
        key = uid[:6] + bytes((0x70 | own[0] & 15, own[1], 0x80 | own[2] & 63)) + own[3:10]
        keys.append(key)  # a UUIDv7 of the case's own moment, so that both lie close together
        kept.append((key, uid, kind, own[10:], storable(value, kind)))
    return keys


def _index_bodies(connection: Connection, columns: dict[str, list[Any]]) -> Iterator[str]:
    quote = "'" if connection.dialect.name == "postgresql" else ""
    said = zip(*(columns[name] for name in _SAID), strict=True)
    areas = zip(*(columns[name] for name in ("grid", "street", "district")), strict=True)
    for parts, where in zip(said, areas, strict=True):
        uids = (UUID(bytes=uid) for uid in where if uid)
        found = (*pieces(" ".join(filter(None, parts))), *area_pieces(*uids))
        yield " ".join(f"{quote}{piece}{quote}" for piece in found) if quote else " ".join(found)


def _insert(
    connection: Connection, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert past SQLAlchemy: `executemany` in SQLite, COPY in PostgreSQL."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        return
    driver: Any = connection.connection.driver_connection
    uids = [i for i, name in enumerate(columns) if name in _UID_COLUMNS]
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            values = list(row)
            for i in uids:
                values[i] = None if values[i] is None else UUID(bytes=values[i])
            copy.write_row(values)


_UID_COLUMNS = frozenset(
    ("uid", "words_key", "address_key", "grid", "street", "district", "unit", "person", "key",
     "subject")
)  # fmt: skip
_SET_SEQUENCE = text("SELECT setval(pg_get_serial_sequence('case_row', 'id'), :id)")
