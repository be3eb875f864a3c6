"""The WebSocket ``/ws/test-control``: events and commands of one run (RFC 6455)."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import WSMsgType, web

from signaling.access.authentication import Authenticator, RequestContext
from signaling.access.share_tokens import Purpose
from signaling.config import Limits
from signaling.connections.connection import CloseReason, CloseSignal
from signaling.connections.conversation import Conversation
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.feed import Feed
from signaling.connections.registry import ConnectionRegistry
from signaling.problems import Problem
from signaling.watching.stream_addresses import StreamAddresses

logger = logging.getLogger(__name__)

SUBPROTOCOL = "jumpseat.control"
"""To be offered beside one that has the credential: a server chooses one of those that were offered."""
_HEARTBEAT = 5.0
"""Seconds between pings; aiohttp gives a pong half of that, so a viewer that has vanished is found within 7.5 s."""
_MAX_READ_PAUSE = 0.05
"""Seconds for which a socket that sends too much is not read, at most: its pongs have to be read."""
_CLOSE_TIMEOUT = 2.0
"""Seconds that a viewer gets to take the close frame."""


class WebSocketEndpoint:
    """Serves the control WebSocket."""

    def __init__(
        self,
        *,
        authenticator: Authenticator,
        connections: ConnectionRegistry,
        dispatcher: CommandDispatcher,
        stream_addresses: StreamAddresses,
        limits: Limits,
    ) -> None:
        self._authenticator = authenticator
        self._connections = connections
        self._dispatcher = dispatcher
        self._stream_addresses = stream_addresses
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/test-control", self.control)]

    async def control(self, request: web.Request) -> web.StreamResponse:
        """Serves one WebSocket until either side closes it. Raises Problem 401, 404, 422, 426, 503."""
        run_id = request.query.get("runId")
        if not run_id:
            raise Problem(422, "say which run: ?runId=…", code="invalid", errors=[_missing("runId")])
        since = _since(request)
        context = await self._authenticator.authorize(request, run_id, opens=Purpose.WATCH)
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT,
            max_msg_size=self._limits.socket_bytes,
            timeout=_CLOSE_TIMEOUT,
            compress=False,
            protocols=(SUBPROTOCOL,),
        )
        if not socket.can_prepare(request):
            raise Problem(426, "this address speaks WebSocket", headers={"Upgrade": "websocket"})
        close_signal = CloseSignal()
        with self._connections.open(context, "websocket", close_signal.set):
            await socket.prepare(request)
            await self._serve(request, socket, context, since, close_signal)
        return socket

    async def _serve(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        context: RequestContext,
        since: int | None,
        close_signal: CloseSignal,
    ) -> None:
        feed = Feed(
            context,
            personalize=self._stream_addresses.personalizer(request, context),
            since=since,
            backlog=self._limits.backlog,
            on_overflow=lambda: close_signal.set(CloseReason.TOO_SLOW),
        )
        conversation = Conversation(context, self._dispatcher, feed, in_flight=self._limits.in_flight)
        try:
            await close_signal.run_until_set(_read(socket, conversation), _write(socket, feed))
        finally:
            feed.close()
            await conversation.aclose()
        await _end(request, socket, close_signal.reason)


async def _read(socket: web.WebSocketResponse, conversation: Conversation) -> None:
    async for message in socket:
        if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            # A socket that is not read holds its sender back.
            await asyncio.sleep(min(conversation.on_message(message.data), _MAX_READ_PAUSE))


async def _write(socket: web.WebSocketResponse, feed: Feed) -> None:
    try:
        while True:
            await socket.send_str(await feed.next())
    except ConnectionError:
        logger.debug("the viewer has gone while a message was being sent to it")


async def _end(request: web.Request, socket: web.WebSocketResponse, reason: CloseReason | None) -> None:
    """Sends the close frame (RFC 6455 §5.5.1), and aborts the transport of a viewer that does not take it."""
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT):
            if reason is not None:
                await socket.close(code=reason.code, message=reason.text.encode())
            else:
                await socket.close()
    except (TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()


def _since(request: web.Request) -> int | None:
    text = request.query.get("since")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        error = {"field": "since", "message": "give the number of the last event that you know"}
        raise Problem(422, f"since: {error['message']}", code="invalid", errors=[error])
    return int(text)


def _missing(field: str) -> dict[str, str | None]:
    return {"field": field, "message": "is missing"}
