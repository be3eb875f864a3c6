"""Host names looked up for the egress proxy, with a cache and threads of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

from media.aio import cancel_and_wait
from runner.egress.policy import LOOPBACK, Address, is_localhost, literal

Resolver = Callable[[str], Awaitable[tuple[Address, ...]]]
"""Returns the addresses of a name, the best first. Raises OSError where there is none."""

_KEPT_SECONDS = 60.0
"""As long as Chromium's own host cache keeps an answer of the system's resolver."""
_MAX_KEPT = 256
_MAX_THREADS = 8


class DnsCache:
    """Caches the addresses of names for one browser, for a minute each."""

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or system_resolver()
        self._answers: OrderedDict[str, tuple[float, asyncio.Task[tuple[Address, ...]]]] = OrderedDict()

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """Returns the host's addresses, at least one, the best first. Raises OSError where there is none."""
        if (address := literal(host)) is not None:
            return (address,)
        if is_localhost(host):
            return LOOPBACK
        return await asyncio.shield(self._answer(host))

    async def aclose(self) -> None:
        """Cancels look-ups that have not ended, and waits. Safe to repeat."""
        tasks = [task for _, task in self._answers.values()]
        self._answers.clear()
        await cancel_and_wait(*tasks)

    def _answer(self, host: str) -> asyncio.Task[tuple[Address, ...]]:
        now = asyncio.get_running_loop().time()
        until, task = self._answers.get(host, (0.0, None))
        if task is None or now >= until or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._resolver(host))
            self._answers[host] = now + _KEPT_SECONDS, task
            self._answers.move_to_end(host)
            self._forget_oldest()
        return task

    def _forget_oldest(self) -> None:
        if len(self._answers) > _MAX_KEPT and next(iter(self._answers.values()))[1].done():
            self._answers.popitem(last=False)


def system_resolver() -> Resolver:
    """Returns a resolver that asks the operating system, in threads of its own.

    A page may name hosts whose name servers never answer: the loop's own threads, which the server needs, are not used,
    and the threads that are hold up nothing when the server ends.
    """
    turns = asyncio.Semaphore(_MAX_THREADS)

    async def resolver(host: str) -> tuple[Address, ...]:
        async with turns:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[tuple[Address, ...]] = loop.create_future()
            threading.Thread(target=_resolve_in_thread, args=(host, loop, answer), name="dns", daemon=True).start()
            return await answer

    return resolver


def _resolve_in_thread(host: str, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[tuple[Address, ...]]) -> None:
    error: Exception | None = None
    found: tuple[Address, ...] = ()
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(ip_address(info[4][0]) for info in infos))
    except (OSError, UnicodeError, ValueError) as caught:
        error = caught if isinstance(caught, OSError) else OSError(str(caught))

    def deliver() -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(found)

    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(deliver)
