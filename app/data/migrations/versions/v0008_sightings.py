"""Which case a duplicate is merged into, and when that was last confirmed.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UID = {"postgresql": "UUID", "sqlite": "BLOB"}


def upgrade() -> None:
    """Add two columns and the index of what is merged."""
    uid = _UID[op.get_bind().dialect.name]
    op.execute(f"ALTER TABLE case_row ADD COLUMN master {uid}")
    op.execute("ALTER TABLE case_row ADD COLUMN confirmed_ms BIGINT")
    op.execute("CREATE INDEX ix_case_master ON case_row (master) WHERE master IS NOT NULL")
