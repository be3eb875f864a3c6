"""A link that ends, by its own time or by being revoked, ends whatever is open by it, on every transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, ServerHarness, auth

TTL = 5
"""Seconds of a link that expires, of which one may be lost to rounding: time enough to open anything by it."""
PATIENCE = 30.0
"""Seconds, far more than a cut takes, so that only what is never cut fails."""

Ended = Callable[[], Awaitable[None]]
Opener = Callable[[ServerHarness, FakeRun, str], AbstractAsyncContextManager[Ended]]


@asynccontextmanager
async def socket(harness: ServerHarness, run: FakeRun, token: str) -> AsyncIterator[Ended]:
    async with harness.socket(run, token=token) as client:
        await client.until("hello")

        async def ended() -> None:
            assert await client.close_code() == 1008

        yield ended


@asynccontextmanager
async def whep(harness: ServerHarness, run: FakeRun, token: str) -> AsyncIterator[Ended]:
    async with harness.peer(run, token=token) as peer:
        await peer.viewer.until_frames(1)

        async def ended() -> None:
            await peer.ended.wait()
            async with harness.http.patch(peer.resource, headers=auth(ADA)) as response:
                assert response.status == 404

        yield ended


@asynccontextmanager
async def mjpeg(harness: ServerHarness, run: FakeRun, token: str) -> AsyncIterator[Ended]:
    async with harness.http.get(f"{harness.frames_url}/stream/{run.id}.mjpeg", params={"token": token}) as response:
        await response.content.readuntil(b"--frame")

        async def ended() -> None:
            await response.content.read()

        yield ended


@asynccontextmanager
async def long_poll(harness: ServerHarness, run: FakeRun, token: str) -> AsyncIterator[Ended]:
    """Its wait is ten seconds at most, so that how it ends is what tells."""
    waited = len(run.waited)

    async def poll() -> int:
        url = f"{harness.frames_url}/stream/{run.id}"
        async with harness.http.get(url, params={"after": "1000", "token": token}) as response:
            assert b"JFIF" not in await response.read()
            return response.status

    polling = asyncio.create_task(poll())
    await run.until(lambda: len(run.waited) > waited)

    async def ended() -> None:
        assert await polling == 401

    yield ended


OPENERS = (socket, whep, mjpeg, long_poll)


@pytest.mark.parametrize("opened", OPENERS, ids=[each.__name__ for each in OPENERS])
@pytest.mark.parametrize("derived", [False, True], ids=["itself", "derived"])
async def test_a_revoked_link(
    harness: ServerHarness,
    run: FakeRun,
    opened: Opener,
    derived: bool,
) -> None:
    shared, kept = await harness.share(run, "viewer"), await harness.share(run, "viewer")
    token = shared["token"]
    if derived:
        token = (await harness.call("GET", f"/api/tests/{run.id}/stream", token=token))[1]["viewerToken"]
    async with harness.socket(run, token=kept["token"]) as other, opened(harness, run, token) as ended:
        await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared['id']}")
        async with asyncio.timeout(PATIENCE):
            await ended()
        assert (await other.ask(type="ping", id="1"))["type"] == "pong"
    await nobody_is_left(run, 1)


@pytest.mark.slow
@pytest.mark.parametrize("opened", OPENERS, ids=[each.__name__ for each in OPENERS])
async def test_a_link_that_expires(harness: ServerHarness, run: FakeRun, opened: Opener) -> None:
    token = (await harness.share(run, "viewer", ttl=TTL))["token"]
    async with opened(harness, run, token) as ended, asyncio.timeout(PATIENCE):
        await ended()
    assert (await harness.call("GET", f"/api/tests/{run.id}", token=token))[0] == 401
    await nobody_is_left(run, 0)


async def nobody_is_left(run: FakeRun, others: int) -> None:
    """Seats and the run's audience are as they were."""
    await run.until(lambda: len(run.joined) - len(run.left) <= others)


async def test_polls_are_no_viewers_that_come_and_go(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.http.get(f"{harness.frames_url}/stream/{run.id}?after=0", headers=auth(ADA)) as response:
        assert response.status == 200
    assert run.joined == []
