"""ICE as configured: addresses and ports to offer, credentials for TURN, and how soon a vanished peer is missed."""

from __future__ import annotations

import asyncio
import base64
import errno
import hmac
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from aioice import Candidate, Connection, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses, server_reflexive_candidate
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from signaling.config import Config, IceServer

TURN_TTL = 6 * 3600
"""Seconds that a viewer's TURN credentials are good for."""
CONSENT_INTERVAL = 2.0
"""Seconds between consent checks. RFC 7675 §5.1 asks for 5, which together with its 30 s of patience would keep a
viewer that has vanished in the books for too long: it has to be gone within 10 s."""
SILENCE = 7.0
"""Seconds without any sign of the peer after which it is gone."""


def viewer_ice_servers(config: Config, viewer_id: str) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries for one viewer."""
    return [_as_json(_with_credentials(server, config.turn_secret, viewer_id)) for server in config.ice_servers]


def ice_links(config: Config, viewer_id: str) -> list[str]:
    """The same as values of ``Link`` headers (RFC 9725 §4.6)."""
    servers = [_with_credentials(server, config.turn_secret, viewer_id) for server in config.ice_servers]
    return [_link(server, url) for server in servers for url in server.urls]


def turn_credentials(secret: str, user: str, *, now: float) -> tuple[str, str]:
    """Username and password for TURN that expire (draft-uberti-behave-turn-rest-00 §2.2)."""
    username = f"{int(now) + TURN_TTL}:{user}"
    return username, base64.b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()


def configuration(config: Config) -> RTCConfiguration:
    """Our own end's. Without servers of ours none is asked: aiortc would ask a public one."""
    servers = [_with_credentials(server, config.turn_secret, "server") for server in config.ice_servers]
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(urls=list(server.urls), username=server.username, credential=server.credential)
            for server in servers
        ]
    )


def prepare(peer: RTCPeerConnection, config: Config, last_received_at: Callable[[], float | None]) -> None:
    """Gives the peer connection our candidates and our patience; call it between the two descriptions.

    ``last_received_at`` tells when something else has last come from the peer, in seconds of ``time.monotonic()``.

    aioice has a setting for none of this, so three of its connection's methods are replaced, on this connection only.
    """
    for connection in _connections(peer):
        hosts = HostCandidates(connection, config.ice_addresses, config.ice_ports)
        connection.get_component_candidates = hosts.gather  # type: ignore[method-assign]
        connection.query_consent = lambda c=connection: keep_consent(c, last_received_at)  # type: ignore[method-assign, misc]
        connection.data_received = _without_empty(connection.data_received)  # type: ignore[method-assign, assignment]


def _without_empty(receive: Callable[[bytes, int], None]) -> Callable[[bytes, int], None]:
    """An empty datagram, from anybody, tells nothing; aiortc looks at its first byte: the error ends the connection."""

    def receive_something(data: bytes, component: int) -> None:
        if data:
            receive(data, component)

    return receive_something


@dataclass(frozen=True, slots=True)
class HostCandidates:
    """Gathers candidates on given addresses and ports, loopback included."""

    connection: Connection
    addresses: tuple[str, ...]
    """An address that this machine does not have is offered in place of our own: a NAT's public one, with the same
    ports forwarded. None: all addresses of this machine, or loopback where it has no other."""
    ports: tuple[int, int] | None

    async def gather(self, component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        """Takes the place of ``Connection.get_component_candidates``."""
        wanted = self.addresses or tuple(addresses) or ("127.0.0.1",)
        protocols = [protocol for address in wanted if (protocol := await self._bind(address, component))]
        self.connection._protocols += protocols
        reflexive = await self._reflexive(protocols, timeout) if self.connection.stun_server else []
        relayed = await Connection.get_component_candidates(self.connection, component, [], timeout)
        return [protocol.local_candidate for protocol in protocols] + reflexive + relayed

    async def _bind(self, address: str, component: int) -> StunProtocol | None:
        loop = asyncio.get_running_loop()
        local = address if _is_ours(address) else "::" if ":" in address else "0.0.0.0"
        for port in _shuffled(self.ports):
            try:
                _, protocol = await loop.create_datagram_endpoint(
                    lambda: StunProtocol(self.connection), local_addr=(local, port)
                )
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                return None
            bound = protocol.transport.get_extra_info("sockname")
            protocol.local_candidate = _host_candidate(address, bound[1], component)
            return protocol
        return None

    async def _reflexive(self, protocols: list[StunProtocol], timeout: int) -> list[Candidate]:
        server = cast("tuple[str, int]", self.connection.stun_server)
        asked = [
            asyncio.wait_for(server_reflexive_candidate(protocol, server), timeout)
            for protocol in protocols
            if ":" not in protocol.local_candidate.host
        ]
        found = await asyncio.gather(*asked, return_exceptions=True)
        return [each[0] for each in found if not isinstance(each, BaseException)]


async def keep_consent(connection: Connection, last_received_at: Callable[[], float | None]) -> None:
    """Closes the connection once the peer has been silent for `SILENCE` seconds (RFC 7675 §5.1).

    A sign of the peer is an answered check, or anything that ``last_received_at`` knows of: a check may be lost.
    """
    seen = time.monotonic()
    while time.monotonic() - max(seen, last_received_at() or 0.0) < SILENCE:
        await asyncio.sleep(CONSENT_INTERVAL * random.uniform(0.8, 1.2))
        if await _answers(connection):
            seen = time.monotonic()
    connection._query_consent_task = None
    await connection.close()


async def _answers(connection: Connection) -> bool:
    password = cast(str, connection.remote_password).encode()
    for pair in tuple(connection._nominated.values()):
        request = connection.build_request(pair, nominate=False)
        try:
            await pair.protocol.request(request, pair.remote_addr, integrity_key=password, retransmissions=0)
        except stun.TransactionError:
            return False
    return True


def _connections(peer: RTCPeerConnection) -> Iterator[Connection]:
    transports = {transceiver.receiver.transport for transceiver in peer.getTransceivers()}
    if peer.sctp is not None:
        transports.add(peer.sctp.transport)
    for transport in transports:
        yield transport.transport.iceGatherer._connection


def _with_credentials(server: IceServer, secret: str | None, user: str) -> IceServer:
    if secret is None or not any(url.startswith(("turn:", "turns:")) for url in server.urls):
        return server
    username, credential = turn_credentials(secret, user, now=time.time())
    return IceServer(urls=server.urls, username=username, credential=credential)


def _as_json(server: IceServer) -> dict[str, Any]:
    found: dict[str, Any] = {"urls": list(server.urls)}
    if server.username is not None:
        found |= {"username": server.username, "credential": server.credential}
    return found


def _link(server: IceServer, url: str) -> str:
    link = f'<{url}>; rel="ice-server"'
    if server.username is not None and url.startswith(("turn:", "turns:")):
        link += f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    return link


def _is_ours(address: str) -> bool:
    if address in {"127.0.0.1", "::1"} or address.startswith("127."):
        return True
    return address in get_host_addresses(use_ipv4=True, use_ipv6=True)


def _shuffled(ports: tuple[int, int] | None) -> list[int]:
    if ports is None:
        return [0]
    low, high = ports
    return random.sample(range(low, high + 1), high + 1 - low)


def _host_candidate(address: str, port: int, component: int) -> Candidate:
    return Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=address,
        port=port,
        type="host",
    )
