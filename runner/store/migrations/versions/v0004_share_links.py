"""A table of the share links that were made; those of earlier versions are added when they are used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "share_links",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=True),
    )
    op.create_index("share_links_of_run", "share_links", ["run_id"])
    op.execute("UPDATE jumpseat_meta SET schema_version = 4")
