"""Parts and grids as people changed them, and the journal of what the map is to take.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UID = {"postgresql": "UUID", "sqlite": "BLOB"}
_BYTEWISE = {"postgresql": 'TEXT COLLATE "C"', "sqlite": "TEXT"}
_COUNTED = {
    "postgresql": "BIGSERIAL PRIMARY KEY",
    "sqlite": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
}


def upgrade() -> None:
    """Make three tables."""
    dialect = op.get_bind().dialect.name
    uid, bytewise = _UID[dialect], _BYTEWISE[dialect]
    op.execute(
        f"CREATE TABLE part_edit (uid {uid} NOT NULL, code {bytewise} NOT NULL, "
        "entry TEXT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (uid))"
    )
    op.execute("CREATE INDEX ix_part_edit_code ON part_edit (code)")
    op.execute(
        f"CREATE TABLE grid_edit (uid {uid} NOT NULL, code {bytewise} NOT NULL, "
        "entry TEXT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (uid))"
    )
    op.execute("CREATE INDEX ix_grid_edit_code ON grid_edit (code)")
    op.execute(
        f"CREATE TABLE map_journal (number {_COUNTED[dialect]}, kind TEXT NOT NULL, "
        f"uid {uid} NOT NULL)"
    )
