"""The web pages: dashboard, page of an attach session, watch page, and the player as one file."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

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


def _is_file(path: Path) -> bool:
    """Returns whether the file exists; False, too, for a name that is too long for any file."""
    try:
        return path.is_file()
    except OSError:
        return False
