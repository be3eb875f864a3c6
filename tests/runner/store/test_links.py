"""Share links in the store: listed while they live, over a restart; what was revoked stays so."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

from control.protocol.links import SharedLink
from control.roles import Role
from runner.store.store import Store
from tests.fakes import FakeClock
from tests.runner.store.test_store import opened, record


def link(clock: FakeClock, id: str, *, hours: int = 1, role: Role = Role.VIEWER) -> SharedLink:
    return SharedLink(id=id, role=role, created_at=clock.now, expires_at=clock.now + timedelta(hours=hours))


async def ids(store: Store, run_id: str = "r1") -> list[str]:
    return [each.id for each in await store.links.living(run_id)]


async def test_links_are_there_after_a_restart_until_they_expire(tmp_path: Path) -> None:
    clock = FakeClock()
    first, controlling = link(clock, "first"), link(clock, "second", hours=3, role=Role.CONTROLLER)
    async with opened(tmp_path, clock=clock) as store:
        await store.links.add("r1", first)
        clock.advance(hours=0.5)
        second = controlling.model_copy(update={"created_at": clock.now})
        await store.links.add("r1", second)
        await store.links.add("r2", link(clock, "of another run"))
    async with opened(tmp_path, clock=clock) as store:
        assert await store.links.living("r1") == [second, first]
        clock.advance(hours=1)
        assert await ids(store) == ["second"]


async def test_their_last_use_is_known_at_once_and_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        await store.links.add("r1", link(clock, "made here"))
        clock.advance(hours=0.1)
        used_at = clock.now
        store.links.seen("r1", "made here", None)
        store.links.seen("r1", "made elsewhere", link(clock, "made elsewhere"))
        store.links.seen("r1", "made elsewhere", None)
        store.links.seen("r1", "only derived from", None)
        before = await store.links.living("r1")
        assert [(each.id, each.last_seen_at) for each in before] == [
            ("made elsewhere", used_at),
            ("made here", used_at),
        ]
    async with opened(tmp_path, clock=clock) as store:
        assert await store.links.living("r1") == before


async def test_a_revoked_link_is_listed_no_more_however_late_its_use_is_written(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        await store.links.add("r1", link(clock, "a"))
        await store.links.revoke("r2", "a", until=clock.now + timedelta(hours=1))
        assert await ids(store) == ["a"]
        store.links.seen("r1", "a", link(clock, "a"))
        await store.links.revoke("r1", "a", until=clock.now + timedelta(hours=1))
        assert await ids(store) == []
    async with opened(tmp_path, clock=clock) as store:
        assert await ids(store) == []
        assert await store.links.is_revoked("r1", "a")


async def test_a_revocation_is_forgotten_once_the_link_would_have_expired(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        await store.links.revoke("r1", "t", until=clock.now + timedelta(hours=1))
        await store.links.revoke("r1", "t", until=clock.now + timedelta(hours=2))
        assert await store.links.is_revoked("r1", "t")
        assert not await store.links.is_revoked("r1", "u")
    clock.advance(hours=3)
    async with opened(tmp_path, clock=clock) as store:
        assert not await store.links.is_revoked("r1", "t")


async def test_links_go_with_their_run(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        await store.add(record())
        await store.links.add("r1", link(clock, "a"))
        await store.delete("r1")
        assert await ids(store) == []


async def test_an_owners_links_are_counted_over_all_runs_while_they_live(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        await store.add(record())
        await store.links.add("r1", link(clock, "a"))
        await store.links.add("r1", link(clock, "b", hours=3))
        await store.links.add("nobody's run", link(clock, "c"))
        owner = record().owner
        assert [await store.links.count_living(each) for each in (owner, "another")] == [2, 0]
        clock.advance(seconds=2 * 3600)
        assert await store.links.count_living(owner) == 1


async def test_a_row_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        for id in ("a", "b", "c"):
            await store.links.add("r1", link(clock, id))
    with contextlib.closing(sqlite3.connect(tmp_path / "jumpseat.sqlite3")) as database, database:
        database.execute("UPDATE share_links SET role = 'emperor' WHERE id = 'a'")
        database.execute("UPDATE share_links SET created_us = 'noon' WHERE id = 'b'")
    async with opened(tmp_path, clock=clock) as store:
        assert await ids(store) == ["c"]
