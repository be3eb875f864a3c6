"""Alembic runs this for each command, on the connection that ``migrate`` has put into the configuration."""

from __future__ import annotations

from alembic import context

from runner.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes few things of a table in place
)
# The transaction is the caller's: it holds the lock against other processes.
context.run_migrations()
