"""IPv4 addresses inside of IPv6 ones: whoever judges an address by where it leads has to judge both.

It lives in ``media`` because ICE and the egress policy both need it; it knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
"""The well-known prefix of translators (RFC 6052 §2.1)."""
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_ISATAP = {0x00005EFE, 0x02005EFE}


def carried(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """Yields the IPv4 addresses that a translator or a tunnel may make of it."""
    if not isinstance(address, IPv6Address):
        return
    number = int(address)
    if address.ipv4_mapped or any(address in net for net in (NAT64, _LOCAL_NAT64, _TRANSLATED)) or _compatible(number):
        yield IPv4Address(number & 0xFFFFFFFF)
    if address in _LOCAL_NAT64:
        yield from _local_nat64(number)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if number >> 32 & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)


def _local_nat64(number: int) -> Iterator[IPv4Address]:
    """Yields the candidates for prefixes of 48, 56 and 64 bits; which prefix is meant is not to be seen."""
    for length in (48, 56, 64):
        before = 64 - length
        high = number >> 64 & (1 << before) - 1
        low = number >> 56 - (32 - before) & (1 << 32 - before) - 1
        if (found := high << 32 - before | low) >> 24:
            yield IPv4Address(found)


def _compatible(number: int) -> bool:
    """Returns whether it is IPv4-compatible, and neither ``::`` nor ``::1`` (RFC 4291 §2.5.5.1)."""
    return IPv6Address(number) in _COMPATIBLE and number > 1
