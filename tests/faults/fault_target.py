"""A real server under a fault, and a run beside it that must notice nothing."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.processes import children
from tests.served import Served

MOVING = "/timecode.html?fps=10"
QUIET = {"helpTimeoutMs": 0}
"""Nobody helps: a run that is stuck ends at once."""


@dataclass(frozen=True)
class FaultTarget:
    """One server, what it has logged, and the bystander: a watched run that goes on all the time."""

    server: Served
    log: Path
    bystander: str

    async def run(self, body: dict[str, Any]) -> str:
        """Starts a run that nobody helps; its id."""
        return str((await self.server.create(QUIET | body))["id"])

    async def step_begun(self, run_id: str, number: int = 1) -> None:
        """Until that step is under way."""
        await self.server.until(run_id, lambda message: is_step(message, number, "running"))

    async def ended(self, run_id: str) -> dict[str, Any]:
        """The run after its end, which was told once and as it is kept."""
        told = await self.server.until(run_id, lambda message: message["type"] == "run_finished")
        run = await self.server.get(f"/api/tests/{run_id}")
        assert (told[-1]["status"], told[-1]["error"]) == (run["status"], run["error"])
        return run

    async def unharmed(self) -> None:
        """The bystander goes on and is seen, a new run passes, and nobody was shown the server's inside."""
        newest = await self._picture("")
        assert int((await self._picture(f"?after={newest['X-Frame-Seq']}"))["X-Frame-Seq"]) > int(newest["X-Frame-Seq"])
        assert (await self.server.get(f"/api/tests/{self.bystander}"))["status"] == "running"
        steps = [{"type": "expect_url", "value": "/cart"}]
        run = await self.ended(await self.run({"url": "/cart", "steps": steps}))
        assert (run["status"], run["error"]) == ("passed", None)
        assert "Traceback" not in self.log.read_text()

    async def _picture(self, query: str) -> dict[str, str]:
        async with self.server.http.get(f"{self.server.frames}/stream/{self.bystander}{query}") as answer:
            assert answer.status == 200, await answer.text()
            return dict(answer.headers)


def is_step(message: dict[str, Any], number: int, status: str) -> bool:
    return message["type"] == "test_step" and (message["step"]["stepNumber"], message["step"]["status"]) == (
        number,
        status,
    )


def one_sentence(text: str | None) -> bool:
    """A reason as a person is to read it: on one line, not too long, without any of our inside."""
    return bool(text) and "\n" not in str(text) and len(str(text)) < 300 and "Error:" not in str(text)


def browsers(pid: int) -> list[int]:
    """The main processes of the browsers below this one."""
    found = {each: _arguments(each) for each in children(pid)}
    alike = [
        each
        for each, arguments in found.items()
        if any(part.startswith("--remote-debugging") for part in arguments) and not _kind(arguments)
    ]
    # A process that a browser has just started looks like the browser until it has become another program.
    below = {child for each in alike for child in children(each)}
    return [each for each in alike if each not in below]


def renderers(browser: int) -> list[int]:
    """The processes that hold its pages."""
    return [each for each in children(browser) if _kind(_arguments(each)) == "renderer"]


async def gauge(server: Served, name: str) -> float:
    """One figure of ``/metrics``, with its labels as they stand there."""
    async with server.http.get(f"{server.api}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return float(next((line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")), "0"))


async def until_gauge(server: Served, name: str, is_so: Callable[[float], bool], *, seconds: float) -> None:
    """Until that is so of it; gauges send no events."""
    async with asyncio.timeout(seconds):
        while not is_so(await gauge(server, name)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def refused(answer: aiohttp.ClientResponse) -> str:
    """The one sentence of a problem document."""
    assert answer.content_type == "application/problem+json"
    detail = str((await answer.json())["detail"])
    assert one_sentence(detail)
    return detail


@contextmanager
def deaf(base: str, path: str, *, upgrade: bool = False) -> Iterator[None]:
    """A client that asks for that, or for a WebSocket there, and then reads nothing."""
    address = urlsplit(base)
    key = base64.b64encode(bytes(16)).decode()
    headers = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((address.hostname, address.port))
        asked = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{headers if upgrade else ''}\r\n"
        client.sendall(asked.encode())
        yield


def _arguments(pid: int) -> list[str]:
    try:
        # Chromium's children write theirs over, with blanks between.
        return re.split(r"[\0 ]", Path(f"/proc/{pid}/cmdline").read_text())
    except OSError:
        return []


def _kind(arguments: list[str]) -> str:
    return next((part.removeprefix("--type=") for part in arguments if part.startswith("--type=")), "")
