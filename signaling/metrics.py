"""What Prometheus is told, in a registry of our own; and whether we live and are ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from signaling.run_metrics import RunMetrics

Check = Callable[[], Awaitable[str | None]]
"""None where all is well, else one sentence on what is not."""


class Metrics:
    """Signaling's figures; others may add theirs to ``registry``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.connections = Gauge(
            "jumpseat_connections", "Open connections of viewers", ["transport"], registry=self.registry
        )
        self.commands = Counter(
            "jumpseat_commands", "Control messages, by what became of them", ["type", "outcome"], registry=self.registry
        )
        self.command_seconds = Histogram(
            "jumpseat_command_seconds",
            "From a control message to its answer",
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5),
        )
        self.connections_cut = Counter(
            "jumpseat_connections_cut", "Connections that the server ended", ["reason"], registry=self.registry
        )
        self.refused = Counter(
            "jumpseat_requests_refused", "HTTP requests that were refused", ["status", "code"], registry=self.registry
        )
        self.frames = Counter(
            "jumpseat_frames_served", "JPEG frames sent by the frame server", ["kind"], registry=self.registry
        )
        self.moves_dropped = Counter(
            "jumpseat_moves_dropped", "Pointer moves replaced by newer ones or not allowed", registry=self.registry
        )
        self.tasks = Gauge("jumpseat_tasks", "Tasks of the event loop that have not ended", registry=self.registry)
        self.tasks.set_function(lambda: len(asyncio.all_tasks()))
        ProcessCollector(registry=self.registry)
        self.runs = RunMetrics()
        self.registry.register(self.runs)


class Health:
    """``/healthz``, ``/readyz``, ``/metrics``."""

    def __init__(self, metrics: Metrics, checks: Mapping[str, Check], extras: Mapping[str, Check]) -> None:
        """
        Args:
            extras: what is told with the checks, but works without us being less ready.
        """
        self._metrics = metrics
        self._checks = checks
        self._extras = extras

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
        ]

    async def healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(self, request: web.Request) -> web.Response:
        found = {name: await check() for name, check in self._checks.items()}
        ready = all(reason is None for reason in found.values())
        found |= {name: await check() for name, check in self._extras.items()}
        checks = {name: reason or "ok" for name, reason in found.items()}
        body = {"status": "ready" if ready else "not ready", "checks": checks}
        return web.json_response(body, status=200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
