"""The audit trail over HTTP, for owners: of one run, and of all their runs, removed ones included."""

from __future__ import annotations

import json

from aiohttp import web

from control.roles import Role
from signaling.access.authentication import Authenticator
from signaling.http.operations import Content, Query, operation, routes_of
from signaling.http.queries import read_choice, read_limit, read_number_cursor
from signaling.http.shapes import AuditPage
from signaling.ports import AuditTrail

_LONGEST_PAGE = 1000
_LINES = "application/jsonl"
_ANSWER = Content("application/json", AuditPage, others=(_LINES,))
_FORMATS = ("json", "jsonl")
_QUERY = (
    Query(
        "limit",
        "How many, at most.",
        {"type": "integer", "minimum": 1, "maximum": _LONGEST_PAGE, "default": _LONGEST_PAGE},
    ),
    Query("cursor", "nextCursor of the page before."),
    Query(
        "format",
        "jsonl: every entry from the cursor on, as a line of JSON each.",
        {"type": "string", "enum": list(_FORMATS), "default": "json"},
    ),
)


class AuditApi:
    """Serves ``/api/audit`` and ``/api/tests/{runId}/audit``."""

    def __init__(self, *, authenticator: Authenticator, trail: AuditTrail) -> None:
        self._authenticator = authenticator
        self._trail = trail

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "GET",
        "/api/tests/{runId}/audit",
        "Who did what to the run, when, and from where; oldest first.",
        id="getAudit",
        answer=_ANSWER,
        query=_QUERY,
        refusals=(401, 403, 404, 422, 503),
    )
    async def of_run(self, request: web.Request) -> web.StreamResponse:
        run_id = request.match_info["run_id"]
        context = await self._authenticator.authorize(request, run_id, needs=Role.OWNER, with_steps=False)
        return await self._answer(request, context.run.owner, run_id)

    @operation(
        "GET",
        "/api/audit",
        "The same of all runs of the owner, also of those that were removed.",
        id="listAudit",
        answer=_ANSWER,
        query=_QUERY,
        refusals=(401, 403, 422, 503),
    )
    async def of_owner(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, await self._authenticator.owner(request), None)

    async def _answer(self, request: web.Request, owner: str, run_id: str | None) -> web.StreamResponse:
        limit = read_limit(request.query.get("limit"), default=_LONGEST_PAGE, most=_LONGEST_PAGE)
        after = read_number_cursor(request.query.get("cursor"))
        if read_choice("format", request.query.get("format"), _FORMATS) == "jsonl":
            return await self._lines(request, owner, run_id, after)
        found = await self._trail.read(owner, run_id=run_id, after=after, limit=limit + 1)
        cursor = str(found[limit - 1].number) if len(found) > limit else None
        return web.json_response(AuditPage(entries=tuple(found[:limit]), next_cursor=cursor).dump())

    async def _lines(self, request: web.Request, owner: str, run_id: str | None, after: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": _LINES})
        page = await self._trail.read(owner, run_id=run_id, after=after, limit=_LONGEST_PAGE)
        await response.prepare(request)
        while page:
            await response.write("".join(f"{json.dumps(entry.dump())}\n" for entry in page).encode())
            page = await self._trail.read(owner, run_id=run_id, after=page[-1].number, limit=_LONGEST_PAGE)
        await response.write_eof()
        return response
