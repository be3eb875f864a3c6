"""The client's address, scheme and host, behind trusted proxies: X-Forwarded-* and Forwarded (RFC 7239)."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from aiohttp import web

from signaling.config import Network

logger = logging.getLogger(__name__)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SCHEMES = frozenset({"http", "https"})
_FORWARDED_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
_ADDED_BY_PROXIES = ("X-Forwarded-For", "Forwarded")
_PAIR = r"[\w!#$%&'*+.^`|~-]++=(?:[\w!#$%&'*+.^`|~-]++|\"(?:[^\"\\]|\\.)*+\")"
_FORWARDED = re.compile(rf"[ \t,]*+(?:{_PAIR}[ \t;]*+(?:,[ \t,]*+)?)*+", re.ASCII)
"""RFC 7239 §4, with possessive quantifiers: a header that does not fit takes no longer than one that does."""


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Where a request comes from, as the transport and the trusted proxies say."""

    address: str
    """The client's IP address; empty where the transport has none."""
    scheme: str | None
    """``http`` or ``https``, as the client used it; None where it is unknown, since a proxy that is not trusted may
    terminate TLS."""
    host: str
    """Host and port, as the client used them."""


@dataclass(frozen=True, slots=True)
class _Hop:
    """What one proxy says of the peer that it was asked by."""

    client: str | None
    scheme: str | None
    host: str | None


class TrustedProxies:
    """Reads the headers that proxies add, where they come from trusted proxies."""

    def __init__(self, trusted: Collection[Network] = ()) -> None:
        self._trusted = tuple(trusted)
        self._told = False

    def client_info(self, request: web.Request) -> ClientInfo:
        """Returns the client: the first address that is not trusted, from the nearest proxy outwards."""
        scheme = "https" if request.secure else None
        address, hop = _address(request.remote), None
        self._tell_of_untrusted(address, request)
        if self._trusts(address) and self.forwarding_error(request) is None:
            for hop in reversed(_hops(request)):
                address = _address(hop.client) or address
                if not self._trusts(address) or _address(hop.client) is None:
                    break
        if hop is None:
            return ClientInfo(_text(address), scheme, request.host)
        forwarded = (hop.scheme or "").lower()
        return ClientInfo(_text(address), forwarded if forwarded in _SCHEMES else scheme, hop.host or request.host)

    def _tell_of_untrusted(self, address: _Address | None, request: web.Request) -> None:
        """Says once that all who come by a proxy count as one client, as long as it is not trusted."""
        if self._told or self._trusts(address) or not any(name in request.headers for name in _ADDED_BY_PROXIES):
            return
        self._told = True
        logger.warning(
            "requests come by way of a proxy at %s, and all its clients count as one: if it is yours, set "
            "JUMPSEAT_TRUSTED_PROXIES=%s",
            _text(address),
            _text(address),
        )

    def forwarding_error(self, request: web.Request) -> str | None:
        """Returns why a trusted proxy's headers cannot be used, or None: a client may have invented part of them."""
        values = request.headers.getall("Forwarded", [])
        if not values or not self._trusts(_address(request.remote)):
            return None
        if any(name in request.headers for name in _FORWARDED_HEADERS):
            return "it has both Forwarded and X-Forwarded headers: have the proxy remove the kind that it does not set"
        # An open quote of the client's would swallow what the proxy adds.
        return None if all(_FORWARDED.fullmatch(value) for value in values) else "its Forwarded header cannot be read"

    def trusts(self, address: str) -> bool:
        """Returns whether a trusted proxy has this address."""
        return self._trusts(_address(address))

    def _trusts(self, address: _Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _hops(request: web.Request) -> list[_Hop]:
    """Returns the hops in the order of the headers: the client's first, the nearest proxy's last."""
    if "Forwarded" in request.headers:
        return [_Hop(each.get("for"), each.get("proto"), each.get("host")) for each in request.forwarded]
    clients, schemes, hosts = (_values(request, name) for name in _FORWARDED_HEADERS)
    # A proxy that sets a value instead of adding one speaks for all before it.
    aligned = [values if len(values) == len(clients) else values[-1:] * len(clients) for values in (schemes, hosts)]
    if not clients:
        return [_Hop(None, schemes[-1] if schemes else None, hosts[-1] if hosts else None)] if schemes or hosts else []
    return [_Hop(*each) for each in zip_longest(clients, *aligned)]


def _values(request: web.Request, name: str) -> list[str]:
    return [part.strip() for line in request.headers.getall(name, []) for part in line.split(",") if part.strip()]


def _address(text: str | None) -> _Address | None:
    """Reads an address with or without a port, as RFC 7239 §6 and proxies write them; None for anything else."""
    for candidate in _candidates(text or ""):
        try:
            parsed = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return mapped or parsed
    return None


def _candidates(text: str) -> Iterator[str]:
    yield text
    yield text.partition("]")[0].removeprefix("[")
    yield text.rpartition(":")[0]


def _text(address: _Address | None) -> str:
    return "" if address is None else str(address)
