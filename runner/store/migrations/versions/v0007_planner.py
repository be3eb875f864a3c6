"""A column for who plans a run, by which lists are filtered; runs of an earlier version get theirs from their JSON."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# JSON is read as text: a row that holds something else must not stop the upgrade.
_runs = sa.table("runs", sa.column("id", sa.String), sa.column("view", sa.JSON), sa.column("planner", sa.String))
_BATCH = 200
_LONGEST = 16


def upgrade() -> None:
    op.add_column("runs", sa.Column("planner", sa.String(_LONGEST), nullable=True))
    connection = op.get_bind()
    query = sa.select(_runs.c.id, sa.type_coerce(_runs.c.view, sa.String)).order_by(_runs.c.id).limit(_BATCH)
    last = ""
    while rows := connection.execute(query.where(_runs.c.id > last)).all():
        for run_id, view in rows:
            values = {"planner": _planner(view)}
            connection.execute(sa.update(_runs).where(_runs.c.id == run_id).values(values))
        last = rows[-1][0]
    op.execute("UPDATE jumpseat_meta SET schema_version = 7")


def _planner(text: Any) -> str | None:  # noqa: ANN401 - whatever the column holds
    try:
        view = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return None
    planner = view.get("planner") if isinstance(view, dict) else None
    return planner if isinstance(planner, str) and len(planner) <= _LONGEST else None
