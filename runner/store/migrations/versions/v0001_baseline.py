"""The tables as version 0.1.0 made them, before migrations were numbered.

Some of them are there already where 0.1.0 was killed while it made them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("jumpseat_meta", sa.Column("schema_version", sa.Integer, nullable=False), if_not_exists=True)
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("server", sa.String(64), nullable=False),
        sa.Column("view", sa.JSON, nullable=False),
        sa.Column("creation", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index("runs_newest", "runs", ["owner", "created_us", "id"], if_not_exists=True)
    op.create_table(
        "steps",
        sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("step", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.execute("INSERT INTO jumpseat_meta (schema_version) VALUES (1)")
