"""What an orchestrator and Prometheus ask: ``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from signaling.http.operations import json_content, operation, routes_of, text_content
from signaling.http.shapes import Liveness, Readiness
from signaling.metrics import Metrics

Check = Callable[[], Awaitable[str | None]]
"""Returns None where all is well, else one sentence on what is not."""


class Health:
    """Serves liveness, readiness, and the metrics as Prometheus text."""

    def __init__(self, metrics: Metrics, checks: Mapping[str, Check], extras: Mapping[str, Check]) -> None:
        """
        Args:
            checks: what must work for the server to be ready, by name.
            extras: what is reported beside them, and does not make the server less ready.
        """
        self._metrics = metrics
        self._checks = checks
        self._extras = extras

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "GET",
        "/healthz",
        "Whether the server lives.",
        id="healthz",
        answer=json_content(Liveness),
        open=True,
        refusals=(),
    )
    async def healthz(self, request: web.Request) -> web.Response:
        return web.json_response(Liveness().dump())

    @operation(
        "GET",
        "/readyz",
        "Whether the server is ready.",
        id="readyz",
        answer=json_content(Readiness),
        open=True,
        refusals=(503,),
    )
    async def readyz(self, request: web.Request) -> web.Response:
        found = {name: await check() for name, check in self._checks.items()}
        ready = all(reason is None for reason in found.values())
        found |= {name: await check() for name, check in self._extras.items()}
        checks = {name: reason or "ok" for name, reason in found.items()}
        body = Readiness(status="ready" if ready else "not ready", checks=checks)
        return web.json_response(body.dump(), status=200 if ready else 503)

    @operation(
        "GET",
        "/metrics",
        "Figures for Prometheus.",
        id="metrics",
        answer=text_content("text/plain"),
        open=True,
        refusals=(),
    )
    async def metrics(self, request: web.Request) -> web.Response:
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
