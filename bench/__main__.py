"""``python -m bench``: measures, prints the tables, and writes ``bench/results.json``. ``BENCH=full`` takes longer."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.glass import Ages, glass_to_glass
from tests.chromium import chromium
from tests.served import served

RESULTS = Path(__file__).with_name("results.json")


async def measure(*, full: bool) -> list[Ages]:
    rates, seconds = ((10, 20, 30), 30) if full else ((20,), 8)
    async with served() as server, chromium() as browser:
        return [ages for fps in rates for ages in await glass_to_glass(server, browser, fps=fps, seconds=seconds)]


def print_table(console: Console, rows: list[dict[str, object]]) -> None:
    table = Table(*rows[0], title="Glass to glass, 1280x720, loopback")
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.print(table)


def main() -> None:
    rows = [ages.row() for ages in asyncio.run(measure(full=os.environ.get("BENCH") == "full"))]
    console = Console(width=120)
    print_table(console, rows)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    RESULTS.write_text(json.dumps({"machine": machine, "glassToGlass": rows}, indent=2) + "\n")
    console.print(f"{machine}; written to {RESULTS.name}")


if __name__ == "__main__":
    main()
