"""The server's lifecycle: it listens on two ports, and closes everything in order."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from media.aio import CloseOnce, TaskSet
from signaling.access.proxies import TrustedProxies
from signaling.app import Apps, build
from signaling.config import Config, Listening
from signaling.http.health import Check
from signaling.http.http_connections import ConnectionQuota, HttpConnections
from signaling.http.listener import Listener
from signaling.log_adapters import HttpLog
from signaling.ports import Attachments, AuditTrail, RunHandle, Runs, ShareLinks
from signaling.sockets import listen_on

logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT = 3.0
"""Seconds that connections get to close."""
_REQUEST_TIMEOUT = 1.0
"""Seconds that requests under way get when the server stops."""


class CannotListen(OSError):
    """Says that nothing can be served on this host and port; ``errno`` says why."""

    def __init__(self, cause: OSError, *, host: str, port: int, frames: bool) -> None:
        # asyncio repeats the address in its own text; what a name server says has a number below zero.
        number = cause.errno or 0
        super().__init__(cause.errno, os.strerror(number) if number > 0 else cause.strerror or str(cause))
        self.host = host
        self.port = port
        self.frames = frames
        """Whether the port is the frame server's."""


class Server:
    """Serves API, signaling, pages and frames on their ports."""

    def __init__(
        self,
        config: Config,
        *,
        runs: Runs,
        links: ShareLinks,
        trail: AuditTrail,
        dist: Path,
        trace_viewer: Path | None = None,
        checks: Mapping[str, Check] | None = None,
        attachments: Attachments | None = None,
    ) -> None:
        """
        Args:
            dist: where the built web pages are; they may be missing.
            trace_viewer: where the files of Playwright's trace viewer are; None: there are none.
            checks: what ``/readyz`` asks, by name.
            attachments: None for a server that takes in no tests.
        """
        self._config = config
        self.apps: Apps = build(
            config,
            runs=runs,
            attachments=attachments,
            links=links,
            trail=trail,
            dist=dist,
            trace_viewer=trace_viewer,
            checks=checks,
        )
        quota = ConnectionQuota.of(config.limits, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._clients = HttpConnections(quota, config.limits, self.apps.metrics)
        self._runners: list[web.AppRunner] = []
        self._listeners: list[Listener] = []
        self._tasks = TaskSet(logger)
        self._close_once = CloseOnce(self._close)

    @property
    def port(self) -> int:
        """The port that the API really listens on, once started."""
        return self.apps.origins.api_port

    @property
    def frame_port(self) -> int:
        """The port that really serves frames, once started; the API's where there is no other."""
        return self.apps.origins.frame_port or self.port

    @property
    def url(self) -> str:
        """The address at which others reach the pages."""
        return self._config.url(self.port)

    @property
    def local_url(self) -> str:
        """The address at which this machine reaches the pages."""
        return self._config.local_url(self.port)

    async def start(self, listening: Listening | None = None) -> None:
        """Starts to serve, on the sockets that are given, else on the configuration's ports.

        Raises CannotListen, such as where a port is taken; nothing is left open then.
        """
        origins, config, frames = self.apps.origins, self._config, self.apps.frame_server
        try:
            given = listening.api if listening else None
            origins.api_port = await self._listen(self.apps.api, given, config.port)
            if frames is not None:
                given = listening.frames if listening else None
                origins.frame_port = await self._listen(frames, given, config.frame_port or 0, frames=True)
        except BaseException:
            await self.aclose()
            raise
        if self.apps.api_keys.may_change:
            self._tasks.spawn(self.apps.api_keys.watch(self._cut_owner))

    def run_started(self, run: RunHandle) -> None:
        """Counts a new run in the metrics, and opens its LiveKit room where LiveKit is set.

        One that an attached client has begun is put into the audit trail here: no request has made it.
        """
        self.apps.metrics.runs.follow(run)
        view = run.view()
        if view.session is not None:
            self.apps.audit.created(run.id, owner=run.owner, address=None, detail=f"attach session {view.session.id}")
        if self.apps.rooms is not None:
            self.apps.rooms.open(run)

    def link_revoked(self, run_id: str, token_id: str) -> None:
        """Cuts the connections of a link that another server has revoked."""
        self.apps.connections.revoke(run_id, token_id)

    async def aclose(self) -> None:
        """Closes every connection, then the ports, and waits; safe to repeat."""
        await self._close_once()

    def _cut_owner(self, owner: str) -> None:
        self.apps.connections.revoke_owner(self.apps.authenticator.owner_identity(owner))

    async def _close(self) -> None:
        await self._tasks.aclose()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self.apps.connections.aclose()
                await self.apps.whep.wait_closed()
        except TimeoutError:
            logger.warning("%d connections did not end in time", len(self.apps.connections))
        if self.apps.rooms is not None:
            await self.apps.rooms.aclose()
        self.apps.frames.close()
        await asyncio.gather(*(listener.aclose() for listener in self._listeners))
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        await self.apps.dispatcher.aclose()

    async def _listen(
        self, app: web.Application, given: Sequence[socket.socket] | None, port: int, *, frames: bool = False
    ) -> int:
        """Serves on the sockets that are given, else on new ones, and returns their port. Raises CannotListen."""
        # No access log: addresses may carry a token. No body is inflated: content encodings are refused.
        runner = web.AppRunner(
            app, access_log=None, logger=HttpLog(logger), shutdown_timeout=_REQUEST_TIMEOUT, auto_decompress=False
        )
        self._runners.append(runner)
        await runner.setup()
        assert runner.server is not None
        host = self._config.host
        try:
            sockets = given if given is not None else await asyncio.to_thread(listen_on, host, port)
        except OSError as error:
            raise CannotListen(error, host=host, port=port, frames=frames) from error
        listener = Listener(
            runner.server,
            self._clients,
            proxies=TrustedProxies(self._config.trusted_proxies),
            tls=self._config.tls,
            handshake_seconds=self._config.limits.header_seconds,
            metrics=self.apps.metrics,
        )
        self._listeners.append(listener)
        return listener.serve(sockets)
