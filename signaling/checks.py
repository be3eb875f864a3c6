"""What ``jumpseat doctor`` asks of the network: ports that can be listened on, candidates that can be offered."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import aiohttp


def port_is_free(host: str, port: int) -> str | None:
    """None where a server could listen there, else the reason. Port 0 is always free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def addresses_that_fail(addresses: Iterable[str]) -> list[str]:
    """Those of the addresses on which no UDP socket can be opened here, so that only a NAT could make them work."""
    return [address for address in addresses if not _can_bind_udp(address)]


def _can_bind_udp(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


async def answers(url: str) -> str | None:
    """None where an HTTP server answers at ``url`` (``ws`` and ``wss`` too), else the reason."""
    address = "http" + url.removeprefix("ws") if url.startswith("ws") else url
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(address) as response,
        ):
            await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return str(error) or type(error).__name__
    return None
