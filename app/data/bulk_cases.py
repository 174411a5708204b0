"""Closed cases in bulk, under one signed action: history from another system or a sample.

Such cases have no actions of their own, so they can be read, searched and counted, but not moved.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import Connection, func, select, text

from app.data.case_row import DONE, NEVER, cell_of
from app.data.city import SqlCity, now_ms
from app.data.search_text import area_pieces, pieces
from app.data.tables import case_row, import_run, secret
from app.data.unit_of_work import SqlUnitOfWork
from app.data.upsert import upsert
from app.data.vault import storable
from app.domain.errors import InvalidInput
from app.domain.identity import new_uid

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
_FIXED = {
    "phase": "done",
    "due_ms": None,
    "due_key": NEVER,
    "due_clock": "",
    "is_open": False,
    "rank": DONE,
    "confidence": None,
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
        taken = sum(_add(uow, batch) for batch in _cut(batches))
        _sign(city, uow, source, digest, taken, refused)
        uow.commit()
    return taken


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
    present = _present(connection, batch.column("uid").to_pylist())
    new: dict[bytes, dict[str, Any]] = {}
    for row in batch.to_pylist():
        if row["uid"] not in present:
            new[row["uid"]] = row
    first = (connection.execute(select(func.max(case_row.c.id))).scalar() or 0) + 1
    rows: list[tuple[Any, ...]] = []
    kept: list[tuple[Any, ...]] = []
    texts: list[tuple[int, str]] = []
    for row_id, row in enumerate(new.values(), first):
        values = _stored(row, row_id, kept)
        rows.append(tuple(values[name] for name in _COLUMNS))
        texts.append((row_id, _index_body(connection, row)))
    _insert(connection, case_row.name, _COLUMNS, rows)
    _insert(connection, secret.name, ("key", "subject", "kind", "salt", "value"), kept)
    _insert(connection, "case_text", ("rowid", "body"), texts)
    if connection.dialect.name == "postgresql" and rows:
        connection.execute(_SET_SEQUENCE, {"id": first + len(rows) - 1})
    return len(rows)


def _present(connection: Connection, uids: Sequence[bytes]) -> set[bytes]:
    wanted = select(case_row.c.uid).where(case_row.c.uid.in_([UUID(bytes=uid) for uid in uids]))
    return {uid.bytes for uid in connection.execute(wanted).scalars()}


def _stored(row: dict[str, Any], row_id: int, kept: list[tuple[Any, ...]]) -> dict[str, Any]:
    closed_ms = row["closed_ms"]
    return {
        **row,
        **_FIXED,
        "id": row_id,
        "closed_ms": closed_ms,
        "changed_ms": row["reported_ms"] if closed_ms is None else closed_ms,
        "cell": cell_of(row["lon"], row["lat"]),
        "words_key": _keep(row, "words", kept),
        "address_key": _keep(row, "address", kept),
    }


def _keep(row: dict[str, Any], kind: str, kept: list[tuple[Any, ...]]) -> bytes | None:
    value = row[kind]
    if not value:
        return None
    key = new_uid().bytes
    kept.append((key, row["uid"], kind, secrets.token_bytes(16), storable(value, kind)))
    return key


def _index_body(connection: Connection, row: dict[str, Any]) -> str:
    said = (row["number"], row["receipt"], row["words"], row["address"], row["matter_name"])
    areas = (UUID(bytes=row[tier]) for tier in ("grid", "street", "district") if row[tier])
    found = (*pieces(" ".join(part for part in said if part)), *area_pieces(*areas))
    if connection.dialect.name == "postgresql":
        return " ".join(f"'{piece}'" for piece in found)
    return " ".join(found)


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
