"""The register of addresses as change requests made it, and the requests.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BYTEWISE = {"postgresql": 'TEXT COLLATE "C"', "sqlite": "TEXT"}
_UID = {"postgresql": "UUID", "sqlite": "BLOB"}


def upgrade() -> None:
    """Make two tables."""
    dialect = op.get_bind().dialect.name
    uid, bytewise = _UID[dialect], _BYTEWISE[dialect]
    op.execute(
        f"CREATE TABLE address (uid {uid} NOT NULL, title TEXT NOT NULL, entry TEXT NOT NULL, "
        "status TEXT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (uid))"
    )
    op.execute("CREATE INDEX ix_address_revision ON address (revision)")
    op.execute(
        f"CREATE TABLE address_request (hash {bytewise} NOT NULL, address {uid} NOT NULL, "
        "change TEXT NOT NULL, standing TEXT NOT NULL, title TEXT NOT NULL, "
        f"by_person {uid} NOT NULL, at_ms BIGINT NOT NULL, decided_by {uid}, decided_ms BIGINT, "
        "body TEXT NOT NULL, PRIMARY KEY (hash))"
    )
    op.execute("CREATE INDEX ix_address_request_address ON address_request (address)")
    op.execute("CREATE INDEX ix_address_request_standing ON address_request (standing, at_ms)")
