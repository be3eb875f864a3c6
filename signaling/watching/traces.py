"""The traces of runs over HTTP, and Playwright's trace viewer to look at them with."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from pathlib import Path
from typing import Final

from aiohttp import web

from signaling.access.authentication import Authenticator
from signaling.access.share_tokens import Purpose
from signaling.http.operations import READ, operation, routes_of, text_content
from signaling.problems import Problem

TRACE_VIEWER: Final = "/trace-viewer/"
"""Where the viewer is, and the scope of its service worker."""
_TRACE: Final = re.compile(r"/api/tests/[\w-]+/trace(\?token=[\w.~-]*)?", re.ASCII)
_WORKER: Final = "sw.bundle.js"
_GUARD: Final = Path(__file__).with_name("trace_viewer_guard.js")


class TraceApi:
    """Serves ``/api/tests/{runId}/trace``."""

    def __init__(self, *, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "GET",
        "/api/tests/{runId}/trace",
        "The run's trace once it is over: a zip that Playwright's trace viewer opens.",
        id="getTrace",
        answer=text_content("application/zip"),
        refusals=READ,
    )
    async def trace(self, request: web.Request) -> web.StreamResponse:
        run_id = request.match_info["run_id"]
        context = await self._authenticator.authorize(request, run_id, opens=Purpose.WATCH, with_steps=False)
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{run_id}-trace.zip"',
            "Cache-Control": "private, no-cache",
        }
        return web.FileResponse(await context.run.trace.find(), headers=headers)


class TraceViewer:
    """Serves Playwright's trace viewer, with a guard in its service worker; without its files, the traces instead."""

    def __init__(self, folder: Path | None) -> None:
        """``folder``: where the viewer's files are; None: there are none."""
        self._folder = folder

    def routes(self) -> list[web.RouteDef]:
        return [web.get(TRACE_VIEWER + "{name:.*}", self.file)]

    async def file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        data = await asyncio.to_thread(self._read, name)
        if data is None:
            trace = request.query.get("trace", "")
            if self._folder is None and _TRACE.fullmatch(trace):
                return web.Response(status=302, headers={"Location": trace})
            raise Problem(404, "the trace viewer has no such file", code="not_found")
        media, _ = mimetypes.guess_type(name)
        return web.Response(
            body=data, content_type=media or "application/octet-stream", headers={"Cache-Control": "no-cache"}
        )

    def _read(self, name: str) -> bytes | None:
        if self._folder is None:
            return None
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder.resolve()):
                return None
            data = path.read_bytes()
        except (OSError, ValueError):
            return None
        return _GUARD.read_bytes() + data if name == _WORKER else data
