"""Rate limits: how often one credential, one client address or one viewer may do something."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from pyrate_limiter import Rate as BucketRate
from pyrate_limiter import TokenBucket

from signaling.access.rate import Rate
from signaling.problems import Problem

_MAX_KEYS = 20_000
"""Keys that one meter keeps, about 4 MB: a client with more addresses displaces older keys, and takes no memory."""


class RateMeter:
    """Keeps a token bucket for each key, and drops the least recently used one first."""

    def __init__(self, rate: Rate, *, keys: int = _MAX_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = [BucketRate(rate.count, rate.seconds * 1000)]
        self._bucket = TokenBucket()
        self._keys = keys
        self._clock = clock
        self._states: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def take(self, key: str) -> float | None:
        """Counts one and returns None; or returns the seconds after which there is room again, and counts nothing."""
        state, wait = self._step(key)
        if wait is None:
            self._states[key] = state
            self._states.move_to_end(key)
            if len(self._states) > self._keys:
                self._states.popitem(last=False)
        return wait

    def wait(self, key: str) -> float | None:
        """Returns the seconds after which there is room, or None where there is some now. Counts nothing."""
        return self._step(key)[1]

    def _step(self, key: str) -> tuple[tuple[float, ...], float | None]:
        state = self._states.get(key) or self._bucket.initial(self._rates)
        now_ms = int(self._clock() * 1000)
        state, decision = self._bucket.step(self._rates, state, now_ms, 1)
        return state, None if decision.allowed else (decision.retry_after_ms or 0) / 1000


class KnownPairs:
    """Remembers by which address which key has been right, and forgets the least recently used pair first."""

    def __init__(self, *, pairs: int = _MAX_KEYS) -> None:
        self._pairs = pairs
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def add(self, network: str, key: bytes) -> None:
        """Remembers the pair; ``key`` is a digest."""
        pair = _pair(network, key)
        self._known[pair] = None
        self._known.move_to_end(pair)
        if len(self._known) > self._pairs:
            self._known.popitem(last=False)

    def has(self, network: str, key: bytes) -> bool:
        return _pair(network, key) in self._known


def _pair(network: str, key: bytes) -> bytes:
    # Of a digest of the key, so that looking it up takes a time that says nothing of any key.
    return hashlib.sha256(network.encode() + b"\0" + key).digest()


class RateKind(Enum):
    """What is counted by credential and by address; the value words the refusal."""

    RUN = "runs are started"
    WHEP = "viewers connect"
    TOKEN = "links are made"


class RateLimiter:
    """Limits what HTTP requests may start, by credential and by client address."""

    def __init__(self, rates: dict[RateKind, Rate], *, auth_failures: Rate) -> None:
        """
        Args:
            rates: for one credential, and again for one client address.
            auth_failures: wrong API keys from one client address.
        """
        self._rates = rates
        self._meters = {kind: (RateMeter(rate), RateMeter(rate)) for kind, rate in rates.items()}
        self._auth_failures = RateMeter(auth_failures)
        self._known = KnownPairs()

    def spend(self, kind: RateKind, *, identity: str, address: str) -> None:
        """Counts one for the credential and one for the address. Raises Problem 429 where either has no room."""
        by_identity, by_address = self._meters[kind]
        wait = by_identity.take(identity)
        if wait is None:
            wait = by_address.take(network(address))
        if wait is not None:
            raise too_often(f"{kind.value} too often: at most {self._rates[kind]}", wait)

    def record_auth_failure(self, address: str) -> None:
        """Counts a wrong API key from this address."""
        self._auth_failures.take(network(address))

    def record_auth_success(self, address: str, key: bytes) -> None:
        """Remembers that this key, of which ``key`` is the digest, has been right from this address."""
        self._known.add(network(address), key)

    def has_been_right(self, address: str, key: bytes) -> bool:
        """Returns whether this key has been right from this address."""
        return self._known.has(network(address), key)

    def check_auth_failures(self, address: str, key: bytes) -> None:
        """Raises Problem 429 where too many wrong keys came from this address.

        A key that has been right from there gets through: whoever guesses learns nothing by it.
        """
        wait = self._auth_failures.wait(network(address))
        if wait is not None and not self.has_been_right(address, key):
            raise too_often("too many wrong keys came from your address", wait)


def too_often(detail: str, wait: float) -> Problem:
    """Returns 429 with the whole seconds after which to try again (RFC 6585 §4)."""
    headers = {"Retry-After": str(max(1, math.ceil(wait)))}
    return Problem(429, f"{detail}; try again later", code="rate_limited", headers=headers)


def network(address: str) -> str:
    """Returns what one client has: an IPv4 address, or the /64 that an IPv6 host is given (RFC 4291 §2.5.4)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
