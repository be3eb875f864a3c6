"""How often something may be done: by one credential, from one address, by one viewer."""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pyrate_limiter import Rate as BucketRate
from pyrate_limiter import TokenBucket

from signaling.problems import Problem

_KEYS = 20_000
"""Keys that one meter remembers, about 4 MB: whoever comes from more addresses has others forgotten, not memory."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many again over a period."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Returns the rate that ``10/second``, ``240/minute`` or ``1000/hour`` stands for. Raises ValueError."""
        match = re.fullmatch(r"([1-9]\d{0,6})/(second|minute|hour)", text.strip())
        if not match:
            raise ValueError("give a rate such as 10/second, 240/minute or 1000/hour")
        return cls(int(match[1]), {"second": 1, "minute": 60, "hour": 3600}[match[2]])

    def __str__(self) -> str:
        period = {1: "second", 60: "minute", 3600: "hour"}.get(self.seconds, f"{self.seconds} seconds")
        return f"{self.count} a {period}" if self.seconds in {1, 60, 3600} else f"{self.count} in {period}"


class RateMeter:
    """A token bucket for each key, the longest unused forgotten first."""

    def __init__(self, rate: Rate, *, keys: int = _KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = [BucketRate(rate.count, rate.seconds * 1000)]
        self._bucket = TokenBucket()
        self._keys = keys
        self._clock = clock
        self._states: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def take(self, key: str) -> float | None:
        """Counts one; or else the seconds after which there is room again, and nothing is counted."""
        state, wait = self._step(key)
        if wait is None:
            self._states[key] = state
            self._states.move_to_end(key)
            if len(self._states) > self._keys:
                self._states.popitem(last=False)
        return wait

    def wait(self, key: str) -> float | None:
        """The seconds after which there is room; None where there is some now. Counts nothing."""
        return self._step(key)[1]

    def _step(self, key: str) -> tuple[tuple[float, ...], float | None]:
        state = self._states.get(key) or self._bucket.initial(self._rates)
        now_ms = int(self._clock() * 1000)
        state, decision = self._bucket.step(self._rates, state, now_ms, 1)
        return state, None if decision.allowed else (decision.retry_after_ms or 0) / 1000


class RateKind(Enum):
    """What is counted by credential and by address."""

    RUN = "runs are started"
    WHEP = "viewers connect"
    TOKEN = "links are made"


class RateLimiter:
    """The meters of everything that is asked for by HTTP."""

    def __init__(self, rates: dict[RateKind, Rate], *, failures: Rate) -> None:
        """
        Args:
            failures: wrong keys from one address.
        """
        self._rates = rates
        self._meters = {kind: (RateMeter(rate), RateMeter(rate)) for kind, rate in rates.items()}
        self._failures = RateMeter(failures)

    def spend(self, kind: RateKind, *, identity: str, address: str) -> None:
        """Counts one for the credential and one for the address. Raises Problem 429."""
        by_identity, by_address = self._meters[kind]
        wait = by_identity.take(identity)
        if wait is None:
            wait = by_address.take(network(address))
        if wait is not None:
            raise too_often(f"{kind.value} too often: at most {self._rates[kind]}", wait)

    def failed(self, address: str) -> None:
        """A wrong key came from this address."""
        self._failures.take(network(address))

    def may_guess(self, address: str) -> None:
        """Raises Problem 429 where too many wrong keys came from this address, whatever it shows now."""
        wait = self._failures.wait(network(address))
        if wait is not None:
            raise too_often("too many wrong keys came from your address", wait)


def too_often(detail: str, wait: float) -> Problem:
    """429 with the whole seconds after which to come again (RFC 6585 §4)."""
    headers = {"Retry-After": str(max(1, math.ceil(wait)))}
    return Problem(429, f"{detail}; try again later", code="rate_limited", headers=headers)


def network(address: str) -> str:
    """What is one party at least: an IPv4 address, or the /64 that a single IPv6 host is given (RFC 4291 §2.5.4)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
