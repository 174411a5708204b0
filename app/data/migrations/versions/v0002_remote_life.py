"""What lives on a remote city: readings, positions, photos, and the revision of its map.

A local city keeps these in files beside its database, so nothing changes there.

Revision ID: 0002
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables on PostgreSQL; statements are parted by empty lines."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    script = Path(__file__).with_name("v0002_postgresql.sql")
    for statement in script.read_text("utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)
