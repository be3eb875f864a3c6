"""Two servers on one database, each with a disk of its own: neither ends the other's runs, and each sees what ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from control.protocol.models import RunStatus
from runner.store.lease import LEASE_SECONDS
from runner.store.rows import RunRecord
from runner.store.store import STOPPED, Store
from runner.store.tables import servers
from tests.postgres import postgres, postgres_programs
from tests.runner.store.test_store import opened, record
from tests.served import Served, served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.process]
SECRET = "the same for both servers of the test"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def postgres_url() -> AsyncIterator[str]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no Postgres is installed (Debian: apt-get install postgresql)")
    async with postgres(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'shared.sqlite3'}"
    return str(request.getfixturevalue("postgres_url"))


async def run_out(url: str, store: Store) -> None:
    """Has the lease of this store be of long ago, as of one whose machine has lost its power."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        old = servers.c.seen_us - int((LEASE_SECONDS + 1) * 1_000_000)
        await connection.execute(update(servers).where(servers.c.id == store.server_id).values(seen_us=old))
    await engine.dispose()


@asynccontextmanager
async def one_with_a_run(folder: Path, url: str) -> AsyncIterator[tuple[Store, RunRecord]]:
    """The store of a server that carries out a run."""
    async with opened(folder / "a", database_url=url) as store:
        mine = record()
        await store.add(mine)
        yield store, mine
        await store.delete(mine.view.id)


async def status(store: Store, id: str) -> RunStatus:
    found = await store.get(id)
    assert found is not None
    return found.view.status


async def test_a_second_server_leaves_the_first_ones_runs_alone(tmp_path: Path, url: str) -> None:
    async with one_with_a_run(tmp_path, url) as (first, mine), opened(tmp_path / "b", database_url=url):
        assert await status(first, mine.view.id) is mine.view.status


async def test_what_a_server_that_died_left_is_ended_by_another(tmp_path: Path, url: str) -> None:
    async with one_with_a_run(tmp_path, url) as (first, mine), opened(tmp_path / "b", database_url=url) as second:
        await run_out(url, first)
        await second.look_at_others()
        found = await second.get(mine.view.id)
        assert found is not None
        assert (found.view.status, found.view.error) == (RunStatus.FAILED, STOPPED)


async def test_a_link_that_is_revoked_at_one_is_revoked_at_the_other(tmp_path: Path, url: str) -> None:
    async with opened(tmp_path / "a", database_url=url) as first, opened(tmp_path / "b", database_url=url) as second:
        cut: list[tuple[str, str]] = []
        second.links.on_revoked = lambda run, token: cut.append((run, token))
        until = record().view.created_at + timedelta(days=36_500)
        await first.links.revoke("r1", "asked", until=until)
        assert await second.links.is_revoked("r1", "asked")
        assert not await second.links.is_revoked("r1", "another")
        await first.links.revoke("r1", "open", until=until)
        await second.look_at_others()
        assert cut == [("r1", "asked"), ("r1", "open")]


async def shared_link(server: Served, run_id: str) -> dict[str, str]:
    code, made = await server.post(f"/api/tests/{run_id}/tokens", {"role": "viewer"})
    assert code == 201
    return {"token": made["token"], "id": (await server.get(f"/api/tests/{run_id}/tokens"))["tokens"][0]["id"]}


async def test_two_processes_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    """A run goes on while a second server starts and stops, and a link is revoked at the other one at once."""
    key = "tester:0123456789abcdef0123"
    settings: dict[str, Any] = {
        "JUMPSEAT_DATABASE_URL": postgres_url,
        "JUMPSEAT_SECRET": SECRET,
        "JUMPSEAT_API_KEYS": key,
    }
    headers = {"Authorization": "Bearer 0123456789abcdef0123"}
    async with aiohttp.ClientSession(headers=headers) as http, served(**settings) as first:
        one = Served(first.api, first.frames, first.site, "", first.process, http)
        run_id = await one.start_watchable("/", seconds=300)
        link = await shared_link(one, run_id)
        async with served(**settings) as second:
            other = Served(second.api, second.frames, second.site, "", second.process, http)
            assert (await one.get(f"/api/tests/{run_id}"))["status"] == "running"
            assert (await other.get(f"/api/tests/{run_id}"))["status"] == "running"
            code, refused = await other.post(f"/api/tests/{run_id}/pause")
            assert (code, "another server" in json.dumps(refused)) == (409, True)
            async with http.delete(f"{other.api}/api/tests/{run_id}") as answer:
                assert answer.status == 409
            watching = f"{one.api}/ws/test-control?runId={run_id}&token={link['token']}"
            async with aiohttp.ClientSession() as stranger, stranger.ws_connect(watching) as socket:
                async with http.delete(f"{other.api}/api/tests/{run_id}/tokens/{link['id']}") as answer:
                    assert answer.status == 204
                async with asyncio.timeout(30):
                    async for _ in socket:
                        pass
                async with stranger.get(f"{one.api}/api/tests/{run_id}?token={link['token']}") as answer:
                    assert answer.status == 401
        assert (await one.get(f"/api/tests/{run_id}"))["status"] == "running"
        await one.cancel(run_id)
