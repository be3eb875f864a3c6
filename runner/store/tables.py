"""The tables of the store, as the newest of the migrations leaves them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class _JsonText(Text):
    """Text in a column that SQLite calls JSON, as the migrations made it."""

    __visit_name__ = "JSON"


class TolerantJson(TypeDecorator[Any]):
    """JSON that reads as None where SQLite, which checks nothing, holds anything else."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_JsonText() if dialect.name == "sqlite" else JSON())

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        return json.dumps(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: Dialect) -> object:
        if dialect.name != "sqlite":
            return value
        try:
            return json.loads(value) if isinstance(value, (str, bytes)) else None
        except (ValueError, RecursionError):
            return None


metadata = MetaData()

meta = Table(
    "jumpseat_meta",
    metadata,
    Column("schema_version", Integer, nullable=False, doc="For version 0.1.0, which refuses any but 1."),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
    Column("server", String(64), nullable=False, doc="The server process that runs it, or ran it."),
    Column("view", TolerantJson, nullable=False, doc="RunView, without its steps."),
    Column("creation", TolerantJson, nullable=False, doc="NewRun, without secrets' values."),
    Column("ended_us", BigInteger, nullable=True, doc="Microseconds since the epoch."),
    Column("search", Text, nullable=False, server_default="", doc="What ``q`` is looked for in, with case folded."),
    Column("session", String(64), nullable=True, doc="The attach session that it belongs to."),
    Column("planner", String(16), nullable=True, doc="None for a run of an earlier version that cannot be read."),
    Index("runs_newest", "owner", "created_us", "id"),
    Index("runs_of_session", "session", "created_us", "id"),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("step", TolerantJson, nullable=False, doc="Step."),
)

servers = Table(
    "servers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seen_us", BigInteger, nullable=False, doc="When its lease was renewed, by the database's own clock."),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("until_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
)

share_links = Table(
    "share_links",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("run_id", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
    Column("expires_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
    Column("seen_us", BigInteger, nullable=True, doc="Microseconds since the epoch; None: never used."),
    Index("share_links_of_run", "run_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, doc="Never used a second time."),
    Column("at_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
    Column("owner", String(200), nullable=False),
    Column("run_id", String(64), nullable=False, doc="Of a run that may have been removed."),
    Column("action", String(16), nullable=False),
    Column("who", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("link", String(128), nullable=True, doc="The share link; None: by an API key."),
    Column("address", String(64), nullable=True),
    Column("detail", String(200), nullable=True),
    Index("audit_of_run", "run_id", "number"),
    Index("audit_of_owner", "owner", "number"),
    sqlite_autoincrement=True,
)
