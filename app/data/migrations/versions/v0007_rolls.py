"""What signed actions changed of the rolls, by whom or what it is about.

Revision ID: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UID = {"postgresql": "UUID", "sqlite": "BLOB"}


def upgrade() -> None:
    """Make one table."""
    uid = _UID[op.get_bind().dialect.name]
    op.execute(
        f"CREATE TABLE roll_change (about {uid} NOT NULL, hash TEXT NOT NULL, "
        "number BIGINT NOT NULL, from_ms BIGINT NOT NULL, to_ms BIGINT, entry TEXT NOT NULL, "
        "PRIMARY KEY (about, hash))"
    )
