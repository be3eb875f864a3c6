"""One participant of a LiveKit room: a connection of a viewer, with control messages on data topics."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from control.errors import TooLarge
from control.protocol.events import Ack, ErrorReply, Reply
from media.livekit.publisher import MESSAGE_BYTES, RoomPacket
from signaling.config import Limits
from signaling.connections.connection import Connection
from signaling.connections.conversation import Conversation, PointerMoveCoalescer
from signaling.connections.dispatcher import CommandDispatcher

CONTROL, INPUT = "test-control", "test-input"
"""Data topics: control messages, and pointer moves that may be lost."""


class ParticipantConnection:
    """Takes one participant's messages and answers them; the room sends them the run's events."""

    def __init__(
        self,
        session: str,
        connection: Connection,
        *,
        dispatcher: CommandDispatcher,
        limits: Limits,
        send: Callable[[bytes], None],
    ) -> None:
        self.session = session
        self.connection = connection
        self._send = send
        self._hello_sent = False
        self._conversation = Conversation(connection.context, dispatcher, self, in_flight=limits.in_flight)
        self._moves = PointerMoveCoalescer(connection.context, dispatcher)

    def send_hello(self) -> None:
        """Sends `Hello`, once; without steps and plan where they would not fit into a message."""
        if self._hello_sent:
            return
        self._hello_sent = True
        context = self.connection.context
        hello = context.run.hello(context.actor)
        if len(pack(context.run.log.reply(hello))) > MESSAGE_BYTES:
            hello = hello.model_copy(update={"run": hello.run.model_copy(update={"steps": (), "plan": None})})
        self.reply(hello)

    def on_packet(self, packet: RoomPacket) -> None:
        if packet.topic == INPUT or (packet.topic == CONTROL and packet.lossy):
            self._moves.put(packet.data)
        elif packet.topic == CONTROL:
            self._conversation.on_message(packet.data)

    def reply(self, body: Reply) -> None:
        """Sends an answer to this participant alone; a plain acknowledgement without an id is left out."""
        if isinstance(body, Ack) and body.id is None:
            return
        data = pack(self.connection.context.run.log.reply(body))
        if len(data) > MESSAGE_BYTES:
            text = "the answer is too long for a LiveKit message: ask over WebSocket or HTTP"
            too_long = ErrorReply(id=getattr(body, "id", None), code=TooLarge.code, message=text)
            data = pack(self.connection.context.run.log.reply(too_long))
        self._send(data)

    async def aclose(self) -> None:
        self.connection.close()
        await self._conversation.aclose()
        await self._moves.aclose()


def pack(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
