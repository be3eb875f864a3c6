"""What a run's page said, over HTTP: its console, its requests, and the same as a HAR file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web

from control.protocol.page_log import ConsoleEntry, PageLogView, RequestEntry
from control.roles import Role
from signaling.access.authentication import Authenticator
from signaling.http.har import har_of
from signaling.http.operations import READ, Query, json_content, operation, routes_of, text_content
from signaling.http.queries import read_count
from signaling.http.shapes import ConsoleList, DownloadList, HarArchive, RequestList
from signaling.problems import Problem

E = TypeVar("E", ConsoleEntry, RequestEntry)

_RUN = "/api/tests/{runId}"
_STEP = Query("step", "Only what happened during this step; 0: before the first.", {"type": "integer", "minimum": 0})
_SINCE = Query("since", "Only what has a higher number than this.", {"type": "integer", "minimum": 0})


class PageLogApi:
    """Serves ``/console``, ``/network`` and ``/har`` of a run."""

    def __init__(self, *, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "GET",
        f"{_RUN}/console",
        "What the page logged and threw.",
        id="getConsole",
        answer=json_content(ConsoleList),
        query=(_STEP, _SINCE),
        refusals=(*READ, 422),
    )
    async def console(self, request: web.Request) -> web.Response:
        kept = await self._kept(request)
        entries, left_out = _wanted(request, kept.console), kept.left_out
        answer = ConsoleList(entries=entries, left_out=left_out.console, muted_ms=left_out.muted_ms)
        return web.json_response(answer.dump())

    @operation(
        "GET",
        f"{_RUN}/network",
        "The page's requests that are over.",
        id="getNetwork",
        answer=json_content(RequestList),
        query=(_STEP, _SINCE),
        refusals=(*READ, 422),
    )
    async def network(self, request: web.Request) -> web.Response:
        kept = await self._kept(request)
        entries, left_out = _wanted(request, kept.requests), kept.left_out
        answer = RequestList(entries=entries, left_out=left_out.requests, muted_ms=left_out.muted_ms)
        return web.json_response(answer.dump())

    @operation(
        "GET",
        f"{_RUN}/har",
        "The page's requests as HAR 1.2.",
        id="getHar",
        answer=json_content(HarArchive),
        query=(_STEP, _SINCE),
        refusals=(*READ, 422),
    )
    async def har(self, request: web.Request) -> web.Response:
        kept = await self._kept(request)
        name = f'attachment; filename="{request.match_info["run_id"]}.har"'
        text = json.dumps(har_of(_wanted(request, kept.requests)))
        return web.Response(text=text, content_type="application/json", headers={"Content-Disposition": name})

    @operation(
        "GET",
        f"{_RUN}/downloads",
        "The files that the page downloaded.",
        id="getDownloads",
        answer=json_content(DownloadList),
        query=(_STEP,),
        refusals=(*READ, 422),
    )
    async def downloads(self, request: web.Request) -> web.Response:
        kept, step = await self._kept(request), read_count("step", request.query.get("step"))
        entries = tuple(each for each in kept.downloads if step in {None, each.step})
        return web.json_response(DownloadList(entries=entries).dump())

    @operation(
        "GET",
        f"{_RUN}/downloads/{{number}}",
        "One of these files, to be saved.",
        id="getDownload",
        answer=text_content("application/octet-stream"),
        refusals=(401, 403, 404, 410),
    )
    async def download(self, request: web.Request) -> web.StreamResponse:
        """Sends the file as one to be saved: what a page has downloaded is never opened under this origin."""
        run_id, number = request.match_info["run_id"], request.match_info["number"]
        context = await self._authenticator.authorize(request, run_id, needs=Role.CONTROLLER, with_steps=False)
        found = next((each for each in (await context.run.page_log()).downloads if str(each.number) == number), None)
        if found is None or found.error is not None:
            raise Problem(404, found.error if found and found.error else "there is no such download", code="not_found")
        path = await context.run.download(found.number)
        if path is None:
            raise Problem(410, "this download was removed to make room (JUMPSEAT_MAX_DISK)", code="not_found")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(_file_name(found.name), safe='')}",
            "Content-Type": "application/octet-stream",
            "X-Content-Type-Options": "nosniff",
        }
        return web.FileResponse(path, headers=headers)

    async def _kept(self, request: web.Request) -> PageLogView:
        """Returns what the caller may see: a viewer no bodies, which may hold what the pages do not show."""
        context = await self._authenticator.authorize(request, request.match_info["run_id"], with_steps=False)
        kept = await context.run.page_log()
        if context.actor.role.controls:
            return kept
        bare = {"request_body": None, "response_body": None}
        return kept.model_copy(update={"requests": tuple(each.model_copy(update=bare) for each in kept.requests)})


def _file_name(name: str) -> str:
    """Returns the name without what a file system, or a terminal, takes for more than a name."""
    return (
        re.sub(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069/\\:*?"<>|]', "_", name).strip(". ")[:200] or "download"
    )


def _wanted(request: web.Request, entries: Iterable[E]) -> tuple[E, ...]:
    """Returns those that the query asks for. Raises Problem 422."""
    step, since = (read_count(name, request.query.get(name)) for name in ("step", "since"))
    return tuple(each for each in entries if step in {None, each.step} and each.number > (since or 0))
