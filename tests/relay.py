"""A UDP path on loopback between a server and one WebRTC viewer, on which packets can be lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

Address = tuple[str, int]
_CANDIDATE = re.compile(r"^(a=candidate:\S+ 1 udp \d+) (\S+) (\d+) (typ host.*)$", re.MULTILINE | re.IGNORECASE)


class Relay(asyncio.DatagramProtocol):
    """Whoever talks to it is the viewer. Give the server `offer(sdp)`, and the viewer `answer(sdp)`."""

    def __init__(self) -> None:
        self.loses: Callable[[bytes], bool] = lambda packet: False
        """Asked about each packet from the server to the viewer."""
        self.lost = 0
        """How many packets have been lost so."""
        self._server: Address | None = None
        self._viewer: Address | None = None
        self._transport: asyncio.DatagramTransport

    def offer(self, sdp: str) -> str:
        """The viewer's offer without its addresses: the server learns of the relay's from the first check."""
        hidden = ("a=candidate:", "a=end-of-candidates")
        return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith(hidden))

    def answer(self, sdp: str) -> str:
        """The server's answer with the relay's address in place of its own."""
        found = _CANDIDATE.search(sdp)
        assert found, sdp
        self._server = found[2], int(found[3])
        host, port = self._transport.get_extra_info("sockname")
        return _CANDIDATE.sub(rf"\g<1> {host} {port} \g<4>", sdp)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if addr != self._server:
            self._viewer = addr
            self._transport.sendto(data, self._server)
        elif self.loses(data):
            self.lost += 1
        elif self._viewer is not None:
            self._transport.sendto(data, self._viewer)


def is_video(packet: bytes) -> bool:
    """Whether it is RTP, and not RTCP, DTLS or STUN (RFC 7983 §7, RFC 5761 §4)."""
    return 128 <= packet[0] <= 191 and not 192 <= packet[1] <= 223


@asynccontextmanager
async def relay() -> AsyncIterator[Relay]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Relay, local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()
