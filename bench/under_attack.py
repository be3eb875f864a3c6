"""``python -m bench.under_attack [MINUTES]``: strangers and a guest attack a server while an owner's run is watched.

Prints what was thrown at the server and how old the picture was before and meanwhile, and exits with 1 where something
does not hold: the owner is always answered, the run ends as it should, the picture is at most twice as old, the log
stays short and nothing is left behind. The attackers keep to rates, as they share the machine with what they attack.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from rich.console import Console
from rich.table import Table

from bench.figures import machine, percentile, ratio
from bench.soak.footprint import at_rest
from bench.soak.report import tracebacks
from tests.chromium import WhepViewer, chromium
from tests.runner.browser.driver_harness import site
from tests.served import COMMAND, Served, served
from tests.signaling.offers import SDP, VP8_OFFER

MINUTES = 10.0
CALM_SECONDS = 60.0
"""Before the attack, for the age of the picture to be compared with."""
WARM_UP_SECONDS = 10.0
"""Of the attack on a first run, after which what is only ever made once is there."""
DESCRIPTORS = 1024
IDLE = 1100
"""Connections that strangers want to hold: more than there are descriptors."""
LONGEST_LOG = 64 * 1024
"""Bytes for each minute; 1,100 connections that could not be accepted have once cost 30 MB."""
MOST_OLDER = 2.0
OTHER_KEY = "mallory.0123456789abcdef0123456789abcdef"
"""Of another owner, whose runs look at hostile pages."""
_SOON = aiohttp.ClientTimeout(total=30)
_FLOOD = "<title>Flood</title><button onclick=\"for (let i = 0; i < 5000; i++) alert('no ' + i)\">Go</button>"
_BOMBS = {"deflate": zlib.compress(bytes(300_000_000)), "gzip": gzip.compress(bytes(30_000_000))}


@dataclass
class Attack:
    """Everybody who means the server harm, each at a rate of their own."""

    server: Served
    guest: str
    """A link of a viewer."""
    run_id: str
    flood: str
    """A page that opens alerts without end."""
    thrown: Counter[str] = field(default_factory=Counter)
    """What was done, by kind and by how it was answered."""

    async def go_on(self, seconds: float) -> None:
        """Attacks for so long."""
        acts: list[tuple[Callable[[], Awaitable[str]], str, float]] = [
            (self._bomb, "bomb", 0.2),
            (self._endless_body, "endless body", 1.0),
            (self._guess, "wrong key", 0.05),
            (self._offer, "offer to many", 0.2),
            (self._crowd, "viewer more", 0.1),
            (self._page_that_floods, "page of alerts", 1.0),
        ]
        until = time.monotonic() + seconds
        async with aiohttp.ClientSession(timeout=_SOON) as self._http:
            await asyncio.gather(
                *(self._repeat(act, kind, pause, until) for act, kind, pause in acts),
                self._hold_connections(until),
                self._flood_with_messages(until),
            )

    async def _repeat(self, act: Callable[[], Awaitable[str]], kind: str, pause: float, until: float) -> None:
        while time.monotonic() < until:
            try:
                answered = await act()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                answered = type(error).__name__
            self.thrown[f"{kind}: {answered}"] += 1
            await asyncio.sleep(pause)

    async def _bomb(self) -> str:
        """A body that is a thousand times as large once it is inflated, from somebody without a key."""
        encoding, body = list(_BOMBS.items())[self.thrown.total() % len(_BOMBS)]
        headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
        async with self._http.post(f"{self.server.api}/api/tests", data=body, headers=headers) as answer:
            return str(answer.status)

    async def _endless_body(self) -> str:
        reader, writer = await self._connect(self.server.api)
        with suppress(OSError):
            writer.write(b"POST /api/tests HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
            async with asyncio.timeout(5):
                for _ in range(1000):
                    writer.write(bytes(64 * 1024))
                    await writer.drain()
        line = await reader.readline()
        writer.transport.abort()
        return line.split(b" ")[1].decode() if line else "cut"

    async def _guess(self) -> str:
        headers = {"Authorization": f"Bearer wrong-{self.thrown.total()}"}
        async with self._http.get(f"{self.server.api}/api/tests", headers=headers) as answer:
            return str(answer.status)

    async def _offer(self) -> str:
        """An offer by the guest's link, with addresses of others in it."""
        hosts = (f"127.0.{1 + self.thrown.total() % 200}.{number}" for number in range(1, 60))
        lines = (f"a=candidate:{at} 1 udp {at + 1} {host} 9 typ host\r\n" for at, host in enumerate(hosts))
        headers = {**SDP, "Authorization": f"Bearer {self.guest}"}
        url, offer = f"{self.server.api}/whep/{self.run_id}", VP8_OFFER + "".join(lines)
        async with self._http.post(url, data=offer, headers=headers) as answer:
            return str(answer.status)

    async def _crowd(self) -> str:
        """One more long poll by the guest's link, which nobody waits for."""
        url = f"{self.server.frames}/stream/{self.run_id}?after=999999999&token={self.guest}"
        with suppress(TimeoutError):
            async with self._http.get(url, timeout=aiohttp.ClientTimeout(total=0.5)) as answer:
                return str(answer.status)
        return "left"

    async def _page_that_floods(self) -> str:
        """A run of another owner's on that page, ended by its step's time."""
        steps = [{"type": "click", "selector": "button"}]
        body = {"url": self.flood, "steps": steps, "stepTimeoutMs": 5000, "helpTimeoutMs": 0}
        headers = {"Authorization": f"Bearer {OTHER_KEY}"}
        async with self._http.post(f"{self.server.api}/api/tests", json=body, headers=headers) as answer:
            made = await answer.json()
        if "id" not in made:
            return str(answer.status)
        async with asyncio.timeout(60):
            while True:
                async with self._http.get(f"{self.server.api}/api/tests/{made['id']}", headers=headers) as answer:
                    status = str((await answer.json())["status"])
                if status in {"passed", "failed", "cancelled"}:
                    return status
                await asyncio.sleep(0.5)

    async def _hold_connections(self, until: float) -> None:
        """Keeps as many open as it can, on both ports: half of them silent, half with a head that trickles."""
        held: list[asyncio.StreamWriter] = []
        try:
            while time.monotonic() < until:
                held = [each for each in held if not each.transport.is_closing()]
                for _ in range(min(20, IDLE - len(held))):
                    with suppress(OSError, TimeoutError):
                        _, writer = await self._connect(self.server.api if len(held) % 2 else self.server.frames)
                        held.append(writer)
                        self.thrown["connection held"] += 1
                for writer in held[::2]:
                    if not writer.transport.is_closing():
                        writer.write(b"G")
                await asyncio.sleep(0.2)
        finally:
            for writer in held:
                writer.transport.abort()

    async def _flood_with_messages(self, until: float) -> None:
        """Sends the guest's messages, which a viewer may not send, by the hundred."""
        url = f"{self.server.api}/ws/test-control?runId={self.run_id}&token={self.guest}"
        while time.monotonic() < until:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self._http.ws_connect(url) as socket:
                    reading = asyncio.create_task(_read_all(socket))
                    while time.monotonic() < until and not socket.closed:
                        for _ in range(20):
                            await socket.send_str(json.dumps({"type": "input", "kind": "move", "x": 1, "y": 1}))
                            self.thrown["message"] += 1
                        await asyncio.sleep(0.1)
                    await socket.close()
                    await reading
            await asyncio.sleep(0.5)

    async def _connect(self, base: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(5):
            return await asyncio.open_connection("127.0.0.1", urlsplit(base).port)


async def _read_all(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


class Watched:
    """A run of the owner's with a time code in its page, and a viewer in Chromium."""

    def __init__(self, server: Served, *, seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._stack = AsyncExitStack()
        self.wrong: list[str] = []
        self.answers: list[float] = []
        """How long the owner has waited for each answer, ms."""

    async def __aenter__(self) -> Watched:
        browser = await self._stack.enter_async_context(chromium())
        lasting = round(self._seconds) + 30
        self._run_id = await self._server.start_watchable("/timecode.html?fps=20", seconds=lasting)
        self._guest = await self._link("viewer")
        own = await self._link("controller")
        self._viewer = await WhepViewer.watch(browser, self._server.api, self._run_id, token=own)
        await self._viewer.wait("v.pictures > 20")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            ended = await self._server.until(self._run_id, lambda message: message["type"] == "run_finished")
            if ended[-1]["status"] != "passed":
                self.wrong.append(f"the watched run has ended {ended[-1]['status']}: {ended[-1]['error']}")
        finally:
            await self._stack.aclose()

    def attack(self, flood: str) -> Attack:
        """Returns what is aimed at this run, with its guest's link."""
        return Attack(self._server, self._guest, self._run_id, flood)

    async def ages(self, seconds: float) -> list[float]:
        """Returns how old each picture of the next so many seconds is when it arrives, ms."""
        await self._viewer.ask("(v.ages.length = v.seenAt.length = 0)")
        await asyncio.sleep(seconds)
        return list(await self._viewer.ask("v.ages"))

    async def ask_all_along(self) -> None:
        """Asks for the run once a second, as its owner."""
        while True:
            asked = time.monotonic()
            try:
                async with self._server.http.get(
                    f"{self._server.api}/api/tests/{self._run_id}", timeout=_SOON
                ) as answer:
                    if answer.status != 200:
                        self.wrong.append(f"the owner was answered {answer.status}: {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.wrong.append(f"the owner was not answered: {error!r}")
            self.answers.append((time.monotonic() - asked) * 1000)
            await asyncio.sleep(1)

    async def _link(self, role: str) -> str:
        status, made = await self._server.post(f"/api/tests/{self._run_id}/tokens", {"role": role})
        assert status == 201, made
        return str(made["token"])


@dataclass
class Outcome:
    """What came of it."""

    calm: list[float]
    """Ages of pictures at their arrival, ms, before the attack."""
    meanwhile: list[float]
    answers: list[float]
    """How long the owner has waited for an answer meanwhile, ms."""
    thrown: Counter[str]
    wrong: list[str]


async def under_attack(minutes: float, folder: Path) -> Outcome:
    """Attacks a server of its own for so long."""
    log, keys = folder / "log", folder / "keys"
    keys.write_text(f"mallory:{OTHER_KEY}\n")
    keys.chmod(0o600)
    # In a session of its own, as services are: the attackers are to have no part of its share of the processors.
    limited = ("setsid", "prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", *COMMAND)
    settings = {"JUMPSEAT_API_KEYS_FILE": str(keys)}
    async with AsyncExitStack() as stack:
        flood = await stack.enter_async_context(site({"/": _FLOOD}))
        server = await stack.enter_async_context(served(command=limited, log=log, **settings))
        async with Watched(server, seconds=WARM_UP_SECONDS) as first:
            await first.attack(flood).go_on(WARM_UP_SECONDS)
        before = await at_rest(server)
        async with Watched(server, seconds=CALM_SECONDS + minutes * 60) as watched:
            calm = await watched.ages(CALM_SECONDS)
            attack = watched.attack(flood)
            owner = asyncio.create_task(watched.ask_all_along())
            going_on = asyncio.create_task(attack.go_on(minutes * 60))
            meanwhile = await watched.ages(minutes * 60)
            await going_on
            owner.cancel()
        wrong = [*first.wrong, *watched.wrong, *(await at_rest(server)).beyond(before), *tracebacks(log)]
    if log.stat().st_size > LONGEST_LOG * (minutes + 1):
        wrong.append(f"the log has {log.stat().st_size} bytes")
    if server.process.returncode != 0:
        wrong.append(f"the server ended with code {server.process.returncode}")
    older = ratio(percentile(meanwhile, 95), percentile(calm, 95))
    if older is None or older > MOST_OLDER:
        wrong.append(f"the picture is {older} times as old at the 95th percentile, and may be {MOST_OLDER:g}")
    return Outcome(calm, meanwhile, watched.answers, attack.thrown, wrong)


def print_outcome(outcome: Outcome) -> None:
    console = Console(width=120)
    table = Table("age of the picture at its arrival", "p50 ms", "p95 ms", "pictures", title_justify="left")
    for when, ages in (("before", outcome.calm), ("under attack", outcome.meanwhile)):
        table.add_row(when, *(str(percentile(ages, percent)) for percent in (50, 95)), str(len(ages)))
    console.print(table)
    slow = f"p50 {percentile(outcome.answers, 50)} ms, p95 {percentile(outcome.answers, 95)} ms"
    console.print(f"the owner's {len(outcome.answers)} requests meanwhile: {slow}")
    console.print("thrown: " + ", ".join(f"{kind} {count}" for kind, count in sorted(outcome.thrown.items())))
    console.print(f"wrong or left behind: {len(outcome.wrong) or 'nothing'}")
    for sentence in outcome.wrong:
        console.print(f"  {sentence}", markup=False, highlight=False)
    console.print(str(machine()))


def main(arguments: list[str]) -> int:
    minutes = float(arguments[0] if arguments else os.environ.get("MINUTES") or MINUTES)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(under_attack(minutes, Path(folder)))
    print_outcome(outcome)
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
