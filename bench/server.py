"""A jumpseat server in a process of its own, as users run it, with the page that is watched beside it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from web.shop import serving_shop

READY_SECONDS = 30
STOP_SECONDS = 10


@dataclass(frozen=True)
class Bench:
    """What a benchmark needs: addresses, the key, and an HTTP client that carries it."""

    api: str
    frames: str
    site: str
    key: str
    pid: int
    http: aiohttp.ClientSession

    async def start_run(self, page: str, *, seconds: int) -> str:
        """A run that looks at a page of the sample site for so long; its id, once it has a picture."""
        steps = [{"type": "wait", "value": seconds * 1000}]
        body = {"url": f"{self.site}{page}", "steps": steps, "stepTimeoutMs": 600_000}
        async with self.http.post(f"{self.api}/api/tests", json=body) as answer:
            run = await answer.json()
            answer.raise_for_status()
        run_id = str(run["id"])
        url = f"{self.api}/ws/test-control?runId={run_id}"
        async with self.http.ws_connect(url) as socket_, asyncio.timeout(READY_SECONDS):
            async for message in socket_:
                if message.json()["type"] == "stream_available" or _is_running(message.json()):
                    return run_id
        raise RuntimeError("the run ended before it had a picture")

    async def cancel(self, run_id: str) -> None:
        async with self.http.post(f"{self.api}/api/tests/{run_id}/cancel"):
            pass


def _is_running(message: dict[str, Any]) -> bool:
    return bool(message["type"] == "hello" and message["run"]["status"] == "running")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def bench_server(**settings: str) -> AsyncIterator[Bench]:
    """Starts ``jumpseat serve`` on free loopback ports and the sample site; ends both."""
    port, frame_port, key = free_port(), free_port(), secrets.token_urlsafe(24)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(serving_shop())
        data = stack.enter_context(tempfile.TemporaryDirectory())
        environment = os.environ | {
            "JUMPSEAT_PORT": str(port),
            "FRAME_SERVER_PORT": str(frame_port),
            "JUMPSEAT_API_KEYS": f"bench:{key}",
            "JUMPSEAT_DATA_DIR": data,
            "JUMPSEAT_ICE_ADDRESSES": "127.0.0.1",
            "JUMPSEAT_LOG": "warning",
            **settings,
        }
        process = await stack.enter_async_context(_served(environment))
        headers = {"Authorization": f"Bearer {key}"}
        http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        base = "http://127.0.0.1:"
        yield Bench(f"{base}{port}", f"{base}{frame_port}", site, key, process.pid, http)


@asynccontextmanager
async def _served(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "jumpseat", "serve")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
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
