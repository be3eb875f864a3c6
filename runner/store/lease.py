"""The leases by which the servers of one database know which of them live, whatever machine and disk each is on."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import Integer, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from media.aio import TaskSet
from runner.store.connection import Database, StoreFailed
from runner.store.tables import servers

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
"""A server that has not been heard of for so long is taken for dead; its runs are ended by another."""
_TICK_SECONDS = 1.0
"""How soon a server notices what another one has revoked."""
_TICKS = 5
"""The lease is renewed once in so many ticks."""


class ServerLease:
    """Holds the lease of this server, and tells which others have one.

    All times are the database's own: the clocks of the servers do not have to agree.
    """

    def __init__(self, database: Database, id: str, *, on_beat: Callable[[], Awaitable[None]]) -> None:
        """``on_beat`` is called once a second while there are other servers, and once when the last one has gone."""
        self._database = database
        self._id = id
        self._on_beat = on_beat
        self._beating = TaskSet(logger)
        self._alone = True
        """Whether no other server was alive when the database was looked at last."""

    async def take(self, connection: AsyncConnection) -> None:
        """Writes the lease down, or renews it, and forgets those that ended long ago."""
        now = await _now(connection)
        renewed = await connection.execute(update(servers).where(servers.c.id == self._id).values(seen_us=now))
        if not renewed.rowcount:
            await connection.execute(insert(servers).values(id=self._id, seen_us=now))
        await connection.execute(delete(servers).where(servers.c.seen_us < now - 100 * _us(LEASE_SECONDS)))

    async def living(self, connection: AsyncConnection) -> set[str]:
        """Returns the servers whose leases have not run out."""
        fresh = servers.c.seen_us >= await _now(connection) - _us(LEASE_SECONDS)
        found = set((await connection.execute(select(servers.c.id).where(fresh))).scalars())
        self._alone = not found - {self._id}
        return found

    def start(self) -> None:
        """Renews the lease from now on."""
        self._beating.spawn(self._beat(), name="server lease")

    async def beat(self) -> None:
        """Renews the lease once. Raises StoreFailed."""
        async with self._database.writing() as connection:
            await self.take(connection)
            await self.living(connection)

    async def aclose(self) -> None:
        """Gives the lease back, where the database can be written. Safe to repeat."""
        await self._beating.aclose()
        try:
            async with self._database.writing() as connection:
                await connection.execute(delete(servers).where(servers.c.id == self._id))
        except StoreFailed as error:
            logger.debug("the lease of this server runs out by itself: %s", error)

    async def _beat(self) -> None:
        for tick in itertools.count(1):
            await asyncio.sleep(_TICK_SECONDS)
            alone = self._alone
            try:
                if tick % _TICKS == 0:
                    await self.beat()
                if not (alone and self._alone):  # also once after the last of the others has gone
                    await self._on_beat()
            except StoreFailed as error:
                logger.debug("the lease of this server could not be renewed: %s", error)


def _us(seconds: float) -> int:
    return int(seconds * 1_000_000)


async def _now(connection: AsyncConnection) -> int:
    """Returns the database's time in microseconds since the epoch."""
    if connection.dialect.name == "postgresql":
        seconds = await connection.scalar(text("SELECT extract(epoch from clock_timestamp())"))
    elif connection.dialect.name == "sqlite":
        seconds = await connection.scalar(text("SELECT (julianday('now') - 2440587.5) * 86400.0"))
    else:
        seconds = await connection.scalar(select(func.cast(func.extract("epoch", func.now()), Integer)))
    return int(float(seconds) * 1_000_000)
