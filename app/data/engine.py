"""Engines: SQLite through sqlcipher3 (encrypted or not), PostgreSQL through psycopg 3.

Two programs may write one city: SQLite's writers begin with `BEGIN IMMEDIATE` and wait for each
other; PostgreSQL's take one advisory lock at the start, so that log numbers become visible in
order and a case folded from the log is never folded without an action that another has just
added. Readers wait for nobody.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2 as sqlcipher

from app.domain.errors import Unavailable

WRITE = "wangge_write"  # True takes the writers' turn, False reads a snapshot, unset is neither
WAIT_MS = 15_000
_WAL_WAIT_MS = 1_000
APPLICATION_ID = 0x57474731  # "WGG1"
_OLDEST_SQLITE = (3, 51, 3)  # older ones can corrupt a WAL shared by two programs
_WRITERS_LOCK = 0x57474731
_POOL = 4
_ALIVE = {  # a network cut in the middle of a question is noticed in about ten seconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SHM_BYTES = 32_768
_SALT = 16
_ROUNDS = 256_000  # SQLCipher 4's own


def raw_key(path: Path, passphrase: str) -> str:
    """Return SQLCipher's raw key for the database `path`: what it would derive itself.

    Derived once for an engine, since deriving is slow on purpose and every connection needs it.
    The salt stands in the file's first 16 bytes; a file still to be made gets a fresh one.
    """
    head = b""
    if path.exists():
        with path.open("rb") as file:
            head = file.read(_SALT)
    salt = head if len(head) == _SALT else secrets.token_bytes(_SALT)
    derived = hashlib.pbkdf2_hmac("sha512", passphrase.encode(), salt, _ROUNDS, 32)
    return f"x'{derived.hex()}{salt.hex()}'"


def sqlite_engine(path: Path, key: str | None = None, *, read_only: bool = False) -> Engine:
    """Return an engine on the database file `path`, which is made if it is not there.

    With `read_only` nothing is ever written, not even beside the file. Limits: readers of a
    write-ahead log need its `-shm` file; where another program left or holds one it is used
    (`mode=ro`). Without one the file is read as it stands (`immutable=1`), which is only sound
    while nobody writes, so a city opened like this does not see what another program, with more
    rights, begins to write later. A log with content but without its `-shm` cannot be read.

    `key` is the passphrase of an encrypted city. Raises `Unavailable` if the SQLite at hand is
    older than 3.51.3. Faults of the file show at the first connection, not here.
    """
    check_sqlite_version(sqlcipher.sqlite_version_info)

    keys: list[str] = []

    def connect() -> Any:
        if key is not None and not keys:
            keys.append(raw_key(path, key))
        raw = sqlcipher.connect(
            _read_only_address(path) if read_only else str(path), uri=read_only,
            timeout=WAIT_MS / 1000, isolation_level=None, check_same_thread=False,
        )  # fmt: skip
        try:
            _prepare(raw, keys[0] if keys else None, read_only=read_only)
        except BaseException:
            raw.close()
            raise
        return raw

    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=connect,
        poolclass=QueuePool,
        pool_size=_POOL,
        max_overflow=0,
        pool_timeout=WAIT_MS / 1000,
    )
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def check_sqlite_version(version: tuple[int, ...]) -> None:
    """Raise `Unavailable` for a SQLite that can corrupt a city used by two programs at once."""
    if version < _OLDEST_SQLITE:
        raise Unavailable(
            f"SQLite {'.'.join(map(str, version))} is too old: it can damage a city that two "
            "programs use at once. Nothing was opened.",
            advice="Install the locked sqlcipher3 (SQLite 3.51.3 or newer).",
        )


def postgres_engine(url: str) -> Engine:
    """Return an engine on a PostgreSQL city, `postgresql://user@host/database`."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=_POOL,
        max_overflow=0,
        pool_timeout=WAIT_MS / 1000,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "options": f"-c lock_timeout={WAIT_MS} -c timezone=UTC -c synchronous_commit=on",
            "connect_timeout": 10,
            **_ALIVE,
        },
    )
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _read_only_address(path: Path) -> str:
    wal, shm = (path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))
    shared = (wal.exists() and wal.stat().st_size > 0) or (
        shm.exists() and shm.stat().st_size >= _SHM_BYTES  # less is what a full disk left of one
    )
    return f"{path.absolute().as_uri()}?mode=ro{'' if shared else '&immutable=1'}"


def _prepare(raw: Any, key: str | None, *, read_only: bool) -> None:
    cursor = raw.cursor()
    if key is not None:
        cursor.execute("PRAGMA cipher_log_level = NONE")  # our errors tell what went wrong
        cursor.execute(f'PRAGMA key = "{key}"')
    for pragma in (
        f"busy_timeout = {WAIT_MS}",
        *(() if read_only else ("journal_mode = WAL",)),
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "cache_size = -32000",
        "trusted_schema = OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(write is False)}")
    if write:
        _take_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_turn(connection: Connection) -> None:
    """Begin to write as soon as nobody else does, asking every 2 ms for up to `WAIT_MS`.

    SQLite itself would sleep up to 100 ms between two looks, so that of two busy writers one
    would stand still most of the time.
    """
    raw: Any = connection.connection.driver_connection
    end = time.monotonic() + WAIT_MS / 1000
    raw.execute("PRAGMA busy_timeout = 2")
    try:
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlcipher.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= end:
                    raise
            else:
                return
    finally:
        raw.execute(f"PRAGMA busy_timeout = {WAIT_MS}")


def empty_wal(connection: Connection) -> bool:
    """Write SQLite's log of pages back and cut it, so that nothing erased can be read in it.

    To be called between transactions. False if a reader of another program still needs it: it is
    then cut by the next call, or when the last program closes the city. PostgreSQL needs it not.
    """
    if connection.dialect.name != "sqlite":
        return True
    raw: Any = connection.connection.driver_connection
    raw.execute(f"PRAGMA busy_timeout = {_WAL_WAIT_MS}")
    try:
        busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        raw.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
    return not busy


def _begin_postgres(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE)
    if write:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
    elif write is False:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
