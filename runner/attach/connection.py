"""One client's connection: its messages are passed on to a browser of ours, and its contexts' calls through gates."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSCloseCode, WSMsgType
from aiohttp.web import WebSocketResponse

from media.aio import TaskSet
from runner.attach.calls import STEPS
from runner.attach.gate import Gate
from runner.attach.targets import Targets
from runner.attach.wire import (
    Abort,
    Answer,
    BrokenMessage,
    Call,
    ClientWire,
    ContextClosed,
    ContextOpened,
    PageOpened,
)
from runner.browser.locate import ENGINES

logger = logging.getLogger(__name__)

_SELECTOR_ENGINES = [{"name": name, "source": source, "contentScript": True} for name, source in ENGINES.items()]


class ClientConnection:
    """Pumps messages both ways until either side ends; ``on_context`` is called with each context and its gate."""

    def __init__(
        self,
        client: WebSocketResponse,
        server: ClientWebSocketResponse,
        *,
        on_context: Callable[[str, Gate], None],
        on_context_closed: Callable[[str], None],
        on_target: Callable[[str, str, str], None] | None = None,
    ) -> None:
        """``on_target`` is called with each page's context, the page itself and its target, where that is asked for."""
        self._client = client
        self._server = server
        self._on_context = on_context
        self._on_context_closed = on_context_closed
        self._wire = ClientWire(steps=STEPS, selector_engines=_SELECTOR_ENGINES)
        self._gates: dict[str, Gate] = {}
        self._closing = TaskSet(logger)
        self._targets = Targets(self._to_server, on_target) if on_target is not None else None

    async def run(self) -> None:
        """Returns once the connection is over, with every context closed."""
        pumps = [asyncio.ensure_future(self._from_client()), asyncio.ensure_future(self._from_server())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for guid in tuple(self._gates):
                self._close_context(guid)
            await self._closing.join()
            await self._closing.aclose()

    async def _from_client(self) -> None:
        async for message in self._client:
            if message.type is WSMsgType.TEXT:
                try:
                    text, wanted = self._wire.from_client(message.data)
                except BrokenMessage as broken:
                    await self._client.close(code=WSCloseCode.INVALID_TEXT, message=str(broken).encode())
                    return
                if not await self._taken(wanted, text):
                    await self._to_server(text)

    async def _taken(self, wanted: Call | Abort | None, text: str) -> bool:
        """Returns whether a gate has taken the client's message, which is then not sent on by itself."""
        match wanted:
            case Call() as call if gate := self._gates.get(call.context):
                await gate.arrive(call, text)
                return True
            case Abort() as abort:
                return any([await gate.abort(abort) for gate in tuple(self._gates.values())])
        return False

    async def _from_server(self) -> None:
        async for message in self._server:
            if message.type is not WSMsgType.TEXT:
                continue
            text = message.data
            if self._targets is not None and await self._targets.take(text):
                continue
            match self._wire.from_server(text):
                case Answer() as answer:
                    await self._answered(answer, text)
                    continue
                case ContextOpened(guid):
                    gate = Gate(self._wire, to_server=self._to_server, to_client=self._to_client)
                    self._gates[guid] = gate
                    self._on_context(guid, gate)
                case ContextClosed(guid):
                    self._close_context(guid)
                case PageOpened(guid, context) if self._targets is not None:
                    await self._targets.ask(context, guid)
            await self._to_client(text)

    async def _answered(self, answer: Answer, text: str) -> None:
        for gate in self._gates.values():
            if gate.awaits(answer.id):
                await gate.answered(answer, text)
                return
        await self._to_client(text)

    def _close_context(self, guid: str) -> None:
        gate = self._gates.pop(guid, None)
        if gate is not None:
            self._closing.spawn(gate.aclose())
            self._on_context_closed(guid)

    async def _to_server(self, text: str) -> None:
        with suppress(ConnectionError, ClientError):
            await self._server.send_str(text)

    async def _to_client(self, text: str) -> None:
        with suppress(ConnectionError, ClientError):
            await self._client.send_str(text)


async def connect(session: ClientSession, endpoint: str, headers: dict[str, str]) -> ClientWebSocketResponse:
    """Returns a connection to a browser that is bound to ``endpoint``, as the client would have made it."""
    # Neither side is far away: to compress would only take time.
    return await session.ws_connect(endpoint, headers=headers, max_msg_size=0, compress=0, autoping=True)
