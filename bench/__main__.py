"""``python -m bench [NAME…]``: measures, prints the tables, and writes ``bench/results.json``.

``BENCH=full`` takes longer: more page rates, more repetitions, and the long run. With names of tables only those are
measured, and the others stay in the file as they are.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser
from rich.console import Console
from rich.table import Table

from bench import bad_network
from bench.attached import attach_memory, attach_start, attached, attached_suites
from bench.click import click_to_pixel
from bench.commands import round_trips
from bench.fanout import fan_out
from bench.figures import Section, machine
from bench.first import first_pictures
from bench.glass import compare, glass_recorded, glass_to_glass, still_page
from bench.growth import growth
from bench.livekit import livekit_tax
from bench.tax import tax
from tests.chromium import chromium
from tests.served import Served, served

RESULTS = Path(__file__).with_name("results.json")


class Bench:
    """All measurements, by the names of their tables."""

    def __init__(self, stack: AsyncExitStack, *, full: bool) -> None:
        self._stack = stack
        self._full = full
        self._server: Served | None = None
        self._browser: Browser | None = None

    @property
    def all(self) -> dict[str, Callable[[], Awaitable[list[Section]]]]:
        short: dict[str, Callable[[], Awaitable[list[Section]]]] = {
            "glassToGlass": self.glass,
            "glassRecorded": self.glass_recorded,
            "firstPicture": self.first,
            "clickToPixel": self.click,
            "commands": self.commands,
            "tax": self.tax,
            "fanOut": self.fan_out,
            "livekit": self.livekit,
            "attached": self.attached,
            "attachedSuites": self.attached_suites,
        }
        return short | ({"badNetworks": self.bad_networks, "growth": self.growth} if self._full else {})

    async def glass(self) -> list[Section]:
        rounds, seconds = (6, 8.0) if self._full else (2, 3.0)
        rows = await self._glass("fps=20", rounds, seconds)
        for query in ("fps=10", "fps=30", "fps=20&scroll=1") if self._full else ():
            rows += await self._glass(query, rounds // 3, seconds)
        still = await still_page(*await self._ready(), seconds=seconds)
        ratios = compare([row for row in rows if row["page"] == "fps=20"])
        return [
            Section("glassToGlass", "Glass to glass, 1280x720, loopback", rows),
            Section("glassToGlassRatios", "The same for 20 pictures a second, on screen, as ratios", ratios),
            Section("stillPage", "A still page", still),
        ]

    async def glass_recorded(self) -> list[Section]:
        rounds, seconds = (6, 8.0) if self._full else (2, 4.0)
        rows = await glass_recorded(*await self._ready(), rounds=rounds, seconds=seconds)
        return [Section("glassRecorded", "Glass to glass of a run that is recorded, by WHEP in Chromium", rows)]

    async def first(self) -> list[Section]:
        server, browser = await self._ready()
        rows = await first_pictures(server, browser, times=15 if self._full else 3)
        return [Section("firstPicture", "First picture", rows)]

    async def click(self) -> list[Section]:
        server, browser = await self._ready()
        rows = await click_to_pixel(server, browser, times=60 if self._full else 15)
        return [Section("clickToPixel", "Click to pixel", rows)]

    async def commands(self) -> list[Section]:
        server, browser = await self._ready()
        rows = await round_trips(server, browser, times=200 if self._full else 30)
        return [Section("commands", "Commands", rows)]

    async def tax(self) -> list[Section]:
        server, _ = await self._ready()
        async with served(ENABLE_STREAMING="false") as off:
            rows = await tax(server, off, times=7 if self._full else 2)
        return [Section("tax", "Tax on a run of 30 steps", rows)]

    async def fan_out(self) -> list[Section]:
        seconds = 20.0 if self._full else 4.0
        rows = await fan_out(sizes=(1, 10, 50, 100), stock_sizes=(1, 2), seconds=seconds)
        return [Section("fanOut", "Fan-out, H.264, 1280x720, 20 pictures a second, 1 Mbit/s", rows)]

    async def livekit(self) -> list[Section]:
        rows = await livekit_tax(seconds=30.0 if self._full else 6.0)
        title = "jumpseat's own CPU with viewers in a LiveKit room, H.264, 1280x720, 20 pictures a second"
        return [Section("livekit", title, rows)] if rows else []

    async def attached(self) -> list[Section]:
        async with served(JUMPSEAT_MAX_RUNS="64") as server:
            rows = await attached(server, times=7 if self._full else 3, rounds=30 if self._full else 10)
            start = await attach_start(server.site, times=7 if self._full else 3)
        return [
            Section("attached", "Somebody's own suite by jumpseat attach", rows),
            Section("attachStart", "Start and end of jumpseat attach", start),
            Section("attachMemory", "The server's memory for attached contexts", await attach_memory()),
        ]

    async def attached_suites(self) -> list[Section]:
        names = ("pytest", "playwright") if self._full else ("pytest",)
        rows = await attached_suites(*names, times=3 if self._full else 1)
        return [Section("attachedSuites", "Whole suites by jumpseat attach", rows)]

    async def bad_networks(self) -> list[Section]:
        rows = await bad_network.measure(*await self._ready(), seconds=20.0)
        return [Section("badNetworks", "A viewer on a bad network, a page that scrolls a long text", rows)]

    async def growth(self) -> list[Section]:
        server, _ = await self._ready()
        return [Section("growth", "A long watched run", await growth(server, minutes=15))]

    async def _glass(self, query: str, rounds: int, seconds: float) -> list[dict[str, object]]:
        server, browser = await self._ready()
        return await glass_to_glass(server, browser, query=query, rounds=rounds, seconds=seconds)

    async def _ready(self) -> tuple[Served, Browser]:
        """The server and the browser that most measurements share, started for the first of them."""
        if self._server is None or self._browser is None:
            self._server = await self._stack.enter_async_context(served())
            self._browser = await self._stack.enter_async_context(chromium())
        return self._server, self._browser


async def measure(console: Console, names: list[str], *, full: bool) -> list[Section]:
    sections: list[Section] = []
    async with AsyncExitStack() as stack:
        bench = Bench(stack, full=full)
        for name, work in bench.all.items():
            if not names or name in names:
                found = await work()
                sections += found
                for section in found:
                    console.print(table(section))
    return sections


def table(section: Section) -> Table:
    drawn = Table(*section.rows[0], title=section.title, title_justify="left")
    for row in section.rows:
        drawn.add_row(*("" if value is None else str(value) for value in row.values()))
    return drawn


def main(names: list[str]) -> None:
    console = Console(width=150)
    described = machine()
    full = os.environ.get("BENCH") == "full"
    kept = json.loads(RESULTS.read_text()) if names and RESULTS.exists() else {}
    found = {section.key: section.rows for section in asyncio.run(measure(console, names, full=full))}
    results = kept | {"machine": described, "full": full} | found
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    console.print(f"{described}; written to {RESULTS.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
