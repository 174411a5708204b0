"""Tables of `log.db` and of a PostgreSQL city: one metadata for both.

Times are Unix milliseconds UTC, places degrees WGS 84. Foreign keys are left out on purpose:
`action` and `case_row` are to be partitioned by the month in their uid on PostgreSQL. The index
of words (`case_text`) differs between the two databases and lives in `search_text`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import UUID as NATIVE_UUID
from sqlalchemy.types import TypeEngine

from app.data.errors import altered

metadata = MetaData()


class Uid(TypeDecorator[UUID]):
    """A UUID: 16 bytes in SQLite, native in PostgreSQL; both sort alike."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(NATIVE_UUID(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Turn a UUID into what the driver takes."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Turn what the driver gives into a UUID."""
        if value is None or isinstance(value, UUID):
            return value
        try:
            return UUID(bytes=bytes(value))
        except (ValueError, TypeError) as error:
            raise altered("uid") from error


ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite's own rowid
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")  # sorts as SQLite's text does

action = Table(
    "action",
    metadata,
    Column("seq", ROW_ID, primary_key=True, autoincrement=True),
    Column("hash", BYTEWISE, nullable=False, unique=True),
    Column("uid", Uid, nullable=False),
    Column("subject", Uid, nullable=False),
    Column("device", BYTEWISE, nullable=False),
    Column("hlc", BYTEWISE, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("suite", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("status", Text, nullable=False, server_default="ok"),  # see action_log
    Column("received_ms", BigInteger, nullable=False),
    Index("ix_action_subject", "subject", "seq"),
    Index("ix_action_device", "device", "hlc"),
    Index("ix_action_kind", "kind", "seq"),
    Index(
        "ix_action_apart",
        "status",
        sqlite_where=text("status <> 'ok'"),
        postgresql_where=text("status <> 'ok'"),
    ),
    sqlite_autoincrement=True,
)

case_row = Table(
    "case_row",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("uid", Uid, nullable=False, unique=True),
    Column("receipt", BYTEWISE, nullable=False),
    Column("number", BYTEWISE, nullable=False),
    Column("step", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("matter_name", Text, nullable=False),
    Column("words_key", Uid),
    Column("address_key", Uid),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("cell", BigInteger, nullable=False),
    Column("grid", Uid),
    Column("grid_code", Text, nullable=False),
    Column("street", Uid),
    Column("district", Uid),
    Column("unit", Uid),
    Column("person", Uid),
    Column("source", Text, nullable=False),
    Column("reported_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger),
    Column("due_key", BigInteger, nullable=False),  # due_ms, or NEVER: sorts last in both
    Column("due_clock", Text, nullable=False),
    Column("returned", Integer, nullable=False),
    Column("reworked", Integer, nullable=False),
    Column("auto", Boolean, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("rank", SmallInteger, nullable=False),  # see case_table.RANKS
    Column("changed_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger),
    Column("sample", Boolean, nullable=False),
    Column("confidence", Integer),
    Column("master", Uid),
    Column("confirmed_ms", BigInteger),
)


def _of_open_cases(name: str, *columns: str) -> Index:
    only_open = text("is_open")
    return Index(
        name,
        *(case_row.c[column] for column in columns),
        sqlite_where=only_open,
        postgresql_where=only_open,
    )


_of_open_cases("ix_case_desk", "rank", "due_key", "id")
_of_open_cases("ix_case_due", "due_key", "id")
_of_open_cases("ix_case_mine", "person", "due_key", "id")
_of_open_cases("ix_case_cell", "cell")
_of_open_cases("ix_case_open", "reported_ms", "id")
Index("ix_case_reported", case_row.c.reported_ms, case_row.c.id)
Index("ix_case_changed", case_row.c.changed_ms)
Index("ix_case_closed", case_row.c.closed_ms)
Index("ix_case_receipt", case_row.c.receipt)
Index("ix_case_number", case_row.c.number)
Index(
    "ix_case_master",
    case_row.c.master,
    sqlite_where=text("master IS NOT NULL"),
    postgresql_where=text("master IS NOT NULL"),
)
for _tier in ("district", "street", "grid"):
    Index(f"ix_case_{_tier}", case_row.c[_tier], case_row.c.reported_ms, case_row.c.id)

secret = Table(
    "secret",
    metadata,
    Column("key", Uid, primary_key=True),
    Column("subject", Uid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("salt", LargeBinary),  # both NULL once erased
    Column("value", Text),
    Index("ix_secret_subject", "subject"),
)

unit = Table(
    "unit",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Uid, nullable=False),
    Column("phone", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("unit", Uid, nullable=False),
    Column("role", Text, nullable=False),
    Index("ix_person_unit", "unit"),
    Index("ix_person_role", "role"),
)

duty = Table(
    "duty",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("unit", Uid, nullable=False),
    Column("area", Uid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("persons", Text, nullable=False),  # JSON: shift code to uid
    Index("ix_duty_area", "area", "kind"),
)

shift = Table(
    "shift",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("start", Text, nullable=False),  # local HH:MM:SS
    Column("end", Text, nullable=False),
)

roll_change = Table(
    "roll_change",
    metadata,
    Column("about", Uid, primary_key=True),  # a post, a person, a unit or the shifts
    Column("hash", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),  # place in the fold's one order
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger),
    Column("entry", Text, nullable=False),  # JSON: the change as it counts
)

ruleset = Table(
    "ruleset",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("suite", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

city = Table(
    "city",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

import_run = Table(
    "import_run",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the source, with kind and mapping
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("action", Text, nullable=False),  # hash of the signed import action
    Column("taken", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("device", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("heads", LargeBinary, nullable=False),
    Column("suite", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

address = Table(
    "address",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("entry", Text, nullable=False),  # JSON, see `address_table`
    Column("status", Text, nullable=False),  # active | retired
    Column("revision", BigInteger, nullable=False),  # seq of the action that last changed it
    Index("ix_address_revision", "revision"),
)

address_request = Table(
    "address_request",
    metadata,
    Column("hash", BYTEWISE, primary_key=True),
    Column("address", Uid, nullable=False),
    Column("change", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("by_person", Uid, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("decided_by", Uid),
    Column("decided_ms", BigInteger),
    Column("body", Text, nullable=False),  # JSON, as signed
    Index("ix_address_request_address", "address"),
    Index("ix_address_request_standing", "standing", "at_ms"),
)

address_match = Table(
    "address_match",
    metadata,
    Column("uid", Uid, primary_key=True),  # of the imported row
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("confidence", BigInteger, nullable=False),  # thousandths
    Column("metres", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("matched", Uid),
    Column("title", Text, nullable=False),  # of what was matched
    Column("standing", Text, nullable=False),
    Column("judged_by", Uid),
    Column("judged_ms", BigInteger),
    Index("ix_address_match_standing", "standing", "confidence"),
)

part_edit = Table(
    "part_edit",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("code", BYTEWISE, nullable=False),
    Column("entry", Text, nullable=False),  # JSON, see `part_table`
    Column("revision", BigInteger, nullable=False),  # seq of the action that last changed it
    Index("ix_part_edit_code", "code"),
)

grid_edit = Table(
    "grid_edit",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("code", BYTEWISE, nullable=False),
    Column("entry", Text, nullable=False),  # JSON, see `part_table`
    Column("revision", BigInteger, nullable=False),
    Index("ix_grid_edit_code", "code"),
)

map_journal = Table(
    "map_journal",
    metadata,
    Column("number", ROW_ID, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),  # part | grid
    Column("uid", Uid, nullable=False),
    sqlite_autoincrement=True,
)
