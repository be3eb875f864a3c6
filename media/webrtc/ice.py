"""ICE as configured: addresses and ports to offer, and how soon a vanished peer is missed."""

import asyncio
import errno
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from aioice import Candidate, Connection, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses, server_reflexive_candidate
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from media.webrtc.configuration import PeerConfiguration
from media.webrtc.ice_checks import CheckBudget

CONSENT_INTERVAL = 2.0
"""Seconds between consent checks. RFC 7675 §5.1 asks for 5, which together with its 30 s of patience would keep a
viewer that has vanished in the books for too long: it has to be gone within 10 s."""
SILENCE = 7.0
"""Seconds without any sign of the peer after which it is gone."""


def rtc_configuration(configuration: PeerConfiguration) -> RTCConfiguration:
    """Returns aiortc's configuration. Without servers none is asked: aiortc by itself would ask a public one."""
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(urls=list(server.urls), username=server.username, credential=server.credential)
            for server in configuration.ice_servers
        ]
    )


def configure_ice(
    peer: RTCPeerConnection, configuration: PeerConfiguration, last_received_at: Callable[[], float | None]
) -> None:
    """Gives a peer connection the configured candidates and consent checks; call it between the two descriptions.

    aioice has a setting for none of this, so four of its connection's methods are replaced, on this connection only.

    Args:
        last_received_at: when something else has last come from the peer, in seconds of `time.monotonic()`.
    """
    for connection in _connections(peer):
        budget = CheckBudget(configuration.may_check)
        budget.bind(connection)
        hosts = HostCandidates(connection, configuration.ice_addresses, configuration.ice_ports, budget)
        connection.get_component_candidates = hosts.gather  # type: ignore[method-assign]
        connection.query_consent = lambda c=connection: keep_consent(c, last_received_at)  # type: ignore[method-assign, misc]
        connection.data_received = _without_empty(connection.data_received)  # type: ignore[method-assign, assignment]


def _without_empty(receive: Callable[[bytes, int], None]) -> Callable[[bytes, int], None]:
    """Leaves out empty datagrams, which anybody may send: aiortc reads the first byte, and its error ends the peer."""

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
    budget: CheckBudget

    async def gather(self, component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        """Takes the place of `Connection.get_component_candidates`."""
        wanted = self.addresses or tuple(addresses) or ("127.0.0.1",)
        protocols = [protocol for address in wanted if (protocol := await self._bind(address, component))]
        self.connection._protocols += protocols
        reflexive = await self._reflexive(protocols, timeout) if self.connection.stun_server else []
        relayed = await Connection.get_component_candidates(self.connection, component, [], timeout)
        for protocol in self.connection._protocols:
            self.budget.bind_protocol(protocol)
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

    A sign of the peer is an answered check, or anything that `last_received_at` knows of: a check may be lost.
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
