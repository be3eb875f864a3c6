"""What `jumpseat attach` costs somebody's own test while nobody watches: time, the start, and memory."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping

from bench.figures import Row, percentile, ratio
from bench.usage import memory_mib
from jumpseat.attached_command import attached_environment
from tests.attach.comparing import run_alone, run_attached
from tests.attach.suite import SUITES_BY_NAME
from tests.attach.suites.site import serving_suite_site
from tests.chromium import browser_path
from tests.served import Served, served

CONTEXTS = 20
SCRIPT = """
import json, os, sys, time
from playwright.sync_api import expect, sync_playwright

site, rounds = sys.argv[1], int(sys.argv[2])
clicks = []
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM_PATH"], args=["--no-sandbox"])
    begun = time.perf_counter()
    for _ in range(rounds):
        page = browser.new_context().new_page()
        page.goto(f"{site}/products/mug")
        add = page.get_by_role("button", name="Add to cart")
        for _ in range(10):
            at = time.perf_counter()
            add.click()
            clicks.append((time.perf_counter() - at) * 1000)
        expect(page.get_by_role("status")).to_contain_text("is in your cart")
        page.goto(f"{site}/checkout")
        page.get_by_label("Name").first.fill("Ada Lovelace")
        page.context.close()
    seconds = time.perf_counter() - begun
    browser.close()
print(json.dumps({"seconds": seconds, "clicks": clicks}))
"""
"""A suite's tests one after another: a context for each, as pytest-playwright has it."""
HOLDER = """
import os, sys
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM_PATH"], args=["--no-sandbox"])
    for _ in range(int(sys.argv[2])):
        browser.new_context().new_page().goto(sys.argv[1])
    print("open", flush=True)
    sys.stdin.read()
"""


async def attached(server: Served, *, times: int, rounds: int) -> list[Row]:
    """The same script by itself and attached, in turns."""
    session = await _session(server)
    own = _variables()
    ways = {"by itself": own, "attached, unwatched": attached_environment(own, session, untimed=False)}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    clicks: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(times):
        for way, variables in ways.items():
            said = json.loads(await _run(variables, SCRIPT, server.site, str(rounds)))
            seconds[way].append(said["seconds"])
            clicks[way] += said["clicks"]
    base = statistics.median(seconds["by itself"])
    return [
        {
            "suite": way,
            "medianSeconds": round(statistics.median(seconds[way]), 2),
            "ratio": ratio(statistics.median(seconds[way]), base),
            "clickP50Ms": percentile(clicks[way], 50),
            "clickP95Ms": percentile(clicks[way], 95),
            "runs": times,
            "clicks": len(clicks[way]),
        }
        for way in ways
    ]


async def attached_suites(*names: str, times: int) -> list[Row]:
    """Suites of somebody's own by themselves and by `jumpseat attach`, from the command to its end, in turns."""
    rows: list[Row] = []
    async with serving_suite_site() as site:
        for suite in map(SUITES_BY_NAME.__getitem__, names):
            command = suite.command(smoke=False)
            seconds: dict[str, list[float]] = {"by itself": [], "by jumpseat attach": []}
            tests = 0
            for _ in range(times):
                for way, taken in seconds.items():
                    begun = time.perf_counter()
                    if way == "by itself":
                        run = await run_alone(suite, site, command)
                    else:
                        run, _nobody = await run_attached(suite, site, command)
                    taken.append(time.perf_counter() - begun)
                    tests = len(run.results)
            base = statistics.median(seconds["by itself"])
            rows += [
                {
                    "suite": suite.name,
                    "how": way,
                    "tests": tests,
                    "medianSeconds": round(statistics.median(taken), 1),
                    "ratio": ratio(statistics.median(taken), base),
                    "runs": times,
                }
                for way, taken in seconds.items()
            ]
    return rows


async def attach_start(site: str, *, times: int) -> list[Row]:
    """A suite of one test, from the command to its end: by itself and by `jumpseat attach`, in turns; and `true`."""
    with tempfile.TemporaryDirectory() as data:
        variables = {**_variables(), "JUMPSEAT_DATA_DIR": data, "JUMPSEAT_LOG": "error"}
        suite, jumpseat = (sys.executable, "-c", SCRIPT, site, "1"), (sys.executable, "-m", "jumpseat", "attach", "--")
        commands = {
            "one test, by itself": suite,
            "one test, by jumpseat attach": (*jumpseat, *suite),
            "true, by jumpseat attach": (*jumpseat, "true"),
        }
        taken: dict[str, list[float]] = {what: [] for what in commands}
        for _ in range(times):
            for what, command in commands.items():
                taken[what].append(await _timed(command, variables))
    return [
        {"what": what, "medianSeconds": round(statistics.median(seconds), 2), "runs": times}
        for what, seconds in taken.items()
    ]


async def attach_memory() -> list[Row]:
    """What the server itself holds for each open context, and after all are closed, without what the browser holds."""
    async with served(JUMPSEAT_MAX_RUNS="64") as server:
        variables = attached_environment(_variables(), await _session(server), untimed=False)
        await _run(variables, SCRIPT, server.site, "2")
        before = memory_mib(server.process.pid)
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLDER, server.site, str(CONTEXTS)),
            env=variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout
        assert holder.stdin
        assert await holder.stdout.readline() == b"open\n"
        during = memory_mib(server.process.pid)
        holder.stdin.close()
        await holder.wait()
        after = memory_mib(server.process.pid)
    return [
        {
            "contexts": CONTEXTS,
            "beforeMib": round(before, 1),
            "eachMib": round((during - before) / CONTEXTS, 1),
            "afterMib": round(after, 1),
        }
    ]


async def _session(server: Served) -> str:
    status, session = await server.post("/api/attach", {"name": "bench"})
    assert status == 201, session
    return str(session["endpoint"])


def _variables() -> dict[str, str]:
    return {**os.environ, "CHROMIUM_PATH": str(browser_path() or "")}


async def _run(variables: Mapping[str, str], script: str, *arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, *arguments), env=variables, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, f"the script has failed with {process.returncode}"
    return output


async def _timed(command: tuple[str, ...], variables: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    return time.perf_counter() - begun
