"""The command dispatcher: one parse, one authorization, and each command carried out once."""

from __future__ import annotations

import ast
import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest

from control.protocol import commands as c
from control.protocol.events import Ack, ErrorReply, Reply
from control.roles import LEAST_ROLE, Actor, Role
from signaling.access.audit import Audit
from signaling.access.authentication import Credential, RequestContext
from signaling.config import Limits
from signaling.connections.conversation import Conversation, PointerMoveCoalescer
from signaling.connections.dispatcher import CommandDispatcher, Message
from signaling.metrics import Metrics
from signaling.ports import RunHandle
from tests.control.test_run_table import COMMANDS
from tests.signaling.fakes import FakeAuditTrail, FakeRun
from tests.sources import ROOT, nodes, python_files, tree

EVE = Actor("eve", Role.VIEWER, "Eve")
ADA = Actor("ada", Role.CONTROLLER, "Ada")
MOVE = json.dumps({"type": "input", "kind": "move", "x": 1, "id": "m"})
PING = json.dumps({"type": "ping", "id": "p"})


class CountingDispatcher(CommandDispatcher):
    """Notes what it parses; admits messages only while ``open``."""

    def __init__(self) -> None:
        super().__init__(Metrics(), Limits(), Audit(FakeAuditTrail()))
        self.parsed: list[Message] = []
        self.open = True

    def admit(self, run: RunHandle, sender: str) -> float | None:
        return None if self.open else 1.0

    def parse(self, message: Message) -> c.Command:
        self.parsed.append(message)
        return super().parse(message)


@dataclass
class Replies:
    """Keeps the answers."""

    answers: asyncio.Queue[Reply] = field(default_factory=asyncio.Queue)

    def reply(self, body: Reply) -> None:
        self.answers.put_nowait(body)


@pytest.fixture
def dispatcher() -> CountingDispatcher:
    return CountingDispatcher()


def context(run: FakeRun) -> RequestContext:
    return RequestContext(Credential("ada", None, "ada"), run, ADA)


@pytest.mark.parametrize("name", COMMANDS)
async def test_what_the_role_forbids_never_reaches_the_run(
    name: str, dispatcher: CountingDispatcher, run: FakeRun
) -> None:
    reply = await dispatcher.dispatch(COMMANDS[name].dump() | {"id": "1"}, replace(context(run), actor=EVE))
    allowed = LEAST_ROLE[name] is Role.VIEWER
    assert (isinstance(reply, ErrorReply) and reply.code == "forbidden") is not allowed
    assert [command.type for command, _ in run.submitted] == ([name] if allowed else [])


async def test_an_admitted_message_is_parsed_once(dispatcher: CountingDispatcher, run: FakeRun) -> None:
    replies = Replies()
    conversation = Conversation(context(run), dispatcher, replies, in_flight=1)
    run.slow.clear()
    conversation.on_message(PING)
    conversation.on_message(MOVE)
    refused = await replies.answers.get()
    assert isinstance(refused, ErrorReply)
    assert (refused.id, refused.code) == ("m", "rate_limited")
    run.slow.set()
    assert (await replies.answers.get()).type == "pong"
    assert sorted(map(str, dispatcher.parsed)) == sorted([PING, MOVE])
    await conversation.aclose()


async def test_a_message_over_the_rate_is_parsed_once(dispatcher: CountingDispatcher, run: FakeRun) -> None:
    replies = Replies()
    conversation = Conversation(context(run), dispatcher, replies, in_flight=1)
    dispatcher.open = False
    for message in (PING, MOVE, "garbage"):
        assert conversation.on_message(message) == 1.0
    await run.until_submitted(1)
    ping, move, garbage = [await replies.answers.get() for _ in range(3)]
    assert isinstance(ping, ErrorReply)
    assert isinstance(garbage, ErrorReply)
    assert (ping.id, ping.code) == ("p", "rate_limited")
    assert move == Ack(id="m")
    assert (garbage.id, garbage.code) == (None, "rate_limited")
    assert dispatcher.parsed == [PING, MOVE, "garbage"]
    await conversation.aclose()


async def test_a_move_on_the_lossy_channel_is_parsed_once(dispatcher: CountingDispatcher, run: FakeRun) -> None:
    moves = PointerMoveCoalescer(context(run), dispatcher)
    run.slow.clear()
    moves.put(MOVE)
    await run.until_submitted(1)
    moves.put("never looked at")
    newest = json.dumps({"type": "input", "kind": "move", "x": 2})
    moves.put(newest)
    run.slow.set()
    await run.until_submitted(2)
    assert dispatcher.parsed == [MOVE, newest]
    await moves.aclose()


def test_commands_are_parsed_and_authorized_in_one_place() -> None:
    places: dict[str, set[str]] = {}
    for path in python_files("control", "runner", "signaling", "jumpseat"):
        for node in nodes(tree(path)):
            match node:
                case ast.Call(func=ast.Name(id="authorize")):
                    places.setdefault("authorize", set()).add(path.relative_to(ROOT).as_posix())
                case ast.ImportFrom(module="control.protocol.commands", names=names):
                    for name in {each.name for each in names} & {"parse", "from_object"}:
                        places.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
                case ast.Attribute(value=ast.Name(id="c"), attr="parse" | "from_object" as name):
                    places.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    here = {"signaling/connections/dispatcher.py"}
    assert places == {"authorize": here, "parse": here, "from_object": here}
