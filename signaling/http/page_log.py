"""What a run's page said, over HTTP: its console, its requests, and the same as a HAR file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeVar

from aiohttp import web

from control.protocol.page_log import ConsoleEntry, PageLogView, RequestEntry
from signaling.access.authentication import Authenticator
from signaling.http.har import har_of
from signaling.http.operations import READ, Query, json_content, operation, routes_of, text_content
from signaling.http.queries import read_count
from signaling.http.shapes import ConsoleList, RequestList

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
        answer = ConsoleList(entries=entries, left_out=left_out.console, deaf_ms=left_out.deaf_ms)
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
        answer = RequestList(entries=entries, left_out=left_out.requests, deaf_ms=left_out.deaf_ms)
        return web.json_response(answer.dump())

    @operation(
        "GET",
        f"{_RUN}/har",
        "The page's requests as HAR 1.2, without bodies.",
        id="getHar",
        answer=text_content("application/json"),
        query=(_STEP, _SINCE),
        refusals=(*READ, 422),
    )
    async def har(self, request: web.Request) -> web.Response:
        kept = await self._kept(request)
        name = f'attachment; filename="{request.match_info["run_id"]}.har"'
        text = json.dumps(har_of(_wanted(request, kept.requests)))
        return web.Response(text=text, content_type="application/json", headers={"Content-Disposition": name})

    async def _kept(self, request: web.Request) -> PageLogView:
        context = await self._authenticator.authorize(request, request.match_info["run_id"], with_steps=False)
        return await context.run.page_log()


def _wanted(request: web.Request, entries: Iterable[E]) -> tuple[E, ...]:
    """Returns those that the query asks for. Raises Problem 422."""
    step, since = (read_count(name, request.query.get(name)) for name in ("step", "since"))
    return tuple(each for each in entries if step in {None, each.step} and each.number > (since or 0))
