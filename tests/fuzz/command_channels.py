"""The doors through which control messages come, each with what came back for one message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from control.protocol import commands as c
from control.protocol.events import Reply
from control.protocol.models import NewRun
from control.roles import Actor, Role
from media.livekit.publisher import RoomPacket
from signaling.access.authentication import Credential, RequestContext
from signaling.access.rate import Rate
from signaling.config import Limits
from signaling.livekit.participant import CONTROL, ParticipantConnection
from tests.media.pictures import put, quarters
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, CONFIG, WAIT_SECONDS, ControlSocket, ServerHarness, WhepPeer, auth

Sent = str | bytes
Exchange = Callable[[Sent], Awaitable[list[dict[str, Any]]]]
"""Sends one message and returns everything that came until a message sent after it was answered."""

_ANY_RATE = Rate(1_000_000, 1)
UNLIMITED = Limits(
    max_viewers=10_000,
    max_connections=1000,
    in_flight=100_000,
    run_rate=_ANY_RATE,
    whep_rate=_ANY_RATE,
    token_rate=_ANY_RATE,
    auth_failure_rate=_ANY_RATE,
    message_rate=_ANY_RATE,
)
"""So that it is the input that is refused, and not its amount."""
UNLIMITED_CONFIG = replace(CONFIG, limits=UNLIMITED)


class EndlessRun(FakeRun):
    """A run that is never over: to cancel it is taken for done."""

    async def submit(self, command: c.Command, actor: Actor) -> Reply | None:
        return None if isinstance(command, c.Cancel) else await super().submit(command, actor)


def endless_run(harness: ServerHarness) -> EndlessRun:
    """Ada's, with one picture."""
    run = EndlessRun(NewRun(url="http://shop.test/"), owner="ada")
    harness.runs.all[run.id] = run
    run.open()
    put(run.latest, quarters(64, 48))
    return run


@asynccontextmanager
async def by_socket(harness: ServerHarness, run: FakeRun) -> AsyncIterator[Exchange]:
    async with harness.socket(run) as socket:
        yield _over_socket(socket)


def _over_socket(socket: ControlSocket) -> Exchange:
    numbers = count()

    async def exchange(message: Sent) -> list[dict[str, Any]]:
        # Text that is not UTF-8 has to end a WebSocket (RFC 6455 §8.1); as bytes it is only wrong.
        if isinstance(message, str) and _is_unicode(message):
            await socket.ws.send_str(message)
        else:
            await socket.ws.send_bytes(as_bytes(message))
        mark = f"mark {next(numbers)}"
        await socket.send(type="ping", id=mark)
        return await _collect(socket.next, mark)

    return exchange


@asynccontextmanager
async def by_channel(harness: ServerHarness, run: FakeRun) -> AsyncIterator[Exchange]:
    async with harness.peer(run) as peer:
        await peer.until("hello")
        yield _over_channel(peer)


def _over_channel(peer: WhepPeer) -> Exchange:
    numbers = count()

    async def receive() -> dict[str, Any]:
        return await asyncio.wait_for(peer.messages.get(), WAIT_SECONDS)

    async def exchange(message: Sent) -> list[dict[str, Any]]:
        peer.control.send(message if isinstance(message, str) and _is_unicode(message) else as_bytes(message))
        mark = f"mark {next(numbers)}"
        peer.control.send(json.dumps({"type": "ping", "id": mark}))
        return await _collect(receive, mark)

    return exchange


@asynccontextmanager
async def by_livekit(harness: ServerHarness, run: FakeRun) -> AsyncIterator[Exchange]:
    """What a LiveKit room does with a packet, without the room."""
    apps, came = harness.server.apps, asyncio.Queue[dict[str, Any]]()
    context = RequestContext(Credential("ada", None, "ada"), run, Actor("ada at LiveKit", Role.OWNER, "ada"))
    participant = ParticipantConnection(
        "session",
        apps.connections.open(context, "livekit", lambda _: None, takes_slot=False),
        dispatcher=apps.dispatcher,
        limits=UNLIMITED,
        send=lambda data: came.put_nowait(json.loads(data)),
    )
    numbers = count()

    async def exchange(message: Sent) -> list[dict[str, Any]]:
        mark = f"mark {next(numbers)}"
        for data in (as_bytes(message), json.dumps({"type": "ping", "id": mark}).encode()):
            participant.on_packet(RoomPacket("ada at LiveKit", data, CONTROL, lossy=False))
        return await _collect(lambda: asyncio.wait_for(came.get(), WAIT_SECONDS), mark)

    try:
        yield exchange
    finally:
        await participant.aclose()


@asynccontextmanager
async def by_rest(harness: ServerHarness, run: FakeRun) -> AsyncIterator[Exchange]:
    async def exchange(message: Sent) -> list[dict[str, Any]]:
        url = f"{harness.url}/api/tests/{run.id}/commands"
        headers = auth(ADA) | {"Content-Type": "application/json"}
        async with harness.http.post(url, data=as_bytes(message), headers=headers) as response:
            answer = json.loads(await response.text())
            assert 200 <= response.status < 500, answer
            if response.status == 200:
                return [answer]
            assert response.content_type == "application/problem+json"
            return [{"type": "error", "code": answer["code"], "message": answer["detail"]}]

    yield exchange


def as_bytes(message: Sent) -> bytes:
    return message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)


async def _collect(receive: Callable[[], Awaitable[dict[str, Any]]], mark: str) -> list[dict[str, Any]]:
    found = []
    while (message := await receive()).get("id") != mark:
        found.append(message)
    return found
