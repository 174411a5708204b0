"""Finds quickly what is kept apart, and the actions of the city itself.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make two small indexes."""
    op.execute("CREATE INDEX IF NOT EXISTS ix_action_apart ON action (status) WHERE status <> 'ok'")
    op.execute("CREATE INDEX IF NOT EXISTS ix_action_kind ON action (kind, seq)")
