"""Who plays the machine's roles on a remote city: each role is an advisory lock of the server.

The locks belong to one connection. When its process is killed the server sees that at once; when
the network is cut it gives the connection up after 6 s without a sign of life. So that two never
play, the holder stops counting on its locks `LEASE_S` after it last heard from the server, which
is sooner. Asked every 2 s, another process takes over within 10 s in either case.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import psycopg

from app.data.remote import libpq_address
from app.data.role_lock import ROLES

LEASE_S = 5.0
_CLASS = 0x57475231  # first key of all our role locks ("WGR1"); the second is the role's number
_ALIVE: dict[str, Any] = {
    "connect_timeout": 4,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 4000,
    "application_name": "wangge roles",
    "options": "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=6000",
}
_TAKE = "SELECT pg_try_advisory_lock(%s, %s)"
_HOLDER = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1"
)
log = logging.getLogger(__name__)


class PostgresRoleLock:
    """The roles of the city at `address`; fulfils `role_lock.RoleLock`.

    Nothing here raises when the server is away: then we hold nothing and try again next time.
    Call `try_take` from one thread at a time, every 2 s.
    """

    def __init__(self, address: str, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._address = libpq_address(address)
        self._clock_s = clock_s
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._roles: frozenset[str] = frozenset()
        self._sure_until_s = 0.0

    @property
    def held(self) -> bool:
        """See `RoleLock.held`."""
        return all(map(self.holds, ROLES))

    def holds(self, role: str) -> bool:
        """See `RoleLock.holds`."""
        return role in self._roles and self._clock_s() < self._sure_until_s

    def try_take(self) -> bool:
        """See `RoleLock.try_take`; also tells the server that we are alive."""
        asked_s = self._clock_s()
        try:
            connection = self._connected()
            missing = [role for role in ROLES if role not in self._roles]
            taken = {role for role in missing if self._take(connection, role)}
            if not missing:
                connection.execute("SELECT 1")
        except psycopg.Error as error:
            if self._roles:
                log.warning("the roles are lost with the connection: %s", error)
            self.release()
        else:
            self._roles |= taken
            self._sure_until_s = asked_s + LEASE_S
        return self.held

    def holder(self) -> int | None:
        """See `RoleLock.holder`."""
        try:
            found = self._connected().execute(_HOLDER, (_CLASS,)).fetchone()
        except psycopg.Error:
            return None
        return int(found[0]) if found else None

    def release(self) -> None:
        """See `RoleLock.release`."""
        connection, self._connection = self._connection, None
        self._roles, self._sure_until_s = frozenset(), 0.0
        if connection is not None:
            connection.close()

    def _take(self, connection: psycopg.Connection[tuple[Any, ...]], role: str) -> bool:
        row = connection.execute(_TAKE, (_CLASS, ROLES.index(role))).fetchone()
        return bool(row and row[0])

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self._address, autocommit=True, **_ALIVE)
        return self._connection
