"""One transaction on a city's database."""

from __future__ import annotations

from collections.abc import MutableMapping

from sqlalchemy import Connection, text

from app.data.action_log import SqlActionLog
from app.data.address_table import SqlAddresses
from app.data.case_table import SqlCaseTable
from app.data.device_table import SqlCheckpoints, SqlDevices
from app.data.directory import SqlDirectory
from app.data.engine import empty_wal
from app.data.part_table import SqlParts
from app.data.rules_table import SqlRules
from app.data.vault import SqlVault
from app.domain.rules import RuleBook

_COUNT = text(
    "INSERT INTO counter (name, value) VALUES (:name, 1) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value"
)
_AT_LEAST = text(
    "INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE "
    "SET value = excluded.value WHERE counter.value < excluded.value"
)
_MOST_DIGITS = 10


class SqlUnitOfWork:
    """Fulfils `ports.UnitOfWork`: all or nothing, on one connection of one engine."""

    actions: SqlActionLog
    cases: SqlCaseTable
    vault: SqlVault
    directory: SqlDirectory
    rules: SqlRules
    devices: SqlDevices
    checkpoints: SqlCheckpoints
    addresses: SqlAddresses
    parts: SqlParts

    def __init__(
        self, connection: Connection, device: str, read: MutableMapping[str, RuleBook]
    ) -> None:
        self.connection = connection
        self._device = device
        self.actions = SqlActionLog(connection)
        self.vault = SqlVault(connection)
        self.directory = SqlDirectory(connection)
        self.rules = SqlRules(connection, read)
        self.cases = SqlCaseTable(connection, self.rules)
        self.devices = SqlDevices(connection)
        self.addresses = SqlAddresses(connection)
        self.parts = SqlParts(connection)
        self.checkpoints = SqlCheckpoints(connection)

    def next_receipt(self, day: str) -> str:
        """Return a new receipt number `20261123-3f2a-0001`; two devices never give the same."""
        day = day.replace("-", "")
        prefix = f"{day}-{self._device[:4]}"
        return f"{prefix}-{self._next(f'receipt {prefix}'):04d}"

    def next_number(self, district_code: str, day: str) -> str:
        """Return a new case number, such as `310104-20261123-00001`."""
        prefix = f"{district_code}-{day.replace('-', '')}"
        return f"{prefix}-{self._next(f'number {prefix}'):05d}"

    def saw_number(self, number: str) -> None:
        """Never give a number that came with a case from elsewhere again."""
        prefix, _, count = number.rpartition("-")
        if prefix and count.isdecimal() and len(count) < _MOST_DIGITS:
            given = {"name": f"number {prefix}", "value": int(count)}
            self.connection.execute(_AT_LEAST, given)

    def commit(self) -> None:
        """Make everything done so far durable, and what was erased unreadable."""
        self.connection.commit()
        if self.vault.has_erased:
            empty_wal(self.connection)

    def _next(self, name: str) -> int:
        value: int = self.connection.execute(_COUNT, {"name": name}).scalar_one()
        return value
