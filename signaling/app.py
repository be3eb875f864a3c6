"""The two web applications, API and frames: their parts and routes, and the middleware of both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Middleware

from signaling.access.api_keys import ApiKeys
from signaling.access.audit import Audit
from signaling.access.authentication import Authenticator
from signaling.access.origins import Origins
from signaling.access.proxies import TrustedProxies
from signaling.access.rate_limits import RateKind, RateLimiter
from signaling.access.share_tokens import ShareTokens
from signaling.access.single_sign_on import SingleSignOn
from signaling.config import Config, Limits
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.registry import ConnectionRegistry
from signaling.connections.slots import ViewerSlots
from signaling.connections.websocket import WebSocketEndpoint
from signaling.http.attach import AttachApi
from signaling.http.audit import AuditApi
from signaling.http.health import Check, Health
from signaling.http.http_connections import HttpConnection
from signaling.http.instructions import InstructionsApi
from signaling.http.openapi import OpenApiPages
from signaling.http.page_log import PageLogApi
from signaling.http.pages import Pages
from signaling.http.rest import RestApi
from signaling.metrics import Metrics
from signaling.ports import Attachments, AuditTrail, Runs, ShareLinks
from signaling.problems import BODY_SECONDS, CODE, Handler, answer_problems, expect_nothing, refuse_encoded
from signaling.watching.frame_server import FrameServer
from signaling.watching.recordings import RecordingApi
from signaling.watching.stream_addresses import StreamAddresses
from signaling.watching.traces import TraceApi, TraceViewer
from signaling.watching.whep import WhepEndpoint

if TYPE_CHECKING:
    from signaling.livekit.rooms import Rooms


@dataclass(frozen=True, kw_only=True)
class Apps:
    """The applications, and those of their parts that the server starts, closes or reports."""

    api: web.Application
    frame_server: web.Application | None
    """None where ``api`` serves frames, too."""
    origins: Origins
    api_keys: ApiKeys
    authenticator: Authenticator
    connections: ConnectionRegistry
    dispatcher: CommandDispatcher
    audit: Audit
    whep: WhepEndpoint
    frames: FrameServer
    metrics: Metrics
    rooms: Rooms | None
    """None without LiveKit."""


def build(
    config: Config,
    *,
    runs: Runs,
    attachments: Attachments | None,
    links: ShareLinks,
    trail: AuditTrail,
    dist: Path,
    trace_viewer: Path | None,
    checks: Mapping[str, Check] | None = None,
) -> Apps:
    """Builds the parts and the applications; nothing is started."""
    metrics = Metrics()
    limits = config.limits
    proxies = TrustedProxies(config.trusted_proxies)
    origins = Origins(config, proxies)
    tokens = ShareTokens(config.secret)
    api_keys = ApiKeys(config.api_keys, file=config.api_keys_file)
    authenticator = Authenticator(
        api_keys=api_keys,
        secret=config.secret,
        tokens=tokens,
        links=links,
        runs=runs,
        rate_limiter=_rate_limiter(limits),
        proxies=proxies,
        origins=origins,
        sign_on=SingleSignOn(config.auth_header, proxies, origins),
    )
    audit = Audit(trail)
    connections = ConnectionRegistry(ViewerSlots(config.limits), metrics, audit)
    dispatcher = CommandDispatcher(metrics, limits, audit)
    stream_addresses = StreamAddresses(config, origins, tokens)
    frames = FrameServer(
        config=config, authenticator=authenticator, connections=connections, audit=audit, metrics=metrics
    )
    whep = WhepEndpoint(
        config=config,
        authenticator=authenticator,
        connections=connections,
        dispatcher=dispatcher,
        stream_addresses=stream_addresses,
    )
    rest = RestApi(
        runs=runs,
        authenticator=authenticator,
        dispatcher=dispatcher,
        stream_addresses=stream_addresses,
        tokens=tokens,
        links=links,
        connections=connections,
        audit=audit,
        limits=limits,
    )
    page_log = PageLogApi(authenticator=authenticator)
    audits = AuditApi(authenticator=authenticator, trail=trail)
    instructions = InstructionsApi(runs=runs, authenticator=authenticator, limits=limits)
    attach = AttachApi(
        attachments=attachments, authenticator=authenticator, stream_addresses=stream_addresses, limits=limits
    )
    recordings = RecordingApi(authenticator=authenticator, connections=connections)
    traces = TraceApi(authenticator=authenticator)
    sockets = WebSocketEndpoint(
        authenticator=authenticator,
        connections=connections,
        dispatcher=dispatcher,
        stream_addresses=stream_addresses,
        limits=limits,
    )
    rooms = _livekit_rooms(config, dispatcher=dispatcher, connections=connections)
    health = Health(metrics, checks or {}, {"livekit": rooms.check} if rooms else {})
    more = (rooms,) if rooms else ()
    endpoints = (rest, page_log, recordings, traces, audits, instructions, attach, sockets, whep, health, *more)
    routes = [route for each in endpoints for route in each.routes()]
    pages = Pages(dist)
    shared = frames.routes() if config.frame_port is None else []
    return Apps(
        api=_application(
            [*routes, *shared, *OpenApiPages().routes(), *TraceViewer(trace_viewer).routes(), *pages.routes()],
            origins,
            metrics,
            limits,
            pages,
        ),
        frame_server=None if config.frame_port is None else _application(frames.routes(), origins, metrics, limits),
        origins=origins,
        api_keys=api_keys,
        authenticator=authenticator,
        connections=connections,
        dispatcher=dispatcher,
        audit=audit,
        whep=whep,
        frames=frames,
        metrics=metrics,
        rooms=rooms,
    )


def _rate_limiter(limits: Limits) -> RateLimiter:
    rates = {RateKind.RUN: limits.run_rate, RateKind.WHEP: limits.whep_rate, RateKind.TOKEN: limits.token_rate}
    return RateLimiter(rates, auth_failures=limits.auth_failure_rate)


def _livekit_rooms(config: Config, *, dispatcher: CommandDispatcher, connections: ConnectionRegistry) -> Rooms | None:
    if config.livekit is None or not config.streaming:
        return None
    from signaling.livekit.rooms import Rooms  # noqa: PLC0415 - needs an extra, and loads a library of 20 MB

    return Rooms(config.livekit, dispatcher=dispatcher, connections=connections, limits=config.limits)


def _application(
    routes: list[web.RouteDef], origins: Origins, metrics: Metrics, limits: Limits, pages: Pages | None = None
) -> web.Application:
    app = web.Application(middlewares=[_outermost(origins, metrics, pages)])
    app[BODY_SECONDS] = limits.body_seconds
    app.add_routes([_unexpecting(route) for route in routes])
    app.on_response_prepare.append(_headers(origins))
    return app


def _unexpecting(route: web.RouteDef) -> web.RouteDef:
    return web.RouteDef(route.method, route.path, route.handler, {**route.kwargs, "expect_handler": expect_nothing})


def _outermost(origins: Origins, metrics: Metrics, pages: Pages | None) -> Middleware:
    """Returns the middleware that checks Origin and Host, answers preflights, and turns errors into problems.

    People who open an address where there is nothing get one of the ``pages`` instead.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        connection = HttpConnection.of(request)
        if connection is not None:
            connection.begin_answer()
        response = await answer_problems(request, _checked(origins, handler))
        if response.status >= 400:
            metrics.refused.labels(str(response.status), response.get(CODE, "")).inc()
        page = await pages.not_found(request) if pages is not None and response.status == 404 else None
        response = page or response
        if connection is not None and not connection.is_known and not request.content.is_eof():
            return await _refuse_rest(request, response, connection)
        return response

    return guard


async def _refuse_rest(
    request: web.Request, response: web.StreamResponse, connection: HttpConnection
) -> web.StreamResponse:
    """Answers somebody who is not known, and reads no more of the body; whatever is returned goes nowhere."""
    response.force_close()
    with suppress(ConnectionError):  # aiohttp finds out by itself
        await response.prepare(request)
        await response.write_eof()
    await connection.end_unread()
    return web.Response(status=499)


def _checked(origins: Origins, handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        preflight = origins.preflight(request)
        if preflight is not None:
            return preflight
        if origins.needs_check(request):
            origins.check(request)
        refuse_encoded(request)
        return await handler(request)

    return checked


def _headers(origins: Origins):  # type: ignore[no-untyped-def]  # noqa: ANN202 - aiohttp's signal type is private
    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(origins.cors(request))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.update(origins.browser_rules(request))
        response.headers["Server"] = "jumpseat"

    return add
