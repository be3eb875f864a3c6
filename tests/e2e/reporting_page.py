"""A page that tells what reaches it when somebody at a player types, presses and scrolls."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.served import WAIT_SECONDS, Served

FIELD = (300, 130)
BUTTON = (800, 130)
PASSWORD = (300, 230)
BELOW = (640, 500)
PAGE = """<!doctype html><title>Says what it gets</title>
<style>
body { height: 6000px; }
input, button { position: fixed; top: 100px; height: 60px; width: 400px; left: 100px; }
button { left: 600px; }
[type=password] { top: 200px; }
</style>
<input aria-label="Text"><button>Tap</button><input type="password" aria-label="New password">
<script>
const say = (what) => fetch("/said", { method: "POST", body: JSON.stringify(what) });
document.querySelector("input").oninput = (event) => say({ text: event.target.value });
document.querySelector("button").onclick = (event) => say({ tapped: event.pointerType });
document.querySelector("[type=password]").oninput = (event) => say({ password: event.target.value });
addEventListener("scroll", () => say({ scrolled: scrollY > 100 }));
</script>"""


class ReportingPage:
    """The site of the driven page, `site` as an async context manager, and what that page says."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_post("/said", self._hear)
        self.site = TestServer(app)

    async def waiting_run(self, server: Served) -> str:
        """The id of a run that waits on the page for leave to do its only step."""
        body = {"url": str(self.site.make_url("/")), "steps": [{"type": "wait", "value": 50}], "mode": "review"}
        run = await server.create(body)
        await server.until(run["id"], lambda message: message["type"] == "step_proposed")
        return str(run["id"])

    async def until_it_says(self, **wanted: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        heard: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not heard or heard[-1] != wanted:
                    heard.append(await self.said.get())
        except TimeoutError:
            raise AssertionError(f"the driven page never said {wanted}, but {heard}") from None

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _hear(self, request: web.Request) -> web.Response:
        self.said.put_nowait(await request.json())
        return web.Response(status=204)
