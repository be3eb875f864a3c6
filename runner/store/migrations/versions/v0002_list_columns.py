"""Columns for what lists need, so that they read neither steps nor every run's JSON.

Version 0.1.0 refuses to open a database whose ``jumpseat_meta.schema_version`` is not 1.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# JSON is read as text: a row that holds something else must not stop the upgrade.
_runs = sa.table(
    "runs",
    sa.column("id", sa.String),
    sa.column("view", sa.JSON),
    sa.column("ended_us", sa.BigInteger),
    sa.column("search", sa.Text),
)
_steps = sa.table("steps", sa.column("run_id", sa.String), sa.column("number", sa.Integer), sa.column("step", sa.JSON))
_BATCH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("ended_us", sa.BigInteger, nullable=True))
        table.add_column(sa.Column("search", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    last = ""
    query = sa.select(_runs.c.id).order_by(_runs.c.id).limit(_BATCH)
    while ids := connection.scalars(query.where(_runs.c.id > last)).all():
        for run_id in ids:
            _fill(connection, run_id)
        last = ids[-1]
    op.execute("UPDATE jumpseat_meta SET schema_version = 2")


def _fill(connection: sa.Connection, run_id: str) -> None:
    text = connection.scalar(sa.select(sa.type_coerce(_runs.c.view, sa.String)).where(_runs.c.id == run_id))
    if (view := _object(text)) is None:
        return
    shown = [view.get(name) for name in ("name", "url", "instructions")]
    view["lastScreenshotUrl"] = _last_screenshot(connection, run_id)
    values = {
        "view": view,
        "ended_us": _microseconds(view.get("endedAt")),
        "search": "\n".join(str(each) for each in shown if each).casefold(),
    }
    connection.execute(sa.update(_runs).where(_runs.c.id == run_id).values(values))


def _last_screenshot(connection: sa.Connection, run_id: str) -> str | None:
    step = sa.type_coerce(_steps.c.step, sa.String)
    query = sa.select(step).where(_steps.c.run_id == run_id).order_by(_steps.c.number.desc())
    for text in connection.scalars(query):
        url = (_object(text) or {}).get("screenshotUrl")
        if isinstance(url, str):
            return url
    return None


def _object(text: object) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _microseconds(moment: object) -> int | None:
    try:
        parsed = datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return (parsed - _EPOCH) // timedelta(microseconds=1) if parsed.tzinfo else None
