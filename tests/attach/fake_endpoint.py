"""An endpoint as the hooks see it: a Playwright server, behind a proxy that notes what comes in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from playwright.async_api import Browser

PATH = "/a-token"
PASSED_ON = ("User-Agent", "x-playwright-browser", "x-playwright-launch-options")


@dataclass
class FakeEndpoint:
    """What came in, in its order."""

    url: str
    log: list[tuple[str, Any]] = field(default_factory=list)
    """Of each thing its kind (`connect`, `context` or an event that was reported), and what is known of it."""
    answers_reports: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, but where a test has them wait for a client."""

    def __post_init__(self) -> None:
        self.answers_reports.set()

    def of(self, kind: str) -> list[Any]:
        return [what for each, what in self.log if each == kind]

    async def report(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.log.append((body["event"], body))
        await self.answers_reports.wait()
        return web.Response(status=204)


@asynccontextmanager
async def fake_endpoint(browser: Browser) -> AsyncIterator[FakeEndpoint]:
    """Serves clients with contexts of this browser."""
    bound = await browser.bind("tests", host="127.0.0.1", port=0)
    endpoint = FakeEndpoint("")

    async def proxy(request: web.Request) -> web.WebSocketResponse:
        worker = request.headers.get("x-jumpseat-worker")
        options = json.loads(request.headers.get("x-playwright-launch-options", "{}"))
        endpoint.log.append(("connect", {"worker": worker, "options": options}))
        endpoint.answers_reports.set()
        client = web.WebSocketResponse(max_msg_size=0, compress=False)
        await client.prepare(request)
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(bound["endpoint"], headers=headers, max_msg_size=0, compress=0) as server,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(pump(server, client))
            async for message in client:
                if message.type is WSMsgType.TEXT:
                    if json.loads(message.data).get("method") == "newContext":
                        endpoint.log.append(("context", worker))
                    await server.send_str(message.data)
            await server.close()
        return client

    app = web.Application()
    app.add_routes([web.get(PATH, proxy), web.post(f"{PATH}/report", endpoint.report)])
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint.url = f"ws://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        yield endpoint
    finally:
        await runner.cleanup()
        await browser.unbind()


async def pump(server: aiohttp.ClientWebSocketResponse, client: web.WebSocketResponse) -> None:
    async for message in server:
        if message.type is WSMsgType.TEXT:
            await client.send_str(message.data)
    await client.close()
