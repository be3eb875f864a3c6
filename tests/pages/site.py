"""Serves the page of one case, and records what the page says about what was really done to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.served import free_ports

_SAY = """function say(text) {
  const request = new XMLHttpRequest();
  request.open("POST", "/say", false);
  request.send(text);
}"""
"""It does not return before the server has the text, so that nothing is under way when a run is over."""
_PORT_PAIRS = 20


@dataclass
class PageSite:
    """The address of a case's page, and what the page has said."""

    folder: Path
    url: str = ""
    said: list[str] = field(default_factory=list)
    broken: bool = False
    """Whether ``broken.html`` is given for the page: one that does not do what is asked of it."""

    def at(self, page: str) -> str:
        """The address of another page in the folder."""
        return self.url.replace("page.html", page)

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/")
        path = self.folder / ("broken.html" if self.broken and name == "page.html" else name)
        if not path.is_file() or path.parent != self.folder:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-store"})

    async def say_script(self, _: web.Request) -> web.Response:
        return web.Response(text=_SAY, content_type="text/javascript")

    async def say(self, request: web.Request) -> web.Response:
        self.said.append(await request.text())
        return web.Response()

    async def never(self, _: web.Request) -> web.Response:
        """A request that is not answered while the site is there."""
        await asyncio.Event().wait()
        return web.Response()


@asynccontextmanager
async def page_site(folder: Path) -> AsyncIterator[PageSite]:
    """Serves a folder on 127.0.0.1 and, one port above, on ``localhost``: another origin for the page's frames."""
    site = PageSite(folder)
    app = web.Application()
    app.router.add_get("/say.js", site.say_script)
    app.router.add_post("/say", site.say)
    app.router.add_post("/log/{any}", site.say)
    app.router.add_get("/never", site.never)
    app.router.add_get("/{path:.*}", site.file)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        port = await _start_on_pair(runner)
        site.url = f"http://127.0.0.1:{port}/page.html"
        yield site
    finally:
        await runner.cleanup()


async def _start_on_pair(runner: web.AppRunner) -> int:
    """Starts the server on two neighbouring ports and returns the first."""
    for port in free_ports(_PORT_PAIRS):
        first, second = web.TCPSite(runner, "127.0.0.1", port), web.TCPSite(runner, "localhost", port + 1)
        try:
            await first.start()
            await second.start()
        except OSError:
            await first.stop()
            continue
        return port
    raise AssertionError(f"no two neighbouring ports are free among {_PORT_PAIRS}")
