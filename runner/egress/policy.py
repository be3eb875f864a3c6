"""The policy of which network addresses a driven page may reach."""

from __future__ import annotations

import re
import socket
import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from media.carried_addresses import NAT64, carried

Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
"""Where ``localhost`` and the names below it are, whatever a name server says (RFC 6761 §6.3)."""
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog"})
_METADATA = "an address of a cloud's metadata service"
_NEVER: dict[str, tuple[str, ...]] = {
    "a link-local address": ("169.254.0.0/16", "fe80::/10"),
    _METADATA: (
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        "fd00:42::42/128",
    ),
    "no address of any host (a server of this machine is at 127.0.0.1)": ("0.0.0.0/8", "::/128"),
}
"""Refused whatever is set, by what they are. Clouds: Alibaba, Azure, Oracle, AWS, Google, Scaleway."""
_NOT_PUBLIC: dict[str, tuple[str, ...]] = {
    "a loopback address": ("127.0.0.0/8", "::1/128"),
    "a private address": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10", "64:ff9b:1::/48"),
    "a shared address of a carrier": ("100.64.0.0/10",),
    "a multicast address": ("224.0.0.0/4", "ff00::/8"),
    "a reserved address": (
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("240.0.0.0/4", "2001::/23", "2001:db8::/32", "3fff::/20"),
    ),
}
"""IANA's special-purpose registries (RFC 6890), by what they are."""


def _networks(table: dict[str, tuple[str, ...]]) -> tuple[tuple[_Network, str], ...]:
    return tuple((ip_network(text), what) for what, texts in table.items() for text in texts)


_ALWAYS = _networks(_NEVER)
_PRIVATE = _networks(_NOT_PUBLIC)
_GLOBAL_UNICAST = IPv6Network("2000::/3")


class EgressPolicy:
    """The rules for all browsers of a server.

    Link-local and cloud-metadata addresses, and this server's own ports, are refused always; all others that are not
    public only where ``allow_private`` is false.
    """

    def __init__(self, *, allow_private: bool = True) -> None:
        self.allow_private = allow_private
        self.own_ports: frozenset[int] = frozenset()
        """The ports of this server; set once it listens."""

    @property
    def keeps_to_proxy(self) -> bool:
        """Returns whether nothing may pass the egress proxy by, such as WebRTC's UDP."""
        return not self.allow_private

    def refusal(self, address: Address, port: int) -> str | None:
        """Returns why a connection there is refused, as the end of a sentence; None where it may be made.

        IPv6 addresses are also judged by the IPv4 address that they carry (RFC 4291, 6052, 3056, 4380, 5214).
        """
        if port in self.own_ports and _is_here(address):
            return f"{address} with port {port} is this jumpseat server itself, which no page may reach"
        for each in (address, *carried(address)):
            if (what := _among(each, _ALWAYS)) is not None:
                return f"{_named(address, each)} is {what}, which no page may reach"
        return None if self.allow_private else self._not_public(address)

    def refusal_of_name(self, host: str) -> str | None:
        """Returns the same for a name of a metadata service, wherever the name leads."""
        return f"{host} is {_METADATA}, which no page may reach" if plain_host(host) in _METADATA_NAMES else None

    def refusal_of_url(self, url: str) -> str | None:
        """Returns one sentence where the URL is refused without asking a name server, else None."""
        parts = urlsplit(url)
        host, port = host_and_port(parts)
        known = (address,) if (address := literal(host)) else (LOOPBACK if is_localhost(host) else ())
        reasons = (self.refusal_of_name(host), *(self.refusal(each, port) for each in known))
        return next((f"{origin(url)} is not opened: {reason}" for reason in reasons if reason), None)

    def _not_public(self, address: Address) -> str | None:
        for each in (address, *carried(address)):
            what = _among(each, _PRIVATE)
            if what is None and isinstance(each, IPv6Address) and not _may_be_public(each):
                what = "a reserved address"
            if what is not None:
                return f"{_named(address, each)} is {what}, and JUMPSEAT_ALLOW_PRIVATE is false"
        return None


def literal(host: str) -> Address | None:
    """Returns the address that this host is, in any spelling that browsers take (WHATWG URL); None for a name."""
    text = plain_host(host)
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(text)) if re.fullmatch(r"[0-9a-fx.]+", text) else None
    except OSError:
        return None


def is_localhost(host: str) -> bool:
    """Returns whether the name is ``localhost`` or below it (RFC 6761 §6.3)."""
    name = plain_host(host)
    return name == "localhost" or name.endswith(".localhost")


def host_and_port(parts: SplitResult) -> tuple[str, int]:
    """Returns those of an http, https, ws or wss URL; an empty host or port 0 where there is none."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    return parts.hostname or "", (443 if parts.scheme in {"https", "wss"} else 80) if port is None else port


def origin(url: str) -> str:
    """Returns what a log may say of a URL: scheme and host, without credentials, path and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def plain_host(host: str) -> str:
    """Returns the host as browsers read it: percent signs and wide forms undone, one dot at the end dropped."""
    text = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").lower()
    return text.removesuffix(".")


def _among(address: Address, networks: tuple[tuple[_Network, str], ...]) -> str | None:
    return next((what for network, what in networks if address in network), None)


def _may_be_public(address: IPv6Address) -> bool:
    return address in _GLOBAL_UNICAST or address in NAT64 or address.ipv4_mapped is not None


def _named(address: Address, carried: Address) -> str:
    return str(address) if address == carried else f"{address} (that is {carried})"


def _is_here(address: Address) -> bool:
    """Returns whether the address is this machine's own: only those can be bound to."""
    address = (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
