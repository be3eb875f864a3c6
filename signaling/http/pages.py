"""The web pages: dashboard, page of an attach session, watch page, and the player as one file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import hdrs, web

from signaling.problems import Problem

_FOR_GOOD = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>jumpseat</title>
<h1>The web pages are not built</h1>
<p>The server runs; only its pages are missing. With Node 20 or newer, run <code>make web</code> and reload.</p>
<p>The API works without them: see <a href="/docs">its description</a>.</p>
</html>
"""

_NOT_FOUND = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Not found · jumpseat</title>
<h1>There is nothing at this address</h1>
<p><a href="/">All runs</a></p>
</html>
"""
_API = "/api/"


class Pages:
    """Serves what ``npm run build`` has made; 503 with instructions where it is missing."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.index),
            web.get("/runs/{run_id}", self.index),
            web.get("/sessions/{session_id}", self.index),
            web.get("/assets/{name}", self.asset),
            web.get(r"/{name:player[\w.-]*\.js}", self.player),
            web.get(r"/{name:favicon\.(?:ico|svg)}", self.player),
        ]

    async def index(self, request: web.Request) -> web.StreamResponse:
        path = self._dist / "index.html"
        if not path.is_file():
            return web.Response(text=_NOT_BUILT, content_type="text/html", status=503)
        return web.FileResponse(path, headers={"Cache-Control": _REVALIDATE})

    async def not_found(self, request: web.Request) -> web.Response | None:
        """Returns the page for an address that a person has opened and where there is nothing; None for programs."""
        unknown = isinstance(request.match_info.http_exception, web.HTTPNotFound)
        by_person = request.method == hdrs.METH_GET and "text/html" in request.headers.get(hdrs.ACCEPT, "")
        if not (unknown and by_person) or request.path.startswith(_API):
            return None
        text = await asyncio.to_thread(_read, self._dist / "index.html")
        return web.Response(text=text or _NOT_FOUND, content_type="text/html", status=404)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Serves an asset for good: its name changes with its contents."""
        return self._file(self._dist / "assets", request.match_info["name"], _FOR_GOOD)

    async def player(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._dist, request.match_info["name"], _REVALIDATE)

    def _file(self, folder: Path, name: str, cache: str) -> web.FileResponse:
        path = folder / name
        if path.parent != folder or not _is_file(path):
            raise Problem(404, "there is no such file; the web pages are built by 'make web'", code="not_found")
        return web.FileResponse(path, headers={"Cache-Control": cache})


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    """Returns whether the file exists; False, too, for a name that is too long for any file."""
    try:
        return path.is_file()
    except OSError:
        return False
