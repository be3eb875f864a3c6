"""A column with an index for the attach session that a run belongs to; no run of an earlier version has one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("runs", sa.Column("session", sa.String(64), nullable=True))
    op.create_index("runs_of_session", "runs", ["session", "created_us", "id"])
    op.execute("UPDATE jumpseat_meta SET schema_version = 3")
