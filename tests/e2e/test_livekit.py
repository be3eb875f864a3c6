"""Runs in LiveKit rooms, seen from outside: jumpseat as users run it, a real LiveKit server, real viewers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.chromium import WhepViewer
from tests.e2e.watch_page import watching
from tests.livekit_client import Participant, rooms
from tests.livekit_page import join_room
from tests.livekit_server import LiveKitServer
from tests.served import WAIT_SECONDS, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="session")


def settings(livekit: LiveKitServer) -> dict[str, str]:
    return {"LIVEKIT_URL": livekit.url, "LIVEKIT_API_KEY": livekit.key, "LIVEKIT_API_SECRET": livekit.secret}


@pytest_asyncio.fixture(loop_scope="session")
async def livekit(livekit_executable: Path, tmp_path: Path) -> AsyncIterator[LiveKitServer]:
    async with LiveKitServer(livekit_executable, tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def server(livekit: LiveKitServer) -> AsyncIterator[Served]:
    async with served(log=None, **settings(livekit)) as running:
        yield running


async def invitation(server: Served, run_id: str, client: str) -> tuple[str, str]:
    """Address and token of the room for one more client of the owner."""
    stream = await server.get(f"/api/tests/{run_id}/stream?client={client}")
    return stream["livekitUrl"], stream["token"]


@asynccontextmanager
async def in_python(server: Served, run_id: str) -> AsyncIterator[Participant]:
    url, token = await invitation(server, run_id, "python")
    async with Participant.joined(url, token) as participant:
        yield participant


async def in_chromium(server: Served, browser: Browser, run_id: str) -> WhepViewer:
    url, token = await invitation(server, run_id, "chromium")
    return await join_room(browser, server.api, url=url, token=token)


async def paused(server: Served, run_id: str) -> bool:
    return bool((await server.get(f"/api/tests/{run_id}"))["paused"])


async def until_ready(server: Served, *, livekit: bool) -> None:
    """Until the server says that it can, or cannot, talk to LiveKit; it sends no event of that."""
    async with asyncio.timeout(WAIT_SECONDS):
        while ((await server.get("/readyz"))["checks"]["livekit"] == "ok") is not livekit:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_chromium_and_python_read_the_time_code_and_steer(
    server: Served, livekit: LiveKitServer, viewer_browser: Browser
) -> None:
    started = time.time() * 1000
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    page = await in_chromium(server, viewer_browser, run_id)
    await page.wait("v.ages.length >= 10")
    assert await page.ask("[v.width, v.height]") == [1280, 720]
    async with in_python(server, run_id) as participant:
        await participant.until(lambda: participant.timecode() is not None)
        assert (participant.timecode() or 0) > started
        await page.wait("v.messages.some((m) => m.type === 'hello')")
        await page.command({"type": "pause"})
        await participant.message(type="run_state", paused=True)
        assert await paused(server, run_id)
        await participant.message(type="hello")
        await participant.send({"type": "resume", "id": "r"})
        assert (await participant.message(id="r"))["type"] == "ack"
        await page.wait("v.messages.some((m) => m.type === 'run_state' && m.paused)")
        await participant.send({"type": "pause", "id": "p"})
        assert (await participant.message(id="p"))["type"] == "ack"
        assert await paused(server, run_id)
        assert not await page.ask("v.messages.some((m) => m.id === 'p')")
        await server.cancel(run_id)
        await participant.message(type="run_finished")
        await participant.until(lambda: participant.disconnected)
    async with asyncio.timeout(WAIT_SECONDS):
        while await rooms(livekit):  # noqa: ASYNC110 - those in it are told before it has gone
            await asyncio.sleep(0.1)
    await page.page.close()


async def test_livekit_dies_and_comes_back_while_the_run_goes_on(
    server: Served, livekit: LiveKitServer, viewer_browser: Browser
) -> None:
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    peer = await WhepViewer.watch(viewer_browser, server.api, run_id, token=server.key)
    page = await in_chromium(server, viewer_browser, run_id)
    await peer.wait("v.pictures > 5")
    await page.wait("v.pictures > 5")
    await livekit.kill()
    before = await peer.ask("v.pictures")
    await peer.wait(f"v.pictures > {before} + 20")
    await until_ready(server, livekit=False)
    assert (await server.get(f"/api/tests/{run_id}"))["status"] == "running"
    await livekit.start()
    before = await page.ask("v.pictures")
    async with in_python(server, run_id) as newcomer:
        await newcomer.new_pictures(5, seconds=WAIT_SECONDS)
    await page.wait(f"v.pictures > {before} + 5")
    assert await peer.ask("v.pc.connectionState") == "connected"
    await until_ready(server, livekit=True)
    assert (await server.get(f"/api/tests/{run_id}"))["status"] == "running"
    for viewer in (peer, page):
        await viewer.page.close()
    await server.cancel(run_id)


async def test_the_player_watches_in_the_room_and_falls_back_without_it(
    server: Served, livekit: LiveKitServer, viewer_browser: Browser
) -> None:
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    async with watching(viewer_browser, server, run_id) as page:
        await page.live("livekit")
        await page.newer_picture()
        await livekit.kill()
        await page.live("whep")
        await page.newer_picture()
    await server.cancel(run_id)
