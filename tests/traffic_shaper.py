"""A bad network on loopback: a UDP relay between two WebRTC peers that loses, delays and limits what passes.

Not every kernel has `netem`, and no test may need root.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket

from media.frames import Codec
from media.subscription import Subscription
from tests.peers import SendingPeer, Viewer, loopback, starts_keyframe

_CANDIDATE = re.compile(r"^(a=candidate:\S+ \d+ udp \d+) (\S+) (\d+) typ host", re.MULTILINE)
_ANY_CANDIDATE = re.compile(r"^a=candidate:.*\r?\n", re.MULTILINE)


@dataclass
class Shape:
    """What a direction does to packets; may be changed at any time."""

    rate: float | None = None
    """Bits per second, or None for any."""
    queue: float = 0.5
    """Seconds that a packet may wait for `rate`; one that would wait longer is lost."""
    delay: float = 0.0
    """Seconds, the same for every packet, so that none overtakes another."""
    loss: float = 0.0
    """Share of the packets, 0 to 1, lost by chance."""
    cut: bool = False
    """Nothing passes."""


class Link:
    """One direction. Chance is seeded, so that each test run loses alike."""

    def __init__(self) -> None:
        self.shape = Shape()
        self.passed = 0
        """Packets handed on."""
        self.lost = 0
        """Packets lost, for whatever reason."""
        self._chance = random.Random(1)
        self._free_at = 0.0

    def send(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        shape, loop = self.shape, asyncio.get_running_loop()
        now = loop.time()
        start = max(now, self._free_at)
        if shape.cut or self._chance.random() < shape.loss or (shape.rate and start - now > shape.queue):
            self.lost += 1
            return
        self.passed += 1
        if shape.rate:
            start = self._free_at = start + len(data) * 8 / shape.rate
        if start + shape.delay > now:
            loop.call_at(start + shape.delay, deliver, data)
        else:
            deliver(data)


class _Door(asyncio.DatagramProtocol):
    """One side of the relay; it stands for the peer on the other side."""

    def __init__(self, link: Link) -> None:
        self.peer: tuple[str, int] | None = None
        self.link = link
        self.other: _Door | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        assert self._transport
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.other is not None:
            self.link.send(data, self.other.emit)

    def emit(self, data: bytes) -> None:
        if self._transport and self.peer and not self._transport.is_closing():
            self._transport.sendto(data, self.peer)

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class Relay:
    """Stands between a server and a viewer once both descriptions have gone through it."""

    def __init__(self) -> None:
        self.down, self.up = Link(), Link()
        self._server_side, self._viewer_side = _Door(self.down), _Door(self.up)
        self._server_side.other, self._viewer_side.other = self._viewer_side, self._server_side

    async def open(self) -> None:
        for door in (self._server_side, self._viewer_side):
            await asyncio.get_running_loop().create_datagram_endpoint(lambda d=door: d, ("127.0.0.1", 0))  # type: ignore[misc]

    def offer(self, sdp: str) -> str:
        """The viewer's offer as the server is to see it."""
        return self._stand_for(sdp, peer_of=self._viewer_side, seen_at=self._server_side)

    def answer(self, sdp: str) -> str:
        """The server's answer as the viewer is to see it."""
        return self._stand_for(sdp, peer_of=self._server_side, seen_at=self._viewer_side)

    def close(self) -> None:
        self._server_side.close()
        self._viewer_side.close()

    @staticmethod
    def _stand_for(sdp: str, *, peer_of: _Door, seen_at: _Door) -> str:
        """Leaves one candidate, which is the relay's."""
        candidates = list(_CANDIDATE.finditer(sdp))
        found = next((each for each in candidates if each[2] == "127.0.0.1"), candidates[0])
        peer_of.peer = found[2], int(found[3])
        line = f"{found[1]} 127.0.0.1 {seen_at.port} typ host"
        return _ANY_CANDIDATE.sub("", sdp.replace(found[0], f"a=relayed:{line}", 1)).replace(f"a=relayed:{line}", line)


class ImpatientJitterBuffer(JitterBuffer):
    """Gives up waiting for lost packets as browsers do: asks for a keyframe and goes on with it.

    aiortc's own buffer waits until 512 packets are in it, which at a low bit rate is half a minute.
    """

    def __init__(self, codec: Codec, frames: int) -> None:
        """`frames` may come whole without one that can be decoded."""
        super().__init__(capacity=512, is_video=True)
        self._codec = codec
        self._most = frames
        self._waiting = 0
        self._skipping = True
        self.given_up = 0
        """How often that happened."""

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        if self._skipping and starts_keyframe(self._codec, packet.payload):
            self._origin = 0
            self.remove(self.capacity)
            self._origin, self._skipping, self._waiting = packet.sequence_number, False, 0
        self._waiting += packet.marker
        impatient = self._waiting > self._most
        if impatient:
            self._waiting, self._skipping = 0, True
            self.given_up += 1
        if self._skipping:
            return impatient, None
        asks, frame = super().add(packet)
        if frame is not None:
            self._waiting = 0
        return asks, frame


@asynccontextmanager
async def watching_through_relay(
    subscription: Subscription, *, patience: int = 6
) -> AsyncIterator[tuple[Viewer, Relay]]:
    """A real peer, connected through a relay over a good network; see `ImpatientJitterBuffer` for `patience`."""
    viewer, served, relay = Viewer(subscription.codec), SendingPeer(subscription), Relay()
    await relay.open()
    try:
        async with loopback():
            offer = relay.offer(await viewer.offer())
            receiver = viewer.pc.getReceivers()[0]
            receiver._RTCRtpReceiver__jitter_buffer = ImpatientJitterBuffer(subscription.codec, patience)  # type: ignore[attr-defined]
            await viewer.accept(relay.answer(await served.answer(offer)))
        await viewer.until_frames(1)
        yield viewer, relay
    finally:
        await viewer.close()
        await served.close()
        relay.close()
