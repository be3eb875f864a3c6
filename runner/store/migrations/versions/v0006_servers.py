"""A table of the servers that share the database, by which each knows which others live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
    )
    op.execute("UPDATE jumpseat_meta SET schema_version = 6")
