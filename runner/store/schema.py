"""Brings a database to the tables that this program knows, or refuses it.

A new one gets them at once; one of an earlier version goes by numbered migrations, after a copy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, insert, inspect, select
from sqlalchemy.engine import Connection

from runner.store.permissions import create_private_file
from runner.store.tables import meta, metadata

logger = logging.getLogger(__name__)

NEWEST = "0007"
"""The newest of the migrations, whose tables `runner.store.tables` has."""
_KNOWN = tuple(f"{number:04}" for number in range(1, int(NEWEST) + 1))
_MIGRATIONS = Path(__file__).with_name("migrations")
_BASELINE = "0001"
"""What version 0.1.0 wrote, which did not use Alembic."""
_LOCK_WAIT_MS = 60_000
"""How long a start waits for another process that migrates the same SQLite database."""
_POSTGRES_LOCK = 0x6A756D70
"""The key of the advisory lock that a migration holds on Postgres."""
_alembic_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


class NewerSchema(Exception):
    """Raised where a later version of this program wrote the database; the message says what to do."""


class BackupFailed(Exception):
    """Raised where the database could not be copied and was left as it is; the message says why and what to do."""


def migrate(connection: Connection, file: Path | None) -> None:
    """Makes the tables, or brings those of an earlier version to this one's; does nothing where they are.

    Of several processes that start at once, one does it and the others wait.

    Args:
        connection: outside a transaction; it is again when this returns.
        file: the SQLite database's; None for one in memory and for a database server.

    Raises NewerSchema, BackupFailed or SQLAlchemyError; the database is as it was then.
    """
    current = _checked_version(connection)
    connection.rollback()
    if current == NEWEST:
        return
    with exclusive(connection):
        found = _checked_version(connection)
        if found == NEWEST:
            return
        if found is None and not _tables(connection) & metadata.tables.keys():
            _create(connection)
            return
        if found is not None:
            _prepare_upgrade(connection, file, found)
        _upgrade(connection, found)


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _checked_version(connection: Connection) -> str | None:
    """Returns the database's revision, None for one whose making was not finished or begun. Raises NewerSchema."""
    tables = _tables(connection)
    stamped = connection.scalar(select(_alembic_version)) if _alembic_version.name in tables else None
    counted = connection.scalar(select(meta.c.schema_version)) if meta.name in tables else None
    if stamped is not None and stamped not in _KNOWN:
        raise NewerSchema(_newer(stamped.lstrip("0")))
    if counted is not None and counted > int(NEWEST):
        raise NewerSchema(_newer(str(counted)))
    return stamped or (_BASELINE if counted is not None else None)


def _newer(found: str) -> str:
    return (
        f"the database was written by a newer jumpseat (it has schema version {found}, this one knows {int(NEWEST)}): "
        "install that version or a later one, or set JUMPSEAT_DATA_DIR or JUMPSEAT_DATABASE_URL to another place"
    )


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    _alembic_version.create(connection)
    connection.execute(insert(_alembic_version).values(version_num=NEWEST))
    connection.execute(insert(meta).values(schema_version=int(NEWEST)))


def _upgrade(connection: Connection, found: str | None) -> None:
    # Alembic takes a tenth of a second to load, and nearly every start needs none of it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(_MIGRATIONS / "versions").replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    if found == _BASELINE and _alembic_version.name not in _tables(connection):
        command.stamp(config, _BASELINE)
    command.upgrade(config, "head")


@contextlib.contextmanager
def exclusive(connection: Connection) -> Iterator[None]:
    """Yields one transaction, in one process at a time."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # A table that is rebuilt is dropped in between: with foreign keys the steps of all runs would go with it.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_LOCK_WAIT_MS}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})")
    try:
        yield
        connection.commit()
    finally:
        connection.rollback()
        if is_sqlite:
            connection.invalidate()  # the next one has the usual settings


def _prepare_upgrade(connection: Connection, file: Path | None, found: str) -> None:
    """Copies an SQLite database, and says what is about to happen. Raises BackupFailed."""
    step = f"the database goes from schema version {int(found)} to {int(NEWEST)}"
    if file is not None:
        logger.info("%s; a copy as it was: %s", step, _back_up(file, found))
    else:
        logger.info("%s; no copy was made: backups of %s are the operator's", step, connection.dialect.name)


def _back_up(file: Path, version: str) -> Path:
    """Returns the copy; a reader finds it whole or not at all."""
    backup = file.with_name(f"{file.name}.{version}.backup")
    part = backup.with_name(f"{backup.name}.part")
    try:
        create_private_file(part)
        with (
            contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
        os.replace(part, backup)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise BackupFailed(f"the database could not be copied to {backup} before its migration ({error})") from error
    return backup
