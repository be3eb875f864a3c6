"""Who did what to a run: for its owner, as JSON or as JSON lines."""

from __future__ import annotations

from aiohttp import web

from control.protocol.audit import AuditTrail
from control.roles import Role
from signaling.access.authentication import Authenticator
from signaling.http.operations import Content, Query, operation, routes_of
from signaling.ports import Audit

_LINES = "application/x-ndjson"


class AuditApi:
    """Serves the audit of runs; a server without a log answers that nothing was written down."""

    def __init__(self, log: Audit | None, *, authenticator: Authenticator) -> None:
        self._log = log
        self._authenticator = authenticator

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "GET",
        "/api/tests/{runId}/audit",
        "Who did what to the run, when, and from where.",
        id="getAudit",
        answer=Content("application/json", AuditTrail, others=(_LINES,)),
        query=(
            Query(
                "format",
                "json; jsonl: one entry on each line.",
                {"type": "string", "enum": ["json", "jsonl"], "default": "json"},
            ),
        ),
        refusals=(401, 403, 404),
    )
    async def audit(self, request: web.Request) -> web.Response:
        run_id = request.match_info["run_id"]
        await self._authenticator.authorize(request, run_id, needs=Role.OWNER, with_steps=False)
        entries = await self._log.of_run(run_id) if self._log is not None else ()
        if request.query.get("format") == "jsonl":
            lines = "".join(f"{entry.model_dump_json(by_alias=True)}\n" for entry in entries)
            return web.Response(text=lines, content_type=_LINES)
        return web.json_response(AuditTrail(entries=tuple(entries)).dump())
