"""Events and commands on the WebSocket and on the data channel, through the one dispatcher."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import aiohttp
import pytest

from control.protocol.events import StreamAvailable
from signaling.config import Limits
from signaling.connections import websocket as sockets
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, CONFIG, WAIT_SECONDS, ServerHarness

COMMANDS: list[dict[str, Any]] = [
    {"type": "pause"},
    {"type": "resume"},
    {"type": "step"},
    {"type": "cancel"},
    {"type": "step_override", "action": {"type": "reload"}},
    {"type": "skip_step"},
    {"type": "approve_step"},
    {"type": "update_instructions", "instructions": "Go on"},
    {"type": "take_control"},
    {"type": "release_control"},
    {"type": "input", "kind": "move", "x": 1, "y": 2},
    {"type": "pick", "x": 1, "y": 2},
    {"type": "answer_dialog", "dialogId": "d", "accept": True},
    {"type": "ping", "t": 1},
    {"type": "replay_step", "stepNumber": 1},
]
FOR_EVERYBODY = {"ping", "replay_step"}
TRANSPORTS = ["websocket", "datachannel", "rest"]


class ControlClient(Protocol):
    async def ask(self, **message: object) -> dict[str, Any]: ...


class RestClient:
    def __init__(self, harness: ServerHarness, run: FakeRun, token: str) -> None:
        self._house = harness
        self._path = f"/api/tests/{run.id}/commands"
        self._token = token

    async def ask(self, **message: object) -> dict[str, Any]:
        _, answer = await self._house.call("POST", self._path, token=self._token, body=message)
        return dict(answer)


@asynccontextmanager
async def client(harness: ServerHarness, run: FakeRun, token: str, transport: str) -> AsyncIterator[ControlClient]:
    if transport == "rest":
        yield RestClient(harness, run, token)
    elif transport == "websocket":
        async with harness.socket(run, token=token) as socket:
            yield socket
    else:
        async with harness.peer(run, token=token) as peer:
            await peer.until("hello")
            yield peer


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("role", ["viewer", "controller", "owner"])
async def test_every_role_sends_every_command(harness: ServerHarness, role: str, transport: str) -> None:
    run = await harness.new_run()
    async with client(harness, run, await harness.token(run, role), transport) as sender:
        for number, command in enumerate(COMMANDS):
            await sender.ask(**command, id=str(number))
            answer = await sender.ask(**command, id=f"{number} again")
            forbidden = role == "viewer" and command["type"] not in FOR_EVERYBODY
            assert (answer.get("code") == "forbidden") is forbidden, (command, answer)
    reached = {command.type for command, _ in run.submitted}
    assert reached == (FOR_EVERYBODY if role == "viewer" else {command["type"] for command in COMMANDS})


@pytest.mark.parametrize("transport", ["websocket", "datachannel"])
async def test_hello_comes_first_and_says_who_one_is(harness: ServerHarness, run: FakeRun, transport: str) -> None:
    token = await harness.token(run, "controller")
    if transport == "websocket":
        async with harness.socket(run, token=token) as socket:
            hello = await socket.next()
    else:
        async with harness.peer(run, token=token) as peer:
            hello = await asyncio.wait_for(peer.messages.get(), WAIT_SECONDS)
    assert hello["type"] == "hello"
    assert (hello["role"], hello["protocol"], hello["runId"]) == ("controller", 1, run.id)
    assert hello["run"]["viewers"] == 1
    assert run.joined == run.left == [hello["viewerId"]] or run.joined == [hello["viewerId"]]
    assert hello["seq"] == 3


async def test_one_who_comes_back_gets_what_was_missed_and_nothing_else(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.socket(run) as socket:
        seq = (await socket.next())["seq"]
    for text in "abc":
        run.say(text)
    async with harness.socket(run, since=seq) as socket:
        run.say("d")
        messages = [await socket.next() for _ in range(6)]
    assert [message["seq"] for message in messages] == list(range(seq + 1, seq + 7))
    assert [message.get("title") for message in messages if message["type"] == "page_changed"] == list("abcd")


@pytest.mark.parametrize("since", [0, 10_000])
async def test_where_events_are_gone_a_hello_comes_instead(harness: ServerHarness, run: FakeRun, since: int) -> None:
    for number in range(2100):
        run.say(str(number))
    async with harness.socket(run, since=since) as socket:
        assert (await socket.next())["type"] == "hello"


async def test_all_viewers_get_the_same_events_in_the_same_order(harness: ServerHarness, run: FakeRun) -> None:
    async with (
        harness.socket(run) as first,
        harness.socket(run, token=await harness.token(run, "viewer")) as second,
        harness.peer(run) as third,
    ):
        received: list[list[dict[str, Any]]] = []
        await third.until("hello")
        for number in range(50):
            await first.send(type="pause" if number % 2 else "resume", id=str(number))
            run.say(str(number))
        for each in (first, second):
            received.append(await _until_title(each.next, "49"))
        received.append(await _until_title(third.messages.get, "49"))
    replies = {"hello", "ack", "error"}
    orders = [
        [(message["seq"], message["type"]) for message in every if message["type"] not in replies] for every in received
    ]
    shared = orders[2]
    assert len(shared) >= 50
    assert orders[0][-len(shared) :] == orders[1][-len(shared) :] == shared
    assert [seq for seq, _ in shared] == list(range(shared[0][0], shared[-1][0] + 1))
    assert all(a["seq"] <= b["seq"] for a, b in zip(received[0], received[0][1:], strict=False))


async def _until_title(receive: Any, title: str) -> list[dict[str, Any]]:  # noqa: ANN401 - a coroutine function
    messages = [await receive()]
    while messages[-1].get("title") != title:
        messages.append(await asyncio.wait_for(receive(), WAIT_SECONDS))
    return messages


async def test_a_command_that_comes_twice_is_done_once_whatever_it_comes_by(
    harness: ServerHarness, run: FakeRun
) -> None:
    async with harness.socket(run, client="me") as socket:
        assert (await socket.ask(type="pause", id="x"))["type"] == "ack"
        assert (await socket.ask(type="pause", id="x"))["type"] == "ack"
        assert (await socket.ask(type="pause", id="y"))["type"] == "error"
        path = f"/api/tests/{run.id}/commands"
        status, answer = await harness.call("POST", f"{path}?client=me", body={"type": "pause", "id": "x"})
        assert (status, answer["type"]) == (200, "ack")
        status, _ = await harness.call("POST", f"{path}?client=you", body={"type": "pause", "id": "x"})
        assert status == 409
    assert [command.type for command, _ in run.submitted] == ["pause", "pause", "pause"]


async def test_a_repeat_while_the_first_is_under_way_waits_for_its_answer(harness: ServerHarness, run: FakeRun) -> None:
    run.slow.clear()
    async with harness.socket(run, client="me") as first:
        await first.until("hello")
        await first.send(type="pause", id="x")
        await run.until_submitted(1)
    async with harness.socket(run, client="me") as second:
        await second.until("hello")
        await second.send(type="pause", id="x")
        await second.send(type="ping", id="p")
        await run.until_submitted(2)
        run.slow.set()
        answers = {(await second.until("ack"))["id"], (await second.until("pong"))["id"]}
    assert answers == {"x", "p"}
    assert run.view().paused
    assert len(run.submitted) == 2


async def test_one_person_on_two_transports_is_one_viewer(harness: ServerHarness, run: FakeRun) -> None:
    token = await harness.token(run, "controller")
    async with (
        harness.socket(run, token=token, client="me") as first,
        harness.socket(run, token=token, client="me") as second,
    ):
        one, two = await first.until("hello"), await second.until("hello")
        assert one["viewerId"] == two["viewerId"]
        assert two["run"]["viewers"] == 1
        viewer_token = (await harness.call("GET", f"/api/tests/{run.id}/stream", token=token))[1]["viewerToken"]
        async with harness.socket(run, token=viewer_token, client="me") as derived:
            hello = await derived.until("hello")
            assert (hello["viewerId"], hello["role"]) == (one["viewerId"], "viewer")
        async with harness.socket(run, token=await harness.token(run, "controller"), client="me") as third:
            assert (await third.until("hello"))["viewerId"] != one["viewerId"]
        async with harness.socket(run, token=token) as fourth, harness.socket(run, token=token) as fifth:
            ids = {(await each.until("hello"))["viewerId"] for each in (first, fourth, fifth) if each is not first}
            assert len(ids | {one["viewerId"]}) == 3


class Bad(NamedTuple):
    text: str
    code: str
    field: str | None


@pytest.mark.parametrize(
    "bad",
    [
        Bad("{", "invalid", None),
        Bad("[]", "invalid", None),
        Bad('{"type": "fly"}', "invalid", "type"),
        Bad('{"type": "step_override", "action": {"type": "click"}}', "invalid", "action.selector"),
        Bad(json.dumps({"type": "ping", "t": "x" * 65536}), "too_large", None),
    ],
    ids=lambda bad: bad.text[:30],
)
@pytest.mark.parametrize("transport", ["websocket", "datachannel"])
async def test_what_cannot_be_read_gets_an_error_and_the_connection_lives_on(
    harness: ServerHarness, run: FakeRun, transport: str, bad: Bad
) -> None:
    if transport == "websocket":
        async with harness.socket(run) as socket:
            await socket.ws.send_str(bad.text)
            error = await socket.until("error")
            assert (await socket.ask(type="ping", id="1"))["type"] == "pong"
    else:
        async with harness.peer(run) as peer:
            await peer.until("hello")
            peer.control.send(bad.text)
            error = await peer.until("error")
            assert (await peer.ask(type="ping", id="1"))["type"] == "pong"
    assert (error["code"], error["field"]) == (bad.code, bad.field)


async def test_an_error_carries_the_id_where_it_could_be_read(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.socket(run) as socket:
        assert (await socket.ask(type="replay_step", id="1"))["code"] == "invalid"
        assert (await socket.ask(type="replay_step", stepNumber=7, id="2"))["code"] == "not_found"


async def test_a_plain_command_without_an_id_is_not_acknowledged(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.socket(run) as socket:
        await socket.until("hello")
        await socket.send(type="pause")
        await socket.send(type="ping", t=1)
        types = [(await socket.next())["type"] for _ in range(2)]
    assert types == ["run_state", "pong"]


async def test_a_slow_command_does_not_hold_up_a_pause(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.socket(run) as socket:
        run.slow.clear()
        await socket.send(type="pick", x=1, y=1, id="slow")
        await run.until_submitted(1)
        await socket.send(type="pause", id="p")
        await run.until_submitted(2)
        run.slow.set()
        assert (await socket.until("ack"))["id"] == "p"


@pytest.mark.slow
async def test_a_viewer_that_answers_no_ping_is_gone_within_ten_seconds(harness: ServerHarness, run: FakeRun) -> None:
    """Where the machine is not late: a pong has half the time between two pings (aiohttp)."""
    assert 1.5 * sockets._HEARTBEAT < 10
    url = f"{harness.url}/ws/test-control?runId={run.id}&token={ADA}"
    async with harness.http.ws_connect(url, autoping=False):
        await run.until(lambda: bool(run.left))


async def test_moves_on_their_own_channel_are_carried_out_and_nothing_else_is(
    harness: ServerHarness, run: FakeRun
) -> None:
    async with harness.peer(run) as peer:
        await peer.until("hello")
        assert (await peer.ask(type="take_control", id="t"))["type"] == "ack"
        for message in (
            {"type": "pause"},
            {"type": "input", "kind": "down"},
            {"type": "input", "kind": "move", "x": 7},
        ):
            peer.input.send(json.dumps(message))
        await run.until_submitted(2)
        peer.input.send("garbage")
        peer.input.send(json.dumps({"type": "input", "kind": "move", "x": 8}))
        await run.until_submitted(3)
    sent = [(command.type, getattr(command, "x", None)) for command, _ in run.submitted]
    assert sent == [("take_control", None), ("input", 7), ("input", 8)]


async def test_stream_available_tells_each_viewer_their_own_addresses(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.socket(run) as socket, harness.peer(run) as peer:
        await peer.until("hello")
        run.log.append(StreamAvailable())
        for received in (await socket.until("stream_available"), await peer.until("stream_available")):
            assert received["streamUrl"] == f"{harness.frames_url}/stream/{run.id}"
            assert received["whepUrl"] == f"{harness.url}/whep/{run.id}"
            assert (received["livekitUrl"], received["token"]) == (None, None)


async def test_a_viewer_too_slow_is_cut_off_and_can_come_back() -> None:
    async with ServerHarness(replace(CONFIG, limits=Limits(backlog=50))) as harness:
        run = await harness.new_run()
        async with harness.socket(run) as socket:
            seq = (await socket.next())["seq"]
            for number in range(60):
                run.say(str(number))
            assert await socket.close_code() == 1013
        async with harness.socket(run, since=seq) as socket:
            assert (await socket.next())["seq"] == seq + 1


async def test_no_more_people_than_there_may_be() -> None:
    async with ServerHarness(replace(CONFIG, limits=Limits(max_viewers=1, max_connections=2))) as harness:
        run = await harness.new_run()
        token = await harness.token(run, "viewer")
        async with harness.socket(run, token=token, client="me"), harness.socket(run, token=token, client="me"):
            for client_key in ("you", "me"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    async with harness.socket(run, token=token, client=client_key):
                        pass
                assert refused.value.status == 503
                assert refused.value.headers is not None
                assert "Retry-After" in refused.value.headers


@pytest.mark.parametrize(
    ("query", "status"), [("", 422), ("runId=x", 404), ("runId={id}&since=x", 422), ("runId={id}", 426)]
)
async def test_what_is_no_websocket_for_a_run_is_refused(
    harness: ServerHarness, run: FakeRun, query: str, status: int
) -> None:
    assert (await harness.call("GET", f"/ws/test-control?{query.format(id=run.id)}"))[0] == status


async def test_joining_and_leaving_are_paired(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.socket(run, token=ADA, client="me") as socket:
        viewer = (await socket.until("hello"))["viewerId"]
        assert run.view().viewers == 1
    await run.until(lambda: run.view().viewers == 0)
    assert (run.joined, run.left) == ([viewer], [viewer])
    assert len(harness.server.apps.connections) == 0
