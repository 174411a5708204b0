"""Finds quickly what is kept apart, and the actions of the city itself.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make two small indexes."""
    op.execute("CREATE INDEX ix_action_apart ON action (status) WHERE status <> 'ok'")
    op.execute("CREATE INDEX ix_action_kind ON action (kind, seq)")
