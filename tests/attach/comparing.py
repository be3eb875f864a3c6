"""Runs a suite by itself and by `jumpseat attach`, and compares what became of each test.

`python -m tests.attach.comparing --times 10 --watcher` runs both suites whole; the exit code is 1 where any result
differs, and each difference is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.attach.onlookers import Look, Onlookers, control, looking, watch
from tests.attach.suite import (
    END_SECONDS,
    SUITES_BY_NAME,
    Started,
    Suite,
    SuiteRun,
    output_folder,
    running,
)
from tests.attach.suites.site import SuiteSite, serving_suite_site
from tests.processes import ended

ROOT = Path(__file__).parents[2]
# Nothing of ours must be found by the suite's own Python, so the folder stands in no variable.
JUMPSEAT = (
    sys.executable,
    "-c",
    f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('jumpseat', run_name='__main__')",
)
LONGEST_SECONDS = 900
LOOKS: dict[str, Look] = {"watcher": watch, "controller": control}

Ran = tuple[SuiteRun, Onlookers | None]


@dataclass
class Comparison:
    """A suite's results by itself and attached."""

    alone: SuiteRun
    attached: SuiteRun
    onlookers: Onlookers | None = None

    def differences(self) -> Iterator[str]:
        """Yields a line for everything that is not the same."""
        if self.alone.exit_code != self.attached.exit_code:
            yield f"exit code: {self.alone.exit_code} by itself, {self.attached.exit_code} attached"
        for test in sorted(self.alone.results.keys() | self.attached.results.keys()):
            alone, attached = (run.results.get(test, "not run") for run in (self.alone, self.attached))
            if alone != attached:
                yield f"{test}: {alone} by itself, {attached} attached"
        yield from (f"left running: {command}" for command in self.attached.left)


@dataclass
class Attached:
    """A suite that runs by `jumpseat attach`."""

    started: Started
    watch_url: str
    output: Path
    suite: Suite = field(repr=False)

    async def finished(self) -> SuiteRun:
        return await _finished(self.suite, self.started, self.output)


@asynccontextmanager
async def attached(
    suite: Suite, site: SuiteSite, command: Sequence[str], *, options: Sequence[str] = (), **settings: str
) -> AsyncIterator[Attached]:
    """Starts `jumpseat attach` with the suite's command, and ends whatever is left of it."""
    async with AsyncExitStack() as stack:
        output, data = [await stack.enter_async_context(output_folder()) for _ in range(2)]
        variables = {
            **suite.environment(site, output),
            "JUMPSEAT_DATA_DIR": str(data),
            "JUMPSEAT_ICE_ADDRESSES": "127.0.0.1",
            "JUMPSEAT_LOG": "warning",
            **settings,
        }
        whole = [*JUMPSEAT, "attach", *options, "--", *command]
        started = await stack.enter_async_context(running(whole, suite.folder, variables))
        yield Attached(started, await started.first_line(), output, suite)


async def run_alone(suite: Suite, site: SuiteSite, command: Sequence[str]) -> SuiteRun:
    """Runs the suite as its owner does."""
    async with (
        output_folder() as output,
        running(command, suite.folder, suite.environment(site, output)) as started,
    ):
        return await _finished(suite, started, output)


async def run_attached(suite: Suite, site: SuiteSite, command: Sequence[str], look: Look | None = None) -> Ran:
    """Runs the suite by `jumpseat attach`, with somebody who looks at each of its runs, or nobody."""
    # Who is there and only looks would have every test that expects a failure wait for ten minutes.
    options = ("--help-timeout", "1s") if look is control else ()
    async with AsyncExitStack() as stack:
        running_suite = await stack.enter_async_context(attached(suite, site, command, options=options))
        onlookers = await stack.enter_async_context(looking(running_suite.watch_url, look)) if look else None
        return await running_suite.finished(), onlookers


async def compare(
    suite: Suite, site: SuiteSite, *, smoke: bool, look: Look | None = None, alone: SuiteRun | None = None
) -> Comparison:
    """Runs the suite twice, or once where it is known how it ends `alone`."""
    command = suite.command(smoke=smoke)
    alone = alone or await run_alone(suite, site, command)
    run, onlookers = await run_attached(suite, site, command, look)
    return Comparison(alone, run, onlookers)


async def _finished(suite: Suite, started: Started, output: Path) -> SuiteRun:
    async with asyncio.timeout(LONGEST_SECONDS):
        code, stdout, stderr = await started.end()
    left = [command for pid, command in started.marked().items() if not await _ends(pid)]
    return SuiteRun(code, suite.read(stdout, output), stdout, stderr, left)


async def _ends(pid: int) -> bool:
    try:
        async with asyncio.timeout(END_SECONDS):
            await ended(pid)
    except TimeoutError:
        return False
    return True


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.attach.comparing", description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="how often each suite is run attached")
    parser.add_argument("--suite", choices=SUITES_BY_NAME, action="append", help="one of them (default: both)")
    parser.add_argument("--smoke", action="store_true", help="only the tests that CI runs")
    parser.add_argument("--watcher", dest="looks", action="append_const", const="watcher", help="with a WHEP viewer")
    parser.add_argument(
        "--controller", dest="looks", action="append_const", const="controller", help="with one who may steer"
    )
    parser.add_argument("--by-itself", action="store_true", help="compare the suite with itself, without jumpseat")
    return parser.parse_args(arguments)


async def _compare_often(suite: Suite, site: SuiteSite, options: argparse.Namespace) -> int:
    """Prints a line for each run of the suite and one for each difference; returns how many of these there are."""
    command, wrong = suite.command(smoke=options.smoke), 0
    began = time.monotonic()
    alone = await run_alone(suite, site, command)
    _say(f"{suite.name} by itself: {len(alone.results)} tests, {time.monotonic() - began:.0f} s")
    for number in range(options.times):
        for look in options.looks or [None]:
            began = time.monotonic()
            if options.by_itself:
                found = Comparison(alone, await run_alone(suite, site, command))
            else:
                found = await compare(suite, site, smoke=options.smoke, look=LOOKS[look] if look else None, alone=alone)
            differences = list(found.differences())
            wrong += len(differences)
            joined = f" with a {look} in {len(found.onlookers.runs)} runs" if found.onlookers else ""
            took = f"{len(found.attached.results)} tests, {time.monotonic() - began:.0f} s"
            _say(f"{suite.name} {number + 1}{joined}: {took}, {len(differences)} differences")
            for difference in differences:
                _say(f"  {difference}")
    return wrong


def _say(line: str) -> None:
    print(line, flush=True)


async def main(arguments: Sequence[str]) -> int:
    """The command; 1 where anything differs."""
    options = _options(arguments)
    async with serving_suite_site() as site:
        suites = [SUITES_BY_NAME[name] for name in options.suite or SUITES_BY_NAME]
        wrong = [await _compare_often(suite, site, options) for suite in suites]
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
