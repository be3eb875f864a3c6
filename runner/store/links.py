"""The share links of all runs in the database: which there are, when each was last used, and which were revoked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from control.protocol.links import SharedLink
from control.protocol.shape import Clock
from media.aio import TaskSet
from runner.store.connection import Database, StoreFailed
from runner.store.rows import from_microseconds, microseconds
from runner.store.tables import revoked_tokens, runs, share_links

logger = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0
"""How long the database's answer that a link was not revoked is good for."""
_MOST_ASKED = 10_000
_WRITE_SECONDS = 5.0
"""For so long uses of links are gathered before they are written: a viewer sends many requests."""


@dataclass(frozen=True, slots=True)
class _Use:
    """The last use of a link."""

    run_id: str
    at: datetime
    link: SharedLink | None
    """What to list where the link was not made here; None where only a token that was derived from it was seen."""


class LinkStore:
    """Fulfils ``signaling.ports.ShareLinks``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._revoked: set[str] = set()
        self._asked: OrderedDict[str, float] = OrderedDict()
        """When the database was asked for each link that was not revoked, by `time.monotonic`."""
        self.on_revoked: Callable[[str, str], None] = lambda _run, _token: None
        """Called with the run and the link that another server of the database has revoked."""
        self._unwritten: dict[str, _Use] = {}
        """The uses since the last write, by the link's id."""
        self._writing = TaskSet(logger, expected=StoreFailed)

    async def load(self, connection: AsyncConnection) -> None:
        """Reads what was revoked, and forgets what has expired."""
        now = microseconds(self._clock())
        await connection.execute(delete(revoked_tokens).where(revoked_tokens.c.until_us < now))
        await connection.execute(delete(share_links).where(share_links.c.expires_us < now))
        self._revoked = set((await connection.execute(select(revoked_tokens.c.id))).scalars())

    async def aclose(self) -> None:
        """Writes what was used, where the database can be written. Safe to repeat."""
        await self._writing.aclose()
        with suppress(StoreFailed):
            await self._write()

    async def add(self, run_id: str, link: SharedLink) -> None:
        async with self._database.writing() as connection:
            await connection.execute(insert(share_links).values(_row(run_id, link)))

    async def living(self, run_id: str) -> Sequence[SharedLink]:
        query = select(share_links).where(share_links.c.run_id == run_id)
        async with self._database.reading() as connection:
            found = {link.id: link for link in _links((await connection.execute(query)).all())}
        for id, use in self._unwritten.items():
            if use.run_id == run_id and (link := found.get(id, use.link)) is not None:
                found[id] = link.model_copy(update={"last_seen_at": use.at})
        now = self._clock()
        living = [each for each in found.values() if each.expires_at > now and not self._is_revoked(run_id, each.id)]
        return sorted(living, key=lambda link: (link.created_at, link.id), reverse=True)

    async def count_living(self, owner: str) -> int:
        of_owner = (share_links.c.run_id == runs.c.id) & (runs.c.owner == owner)
        living = share_links.c.expires_us > microseconds(self._clock())
        query = select(func.count()).select_from(share_links.join(runs, of_owner)).where(living)
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    def seen(self, run_id: str, token_id: str, link: SharedLink | None) -> None:
        before = self._unwritten.get(token_id)
        if link is None and before is not None:
            link = before.link
        self._unwritten[token_id] = _Use(run_id, self._clock(), link)
        if not self._writing:
            self._writing.spawn(self._write_soon())

    async def revoke(self, run_id: str, token_id: str, *, until: datetime) -> None:
        key = _key(run_id, token_id)
        async with self._database.writing() as connection:
            await connection.execute(delete(revoked_tokens).where(revoked_tokens.c.id == key))
            await connection.execute(insert(revoked_tokens).values(id=key, until_us=microseconds(until)))
            ours = (share_links.c.run_id == run_id) & (share_links.c.id == token_id)
            await connection.execute(delete(share_links).where(ours))
        self._revoked.add(key)

    async def is_revoked(self, run_id: str, token_id: str) -> bool:
        """Returns whether the link was revoked, here or by another server: then it is told within a second."""
        key, now = _key(run_id, token_id), time.monotonic()
        if key in self._revoked:
            return True
        if now - self._asked.get(key, -_FRESH_SECONDS) < _FRESH_SECONDS:
            return False
        self._asked[key] = now
        self._asked.move_to_end(key)
        if len(self._asked) > _MOST_ASKED:
            self._asked.popitem(last=False)
        with suppress(StoreFailed):  # what is known here still holds
            async with self._database.reading() as connection:
                query = select(revoked_tokens.c.id).where(revoked_tokens.c.id == key)
                if await connection.scalar(query) is not None:
                    self._revoked_elsewhere({key})
        return key in self._revoked

    async def refresh(self) -> None:
        """Takes over what other servers have revoked. Raises StoreFailed."""
        async with self._database.reading() as connection:
            found = set((await connection.execute(select(revoked_tokens.c.id))).scalars())
        self._revoked_elsewhere(found - self._revoked)

    def _revoked_elsewhere(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._revoked.add(key)
            run_id, _, token_id = key.partition("/")
            self.on_revoked(run_id, token_id)

    def _is_revoked(self, run_id: str, token_id: str) -> bool:
        return _key(run_id, token_id) in self._revoked

    async def _write_soon(self) -> None:
        await asyncio.sleep(_WRITE_SECONDS)
        await self._write()

    async def _write(self) -> None:
        """Writes when each link was last used, and the links that were not made here. Raises StoreFailed."""
        used, self._unwritten = self._unwritten, {}
        living = {id: use for id, use in used.items() if not self._is_revoked(use.run_id, id)}
        if not living:
            return
        try:
            async with self._database.writing() as connection:
                for id, use in living.items():
                    await _save_use(connection, id, use)
        except StoreFailed:
            self._unwritten = used | self._unwritten
            raise


async def _save_use(connection: AsyncConnection, id: str, use: _Use) -> None:
    ours = share_links.c.id == id
    known = await connection.execute(update(share_links).where(ours).values(seen_us=microseconds(use.at)))
    if not known.rowcount and use.link is not None:
        row = _row(use.run_id, use.link.model_copy(update={"last_seen_at": use.at}))
        await connection.execute(insert(share_links).values(row))


def _key(run_id: str, token_id: str) -> str:
    """Returns what stands for a revoked link; it holds the run, so that nobody revokes another run's."""
    return f"{run_id}/{token_id}"


def _row(run_id: str, link: SharedLink) -> dict[str, str | int | None]:
    return {
        "id": link.id,
        "run_id": run_id,
        "role": link.role.value,
        "created_us": microseconds(link.created_at),
        "expires_us": microseconds(link.expires_at),
        "seen_us": None if link.last_seen_at is None else microseconds(link.last_seen_at),
    }


def _links(rows: Sequence[Row[Any]]) -> Iterator[SharedLink]:
    """Yields the links in these rows; what cannot be read is left out."""
    for row in rows:
        with suppress(ValueError, TypeError, OverflowError):
            yield SharedLink(
                id=row.id,
                role=row.role,
                created_at=from_microseconds(row.created_us),
                expires_at=from_microseconds(row.expires_us),
                last_seen_at=None if row.seen_us is None else from_microseconds(row.seen_us),
            )
