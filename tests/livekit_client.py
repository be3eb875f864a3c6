"""Participants of LiveKit rooms in Python, and questions to the server, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from livekit import api, rtc

from media.livekit.panic_guard import panics
from tests.livekit_server import LiveKitServer
from tests.timecode import Picture, decode

PATIENCE = 40.0
"""Seconds to wait for anything."""


class Participant:
    """Joins with a token; keeps every message, and the newest picture of whatever is published."""

    def __init__(self, *, reads: bool = True) -> None:
        """``reads``: looks at the pictures that come; else they are only received."""
        self._reads = reads
        self.tracks = 0
        """How many it has subscribed to."""
        self.room = rtc.Room()
        self.messages: list[dict[str, Any]] = []
        self.pictures = 0
        self.picture: Picture | None = None
        """Luma, shape (height, width)."""
        self.disconnected = False
        self._changed = asyncio.Event()
        self._reading: dict[str, asyncio.Task[None]] = {}
        self.room.on("track_subscribed", self._watch)
        self.room.on("data_received", self._hear)
        self.room.on("disconnected", self._end)

    @classmethod
    @asynccontextmanager
    async def joined(cls, url: str, token: str) -> AsyncIterator[Participant]:
        participant = cls()
        # A panic of the SDK's would end the tests, and not only this participant.
        with panics(participant._end):
            await participant.room.connect(url, token)
            try:
                yield participant
            finally:
                await participant.leave()

    async def leave(self) -> None:
        await self.room.disconnect()
        for task in self._reading.values():
            task.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)

    async def send(self, message: dict[str, Any], *, topic: str = "test-control", reliable: bool = True) -> None:
        await self.room.local_participant.publish_data(
            json.dumps(message), topic=topic, reliable=reliable, destination_identities=["jumpseat"]
        )

    async def until(self, condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
        """Looks again whenever something has come."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def message(self, **fields: object) -> dict[str, Any]:
        """The first message with these fields; waits for it."""

        def found() -> list[dict[str, Any]]:
            return [m for m in self.messages if all(m.get(name) == value for name, value in fields.items())]

        await self.until(lambda: bool(found()))
        return found()[0]

    async def new_pictures(self, count: int = 1, *, seconds: float = PATIENCE) -> None:
        """Waits for so many more."""
        wanted = self.pictures + count
        await self.until(lambda: self.pictures >= wanted, seconds=seconds)

    def timecode(self) -> int | None:
        """What is painted in the newest picture."""
        return None if self.picture is None else decode(self.picture)

    def _hear(self, packet: rtc.DataPacket) -> None:
        if packet.topic == "test-control":
            self.messages.append(json.loads(packet.data))
            self._changed.set()

    def _end(self) -> None:
        self.disconnected = True
        self._changed.set()

    def _watch(self, track: rtc.RemoteVideoTrack) -> None:
        self.tracks += 1
        self._changed.set()
        if self._reads:
            self._reading[track.sid] = asyncio.create_task(self._read(track))

    async def _read(self, track: rtc.RemoteVideoTrack) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420, capacity=1)
        try:
            async for event in stream:
                frame = event.frame
                luma = np.frombuffer(frame.data, np.uint8, frame.width * frame.height)
                self.picture = luma.reshape(frame.height, frame.width)
                self.pictures += 1
                self._changed.set()
        finally:
            await stream.aclose()


@asynccontextmanager
async def server_api(server: LiveKitServer) -> AsyncIterator[api.LiveKitAPI]:
    async with api.LiveKitAPI(server.http_url, server.key, server.secret) as livekit:
        yield livekit


async def rooms(server: LiveKitServer) -> list[str]:
    """The names of the rooms that are there."""
    async with server_api(server) as livekit:
        return [room.name for room in (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms]


async def participants(server: LiveKitServer, room: str) -> dict[str, api.ParticipantInfo]:
    """By identity."""
    async with server_api(server) as livekit:
        listed = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    return {each.identity: each for each in listed.participants}
