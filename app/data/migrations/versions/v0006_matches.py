"""How each imported row was matched with the register of addresses, and who judged the doubtful.

Revision ID: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UID = {"postgresql": "UUID", "sqlite": "BLOB"}
_REAL = {"postgresql": "DOUBLE PRECISION", "sqlite": "FLOAT"}


def upgrade() -> None:
    """Make one table."""
    dialect = op.get_bind().dialect.name
    uid, real = _UID[dialect], _REAL[dialect]
    op.execute(
        f"CREATE TABLE address_match (uid {uid} NOT NULL, name TEXT NOT NULL, "
        f"address TEXT NOT NULL, lon {real} NOT NULL, lat {real} NOT NULL, kind TEXT NOT NULL, "
        f"confidence BIGINT NOT NULL, metres BIGINT NOT NULL, reason TEXT NOT NULL, "
        f"matched {uid}, title TEXT NOT NULL, standing TEXT NOT NULL, judged_by {uid}, "
        "judged_ms BIGINT, PRIMARY KEY (uid))"
    )
    op.execute("CREATE INDEX ix_address_match_standing ON address_match (standing, confidence)")
