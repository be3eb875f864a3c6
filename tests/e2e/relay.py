"""A UDP relay between one WebRTC viewer and the server, so that a test can cut the line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from playwright.async_api import Route

_CANDIDATE = re.compile(r"^a=candidate:(\S+) (\d) udp (\d+) \S+ (\d+) typ host.*$", re.MULTILINE | re.IGNORECASE)


class Line:
    """Makes WHEP sessions go through relays of ours; ``cut`` lets no packet pass in either direction."""

    def __init__(self) -> None:
        self.cut = False
        self._relays: dict[int, _Relay] = {}

    async def whep(self, route: Route) -> None:
        """To be put in the way of ``/whep/`` requests: neither side learns where the other one really is."""
        request = route.request
        if request.method == "PATCH":
            await route.fulfill(status=204)
            return
        if request.method != "POST":
            await route.continue_()
            return
        offer = re.sub(r"^a=candidate:.*\r\n", "", request.post_data or "", flags=re.MULTILINE)
        answer = await route.fetch(post_data=offer)
        await route.fulfill(response=answer, body=await self._through_relays(await answer.text()))

    def close(self) -> None:
        for relay in self._relays.values():
            relay.close()

    async def _through_relays(self, answer: str) -> str:
        ports = {int(match[4]) for match in _CANDIDATE.finditer(answer)}
        for port in ports - self._relays.keys():
            self._relays[port] = await _Relay.open(self, port)
        return _CANDIDATE.sub(self._relayed, answer)

    def _relayed(self, match: re.Match[str]) -> str:
        return f"a=candidate:{match[1]} {match[2]} udp {match[3]} 127.0.0.1 {self._relays[int(match[4])].port} typ host"


class _Relay:
    """One server port, seen through another one."""

    def __init__(self, line: Line, front: asyncio.DatagramTransport, back: asyncio.DatagramTransport) -> None:
        self._line = line
        self._front = front
        self._back = back
        self._viewer: tuple[str, int] | None = None
        self.port = int(front.get_extra_info("sockname")[1])

    @classmethod
    async def open(cls, line: Line, server_port: int) -> _Relay:
        loop = asyncio.get_running_loop()
        front, front_end = await loop.create_datagram_endpoint(_End, local_addr=("127.0.0.1", 0))
        back, back_end = await loop.create_datagram_endpoint(_End, remote_addr=("127.0.0.1", server_port))
        relay = cls(line, front, back)
        front_end.on_packet, back_end.on_packet = relay._from_viewer, relay._from_server
        return relay

    def close(self) -> None:
        self._front.close()
        self._back.close()

    def _from_viewer(self, data: bytes, viewer: tuple[str, int]) -> None:
        self._viewer = viewer
        if not self._line.cut:
            self._back.sendto(data)

    def _from_server(self, data: bytes, _server: tuple[str, int]) -> None:
        if self._viewer is not None and not self._line.cut:
            self._front.sendto(data, self._viewer)


class _End(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.on_packet: Callable[[bytes, tuple[str, int]], None] = _ignore

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.on_packet(data, addr)


def _ignore(_data: bytes, _sender: tuple[str, int]) -> None:
    return
