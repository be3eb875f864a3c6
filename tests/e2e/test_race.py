"""Three controllers at once, on two WebSockets and a data channel: one order for all, an answer for every command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.chromium import WhepViewer
from tests.served import WAIT_SECONDS, Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

Message = dict[str, Any]


class Seat(Protocol):
    """One controller's connection."""

    async def send(self, commands: Sequence[Message]) -> None:
        """All of them at once, without waiting for answers."""

    async def heard(self, *, until: str) -> list[Message]:
        """Everything that came, in order, up to the answer to the command of this id."""


class Socket:
    """On a WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._messages: list[Message] = []

    async def send(self, commands: Sequence[Message]) -> None:
        for command in commands:
            await self._socket.send_json(command)

    async def heard(self, *, until: str) -> list[Message]:
        async with asyncio.timeout(WAIT_SECONDS):
            while not any(message.get("id") == until for message in self._messages):
                self._messages.append(await self._socket.receive_json())
        return self._messages


class Channel:
    """On the data channel of a WHEP session, in Chromium."""

    def __init__(self, viewer: WhepViewer) -> None:
        self._viewer = viewer

    async def send(self, commands: Sequence[Message]) -> None:
        send = "commands => commands.forEach((each) => viewer.control.send(JSON.stringify(each)))"
        await self._viewer.page.evaluate(send, list(commands))

    async def heard(self, *, until: str) -> list[Message]:
        await self._viewer.wait(f"v.messages.some((m) => m.id === '{until}')")
        messages: list[Message] = await self._viewer.ask("v.messages")
        return messages


@asynccontextmanager
async def seats(server: Served, browser: Browser, run_id: str) -> AsyncIterator[list[Seat]]:
    """Two WebSockets and a data channel, each of a controller of its own."""
    async with AsyncExitStack() as stack:
        viewer = await WhepViewer.watch(browser, server.api, run_id, token=server.key)
        stack.push_async_callback(viewer.page.close)
        await viewer.wait("v.messages.some((m) => m.type === 'hello')")
        url = f"{server.api}/ws/test-control?runId={run_id}"
        sockets = [await stack.enter_async_context(server.http.ws_connect(url)) for _ in range(2)]
        yield [*(Socket(socket) for socket in sockets), Channel(viewer)]


@pytest_asyncio.fixture(loop_scope="session")
async def run_id(server: Served) -> AsyncIterator[str]:
    """A run that shows a page and waits for approval."""
    body = {"url": "/timecode.html", "steps": [{"type": "wait", "value": 1}], "mode": "review"}
    run_id = (await server.create(body))["id"]
    await server.until(run_id, lambda message: message["type"] == "step_proposed")
    yield run_id
    await server.cancel(run_id)


async def all_at_once(controllers: Sequence[Seat], *commands: Sequence[Message]) -> list[str | None]:
    """Each sends its commands; the error code, None for an ack, of each one's last."""
    pairs = list(zip(controllers, commands, strict=True))
    await asyncio.gather(*(seat.send(each) for seat, each in pairs))
    heard = await asyncio.gather(*(seat.heard(until=each[-1]["id"]) for seat, each in pairs))
    codes = []
    for (_, each), messages in zip(pairs, heard, strict=True):
        asked = [command["id"] for command in each]
        answers = [message for message in messages if message.get("id") in asked]
        assert [answer["id"] for answer in answers] == asked, "one answer for each, in the order of the commands"
        assert {answer["type"] for answer in answers} <= {"ack", "error"}
        codes.append(answers[-1].get("code"))
    return codes


def events(messages: Sequence[Message], *types: str) -> list[tuple[int, str]]:
    """Number and content of the events of these types."""
    fields = ("type", "holder", "action")
    return [
        (message["seq"], str({field: message.get(field) for field in fields}))
        for message in messages
        if message["type"] in types
    ]


async def the_same_for_all(controllers: Sequence[Seat], *types: str) -> list[tuple[int, str]]:
    """What each has heard of these types by now, which is one and the same."""
    for seat in controllers:
        await seat.send([{"type": "ping", "id": "end"}])
    heard = [await seat.heard(until="end") for seat in controllers]
    first, second, third = (events(messages, *types) for messages in heard)
    assert first == second == third
    return first


async def test_control_is_held_by_one_at_a_time(server: Served, viewer_browser: Browser, run_id: str) -> None:
    rounds = 5
    async with seats(server, viewer_browser, run_id) as controllers:
        for number in range(rounds):
            taken = await all_at_once(controllers, *[[{"type": "take_control", "id": f"take-{number}"}]] * 3)
            released = await all_at_once(controllers, *[[{"type": "release_control", "id": f"release-{number}"}]] * 3)
            assert sorted(map(str, taken)) == ["None", "control_held", "control_held"]
            assert sorted(map(str, released)) == ["None", "not_holder", "not_holder"]
            assert taken.index(None) == released.index(None), "who has it lets it go"
        changes = await the_same_for_all(controllers, "control_changed")
        assert ["viewerId" in change for _, change in changes] == [True, False] * rounds


async def test_overrides_are_done_once_each_in_the_order_that_all_are_told(
    server: Served, viewer_browser: Browser, run_id: str
) -> None:
    async with seats(server, viewer_browser, run_id) as controllers:
        assert (await server.post(f"/api/tests/{run_id}/pause"))[0] == 202
        commands = [
            [override(f"{who}-{number}", milliseconds=10 * who + number) for number in range(1, 5)] for who in range(3)
        ]
        assert await all_at_once(controllers, *commands) == [None] * 3
        queued = await the_same_for_all(controllers, "step_override_queued")
        assert len(queued) == 12
        assert (await server.post(f"/api/tests/{run_id}/resume"))[0] == 202
        told = await server.until(run_id, lambda message: passed(message) == 12)
        asked = [message["action"]["value"] for message in told if message["type"] == "step_override_queued"]
        done = [message["step"]["fullAction"]["value"] for message in told if passed(message)]
        assert sorted(asked) == [10 * who + number for who in range(3) for number in range(1, 5)]
        assert list(dict.fromkeys(done)) == asked
        for who in range(3):
            mine = [value for value in asked if value // 10 == who]
            assert mine == sorted(mine), "each one's own order is kept"


def override(id: str, *, milliseconds: int) -> Message:
    """One that can be told from the others."""
    return {"type": "step_override", "id": id, "action": {"type": "wait", "value": milliseconds}}


def passed(message: Message) -> int:
    """The number of the step that has passed; 0 for anything else."""
    over = message["type"] == "test_step" and message["step"]["status"] == "passed"
    return int(message["step"]["stepNumber"]) if over else 0
