"""The player when the network or the server lets it down."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.relay import Line
from tests.e2e.watch_page import watching
from tests.served import Served, free_ports, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOVING = "/timecode.html?fps=10"


@pytest.mark.timeout(300)
async def test_without_udp_the_picture_goes_on_over_http_and_video_comes_back(
    server: Served, viewer_browser: Browser
) -> None:
    run_id = await server.start_watchable(MOVING, seconds=300)
    line = Line()
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.page.route("**/whep/**", line.whep)
        await viewer.page.reload()
        await viewer.live("whep")
        await viewer.newer_picture()
        line.cut = True
        await viewer.live("mjpeg")
        await viewer.newer_picture()
        await viewer.tab("Stats")
        await viewer.sees("WebSocket")
        await viewer.press("Pause")
        await expect(viewer.button("Resume")).to_be_visible()
        line.cut = False
        await viewer.live("whep", seconds=120)
        await viewer.newer_picture()
    line.close()
    await server.cancel(run_id)


async def test_without_websockets_commands_go_by_http(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.page.route_web_socket("**/ws/**", lambda socket: socket.close())
        await viewer.page.route("**/whep/**", lambda route: route.abort())
        await viewer.page.reload()
        await viewer.live("mjpeg")
        await viewer.tab("Stats")
        await viewer.sees("HTTP")
        await viewer.press("Pause")
        await expect(viewer.button("Resume")).to_be_visible()
    await server.cancel(run_id)


@pytest.mark.process
async def test_a_server_that_comes_back_is_found_again(viewer_browser: Browser, tmp_path: Path) -> None:
    (port, frame_port), key = free_ports(2), secrets.token_urlsafe(24)
    settings = {
        "JUMPSEAT_PORT": str(port),
        "FRAME_SERVER_PORT": str(frame_port),
        "JUMPSEAT_API_KEYS": f"tester:{key}",
        "JUMPSEAT_DATA_DIR": str(tmp_path),
    }
    api = f"http://127.0.0.1:{settings['JUMPSEAT_PORT']}"
    async with served(log=None, **settings) as first:
        server = Served(api, first.frames, first.site, key, first.process, first.http)
        first.http.headers["Authorization"] = f"Bearer {key}"
        run_id = await server.start_watchable(MOVING, seconds=300)
        async with watching(viewer_browser, server, run_id) as viewer:
            await viewer.live("whep")
            await viewer.newer_picture()  # the first one may be of the page before it has painted its time
            first.process.kill()
            await first.process.wait()
            await viewer.sees("Reconnecting")
            assert await viewer.timecode() is not None, "the last picture has gone"
            async with served(log=None, **settings):
                await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Failed")
                assert await viewer.timecode() is not None, "the last picture has gone"
