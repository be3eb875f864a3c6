"""The database engine of the store; every failure of it is raised as `StoreFailed`, in one sentence."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from control.errors import Busy
from runner.store import schema

_LOCK_WAIT_MS = 5000
"""How long a statement waits for a database that somebody else has locked."""


class StoreFailed(Busy):
    """Says that the database cannot be used now: it is locked, its disk is full, or it has gone."""


class Database:
    """Holds the engine of one database, and which file SQLite has opened."""

    def __init__(self, url: str) -> None:
        """Raises SQLAlchemyError or ImportError for an address that cannot be used; nothing is opened yet."""
        self._engine = create_async_engine(url)
        self._file: Path | None = None
        self._identity: tuple[int, int] | None = None
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", configure_sqlite)
            self._file = Path(self._engine.url.database) if self._engine.url.database else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Yields a connection to read by. Raises StoreFailed."""
        with self._worded():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Yields a connection in a transaction, which is committed at the end. Raises StoreFailed."""
        with self._worded():
            async with self._engine.begin() as connection:
                yield connection

    async def migrate(self) -> None:
        """Brings the schema up to date, see `runner.store.schema`. Raises StoreFailed, BackupFailed or NewerSchema."""
        with self._worded():
            async with self._engine.connect() as connection:
                await connection.run_sync(schema.migrate, self._file)

    async def aclose(self) -> None:
        """Closes all connections; safe to repeat."""
        await self._engine.dispose()

    def opened(self) -> None:
        """Remembers the file that is there now: using the database fails once it was removed or replaced."""
        self._identity = self._look()

    def _look(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._file) if self._file is not None else None
        except FileNotFoundError:
            return None
        return (found.st_dev, found.st_ino) if found else None

    @contextmanager
    def _worded(self) -> Iterator[None]:
        # SQLite goes on in a file that was removed, and everything is lost with the process.
        if self._identity is not None and self._look() != self._identity:
            raise StoreFailed("the database's file was removed or replaced: the server has to be started again")
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
            raise StoreFailed(f"the database cannot be used now ({reason}): try again later") from error


def configure_sqlite(connection: DBAPIConnection, _: object) -> None:
    """Sets WAL mode with synchronous=NORMAL: a commit survives the end of the process, not a power cut."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_LOCK_WAIT_MS}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # Text that is not UTF-8 would fail the whole query, and not its own row alone.
    connection.driver_connection.text_factory = _lenient_text


def _lenient_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
