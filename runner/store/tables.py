"""The tables of the store."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table

SCHEMA_VERSION = 1
"""Counts up when a table changes; a database with a higher number was written by a newer version."""

metadata = MetaData()

meta = Table("jumpseat_meta", metadata, Column("schema_version", Integer, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
    Column("server", String(64), nullable=False, doc="The server process that runs it, or ran it."),
    Column("view", JSON, nullable=False, doc="RunView, without its steps."),
    Column("creation", JSON, nullable=False, doc="NewRun, without secrets' values."),
    Index("runs_newest", "owner", "created_us", "id"),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("step", JSON, nullable=False, doc="Step."),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("until_us", BigInteger, nullable=False, doc="Microseconds since the epoch."),
)
