"""The player in a page of somebody else's, with a strict policy of its own: as an element and in a frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, Request, WebSocket, expect

from tests.served import Served, free_port, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOVING = "/timecode.html?fps=10"
# What a browser does that blocks the storage of frames of another origin.
FORBID_STORAGE = """
if (self !== top)
    for (const name of ["sessionStorage", "localStorage"])
        Object.defineProperty(self, name, { get() { throw new DOMException("denied", "SecurityError"); } });
"""
CYCLES = 1000
WARM_UP = 50


class Host:
    """Somebody else's site with one page, and the jumpseat server that lets it in."""

    def __init__(self, server: Served, origin: str) -> None:
        self.server = server
        self.origin = origin
        self.body = ""
        self.connect = ""

    async def open(self, browser: Browser | BrowserContext, body: str, *, connect: str = "") -> Page:
        """Opens the page with this content; it may ``connect`` to this address, too."""
        self.body, self.connect = body, connect
        page = await browser.new_page()
        await page.goto(self.origin)
        return page

    async def answer(self, _request: web.Request) -> web.Response:
        api, frames = self.server.api, self.server.frames
        policy = (
            f"default-src 'none'; script-src {api}; img-src {api} {frames}; media-src blob:; style-src 'none'; "
            f"connect-src {api} {frames} {api.replace('http', 'ws')} {self.connect}; frame-src {api}"
        )
        script = f'<script type="module" src="{api}/player.js"></script>'
        html = f"<!doctype html><html lang=en><title>Host</title>{script}<h1>Our page</h1>{self.body}"
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def host() -> AsyncIterator[Host]:
    port = free_port()
    # Another site than the server's, so that the browser treats a frame as a third party.
    origin = f"http://localhost:{port}"
    async with served(JUMPSEAT_ALLOWED_ORIGINS=origin) as server:
        host = Host(server, origin)
        app = web.Application()
        app.router.add_get("/", host.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "localhost", port).start()
        yield host
        await runner.cleanup()


async def test_it_plays_and_steers_in_a_page_of_another_origin(host: Host, viewer_browser: Browser) -> None:
    run_id = await host.server.start_watchable(MOVING, seconds=120)
    player = f'<live-stream-player run-id="{run_id}" token="{host.server.key}" theme="dark"></live-stream-player>'
    page = await host.open(viewer_browser, player)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    await expect(page.locator('.jp-connection[data-transport="whep"]')).to_be_visible()
    element = page.locator("live-stream-player")
    await element.evaluate("e => { e.told = []; e.addEventListener('status', ({detail}) => e.told.push(detail)); }")
    await page.get_by_role("button", name="Pause", exact=True).click()
    await expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    assert {"status": "paused", "paused": True} in await element.evaluate("element => element.told")
    await element.evaluate("element => element.setAttribute('read-only', '')")
    await expect(page.get_by_role("button", name="Resume", exact=True)).to_have_count(0)
    assert refused == []
    await page.close()
    await host.server.cancel(run_id)


@pytest.mark.parametrize("storage", ["allowed", "forbidden"])
async def test_its_page_plays_and_steers_in_a_frame(host: Host, viewer_browser: Browser, storage: str) -> None:
    run_id = await host.server.start_watchable(MOVING, seconds=120)
    status, share = await host.server.post(f"/api/tests/{run_id}/tokens", {"role": "controller"})
    assert status == 201
    context = await viewer_browser.new_context()
    if storage == "forbidden":
        await context.add_init_script(FORBID_STORAGE)
    source = f"{host.server.api}/runs/{run_id}?token={share['token']}"
    allow = "fullscreen; picture-in-picture; clipboard-read; clipboard-write"
    frame = f'<iframe src="{source}" title="Live test" width="1100" height="640" allow="{allow}"></iframe>'
    page = await host.open(context, frame)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    player = page.frame_locator("iframe")
    await expect(player.locator('.jp-connection[data-transport="whep"]')).to_be_visible()
    await player.get_by_role("button", name="Pause", exact=True).click()
    await expect(player.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    assert errors == []
    await context.close()
    await host.server.cancel(run_id)


@pytest.mark.long
async def test_mounting_it_a_thousand_times_leaves_nothing_behind(host: Host, viewer_browser: Browser) -> None:
    run_id = await host.server.start_watchable(MOVING, seconds=600)
    page = await host.open(viewer_browser, "<main></main>")
    await page.wait_for_function("() => customElements.get('live-stream-player')")
    traffic = Traffic(page)
    await mount_and_remove(page, run_id, host.server.key, WARM_UP)
    await traffic.over()
    before = await counted(page)
    await mount_and_remove(page, run_id, host.server.key, CYCLES)
    await traffic.over()
    after = await counted(page)
    grown = {name: after[name] - before[name] for name in before}
    # A leak of one node, listener or kilobyte a cycle would show a thousand of them.
    assert grown["Nodes"] < CYCLES / 2, grown
    assert grown["JSEventListeners"] < CYCLES / 2, grown
    assert grown["JSHeapUsedSize"] < CYCLES * 1024, grown
    await page.close()
    await host.server.cancel(run_id)


async def mount_and_remove(page: Page, run_id: str, token: str, times: int) -> None:
    await page.evaluate(
        """async ([runId, token, times]) => {
            const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            for (let at = 0; at < times; at += 1) {
                const player = document.createElement("live-stream-player");
                player.setAttribute("run-id", runId);
                player.setAttribute("token", token);
                document.querySelector("main").append(player);
                await painted();
                player.remove();
            }
        }""",
        [run_id, token, times],
    )


class Traffic:
    """What a page has asked for and not got yet: it holds what asked for it."""

    def __init__(self, page: Page) -> None:
        self._open: set[object] = set()
        self._changed = asyncio.Event()
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)
        page.on("websocket", self._connect)

    def _begin(self, request: Request) -> None:
        self._open.add(request)

    async def over(self) -> None:
        while self._open:
            self._changed.clear()
            await self._changed.wait()

    def _connect(self, socket: WebSocket) -> None:
        self._open.add(socket)
        socket.on("close", self._end)

    def _end(self, ended: object) -> None:
        self._open.discard(ended)
        self._changed.set()


async def counted(page: Page) -> dict[str, float]:
    """What the page holds after everything that nobody needs was collected."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    await session.send("HeapProfiler.enable")
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    await session.detach()
    wanted = {"Nodes", "JSEventListeners", "JSHeapUsedSize"}
    return {each["name"]: each["value"] for each in metrics if each["name"] in wanted}
