"""The hosts that the pages of one run may reach, where its owner has named them."""

from __future__ import annotations

from collections.abc import Iterable

from runner.egress.policy import EgressPolicy, literal, plain_host


class RestrictedPolicy(EgressPolicy):
    """Allows what another policy does, and of that the hosts of one run only: by name, before any name is looked up."""

    def __init__(self, base: EgressPolicy, hosts: Iterable[str]) -> None:
        """``hosts``: names, addresses, and ``*.`` before a name for all below it."""
        super().__init__(allow_private=base.allow_private)
        self.own_ports = base.own_ports
        self._exact: set[str] = set()
        self._below: tuple[str, ...] = ()
        for host in hosts:
            if host.startswith("*."):
                self._below = (*self._below, plain_host(host[1:]))
            else:
                self._exact.add(_key(host))

    @property
    def keeps_to_proxy(self) -> bool:
        """True: WebRTC's UDP, which names no host, would be a way round the list."""
        return True

    def refusal_of_name(self, host: str) -> str | None:
        """Returns why the host is refused, as the end of a sentence; None where it may be reached."""
        if _key(host) not in self._exact and not plain_host(host).endswith(self._below or ("\0",)):
            return f"{host} is not among the run's allowHosts"
        return super().refusal_of_name(host)


def _key(host: str) -> str:
    address = literal(host)
    return str(address) if address else plain_host(host)
