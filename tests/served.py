"""A jumpseat server in a process of its own, as users run it, with the sample shop beside it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp

from web.shop import serving_shop

COMMAND = (sys.executable, "-m", "jumpseat")
READY_SECONDS = 60
WAIT_SECONDS = 60
STOP_SECONDS = 30
LONGEST_WAIT_SECONDS = 500
"""Of one step, whose time is limited."""


@dataclass(frozen=True)
class Served:
    """Its addresses, its owner's key, and an HTTP client that carries the key."""

    api: str
    frames: str
    site: str
    key: str
    process: asyncio.subprocess.Process
    http: aiohttp.ClientSession

    async def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Starts a run; its ``url`` may be a path of the sample shop."""
        body = {**body, "url": f"{self.site}{body['url']}" if body["url"].startswith("/") else body["url"]}
        async with self.http.post(f"{self.api}/api/tests", json=body) as answer:
            run = await answer.json()
            assert answer.status == 201, run
        return dict(run)

    async def get(self, path: str) -> dict[str, Any]:
        async with self.http.get(f"{self.api}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON."""
        async with self.http.post(f"{self.api}{path}", json=body) as answer:
            return answer.status, dict(await answer.json(content_type=None))

    async def until(self, run_id: str, seen: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Follows the run's events from its first one; all of them, up to the first that is ``seen``."""
        messages = []
        url = f"{self.api}/ws/test-control?runId={run_id}&since=0"
        async with self.http.ws_connect(url) as socket_, asyncio.timeout(WAIT_SECONDS):
            async for message in socket_:
                messages.append(message.json())
                if seen(messages[-1]):
                    return messages
        raise AssertionError(f"never seen; the last messages were {messages[-3:]}")

    async def first_run(self) -> str:
        """The id of the first run that somebody else starts here."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not (runs := (await self.get("/api/tests"))["runs"]):  # noqa: ASYNC110 - lists send no events
                await asyncio.sleep(0.1)
        return str(runs[0]["id"])

    async def start_watchable(self, page: str, *, seconds: int, **fields: object) -> str:
        """A run that looks at a page of the sample shop for so long; its id, once it has a picture.

        ``fields``: of the run, besides its address and steps.
        """
        waits = [min(LONGEST_WAIT_SECONDS, seconds - at) for at in range(0, seconds, LONGEST_WAIT_SECONDS)]
        steps = [{"type": "wait", "value": wait * 1000} for wait in waits]
        timeout = LONGEST_WAIT_SECONDS * 1000 + 1000
        run = await self.create({"url": page, "steps": steps, "stepTimeoutMs": timeout, **fields})
        await self.until(run["id"], lambda message: message["type"] == "stream_available")
        return str(run["id"])

    async def cancel(self, run_id: str) -> None:
        async with self.http.post(f"{self.api}/api/tests/{run_id}/cancel"):
            pass


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    return free_ports(1, kind)[0]


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """So many ports, each another one, that nobody has.

    They are below those that the system gives away by itself, and each worker of the tests has its own: nobody else
    takes one before it is used.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + worker % 3 * 4_000
    shuffled = secrets.SystemRandom().sample(range(first, first + 4_000), 4_000)
    return list(islice((port for port in shuffled if _is_free(port, kind)), count))


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:  # as a server does, for connections that have ended hold their ports for a while
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@asynccontextmanager
async def served(
    *, command: Sequence[str] = COMMAND, log: Path | None = None, **settings: str
) -> AsyncIterator[Served]:
    """Starts ``jumpseat serve`` on free loopback ports and the sample site; ends both.

    ``command`` is what ``serve`` is put behind; ``log`` gets what the server writes to stderr.
    """
    (port, frame_port), key = free_ports(2), secrets.token_urlsafe(24)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(serving_shop())
        data = stack.enter_context(tempfile.TemporaryDirectory())
        environment = os.environ | {
            "JUMPSEAT_PORT": str(port),
            "FRAME_SERVER_PORT": str(frame_port),
            "JUMPSEAT_API_KEYS": f"tester:{key}",
            "JUMPSEAT_DATA_DIR": data,
            "JUMPSEAT_ICE_ADDRESSES": "127.0.0.1",
            "JUMPSEAT_LOG": "warning",
            **settings,
        }
        process = await stack.enter_async_context(_served((*command, "serve"), environment, log))
        headers = {"Authorization": f"Bearer {key}"}
        http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        base = "http://127.0.0.1:"
        yield Served(f"{base}{port}", f"{base}{frame_port}", site, key, process, http)


@asynccontextmanager
async def _served(
    command: Sequence[str], environment: dict[str, str], log: Path | None
) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    with log.open("ab") if log else nullcontext() as stderr:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=stderr)
    try:
        assert process.stdout
        async with asyncio.timeout(READY_SECONDS):
            if not await process.stdout.readline():
                raise RuntimeError("the server did not start; its reason stands above")
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
