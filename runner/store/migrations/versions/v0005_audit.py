"""A table of who did what to which run, when, and from where; nothing is known of what was done before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("link", sa.String(128), nullable=True),
        sa.Column("address", sa.String(64), nullable=True),
        sa.Column("detail", sa.String(200), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_of_run", "audit", ["run_id", "number"])
    op.create_index("audit_of_owner", "audit", ["owner", "number"])
    op.execute("UPDATE jumpseat_meta SET schema_version = 5")
