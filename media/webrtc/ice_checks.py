"""What a viewer may have this end send: to which addresses, and how many checks before one of them answers.

A viewer names the addresses that are checked. Without a bound, an offer of some kilobytes makes hundreds of packets to
addresses of its choice.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable

from aioice import Connection, stun
from aioice.ice import StunProtocol

from media.carried_addresses import carried

MOST_HOSTS = 8
"""Distinct addresses of one viewer that are checked; it makes itself known from others by checks of its own."""
MOST_CHECKS = 32
"""Checks of one viewer, repetitions included, to addresses that have neither answered nor asked."""
_CHECKS_FOR_A_REQUEST = 2
"""Checks to an address that has sent one: its sender may be forged, so that much more must not come of it."""
_MOST_ASKING = 64
"""Addresses whose requests are taken."""

_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network, with the unspecified address
        "169.254.0.0/16",  # link-local, with the metadata of clouds
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with the limited broadcast
        "::/128",
        "fe80::/10",
        "ff00::/8",
    )
)


def may_be_checked(host: str) -> bool:
    """Returns whether an address is one that a viewer may have; False, too, for what is no address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not any(each in network for each in (address, *carried(address)) for network in _REFUSED)


class CheckBudget:
    """Bounds the checks of one viewer's ICE connection; aioice repeats each of them six times.

    Whoever answers is checked freely from then on: only the real holder of an address knows what to answer.
    """

    def __init__(self, may_check: Callable[[], bool]) -> None:
        """``may_check`` is asked before each check that costs something; False: it is not sent."""
        self._may_check = may_check
        self._left = MOST_CHECKS
        self._answered: set[tuple[str, int]] = set()
        self._asked: Counter[tuple[str, int]] = Counter()

    def bind(self, connection: Connection) -> None:
        """Takes note of the checks that come in, as aioice has found them right."""
        take = connection.check_incoming

        def check_incoming(message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
            if self._note_request(addr):
                take(message, addr, protocol)

        connection.check_incoming = check_incoming  # type: ignore[method-assign]

    def bind_protocol(self, protocol: StunProtocol) -> None:
        """Bounds what this local candidate sends from now on; call it once servers have been asked."""
        send, ask = protocol.send_stun, protocol.request

        def send_stun(message: stun.Message, addr: tuple[str, int]) -> None:
            if message.message_class != stun.Class.REQUEST or self._spend(addr):
                send(message, addr)

        async def request(
            request: stun.Message,
            addr: tuple[str, int],
            integrity_key: bytes | None = None,
            retransmissions: int | None = None,
        ) -> tuple[stun.Message, tuple[str, int]]:
            response = await ask(request, addr, integrity_key, retransmissions)
            self._answered.add(addr)
            return response

        protocol.send_stun = send_stun  # type: ignore[method-assign]
        protocol.request = request  # type: ignore[method-assign]

    def _note_request(self, address: tuple[str, int]) -> bool:
        """Returns whether the request counts: each address that asks is kept as long as the connection."""
        if address not in self._asked and len(self._asked) >= _MOST_ASKING:
            return False
        self._asked[address] = min(self._asked[address] + _CHECKS_FOR_A_REQUEST, MOST_CHECKS)
        return True

    def _spend(self, address: tuple[str, int]) -> bool:
        if address in self._answered:
            return True
        if self._asked.get(address, 0) > 0:
            self._asked[address] -= 1
            return True
        if self._left == 0 or not may_be_checked(address[0]) or not self._may_check():
            return False
        self._left -= 1
        return True
