"""The runs of test files on one server: some at a time, each again where it has failed, told of as they end."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console

from control.protocol.models import RunView
from jumpseat.client import Client
from jumpseat.client_errors import ClientError, TryLater
from jumpseat.open_browser import opened
from jumpseat.suite.artifacts import Artifacts
from jumpseat.suite.collection import TestFile
from runner.reports.page_evidence import evidence_lines
from runner.reports.result import FileResult
from runner.reports.terminal import TerminalReport, escape

_MOST_LINES: Final = 100
_LONGEST_WAIT: Final = 600.0
"""Seconds for a place on a server that is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteOptions:
    """Holds how tests are run."""

    workers: int = 1
    """How many at a time."""
    retries: int = 0
    """How often one that fails is run again."""
    strict: bool = False
    watch: bool = False
    quiet: bool = False
    """Nothing is printed but what has not passed."""


class Suite:
    """Runs tests on one server and prints what becomes of them."""

    def __init__(self, client: Client, console: Console, options: SuiteOptions, artifacts: Artifacts | None) -> None:
        self._client = client
        self._console = console
        self._options = options
        self._artifacts = artifacts
        self._places = asyncio.Semaphore(options.workers)

    async def run(self, tests: Sequence[TestFile], *, alone: bool) -> list[FileResult]:
        """Returns the results in the order of the tests.

        ``alone``: there is one test in all: it is printed as it goes, without its name, and what keeps it from being
        run is raised as ClientError.
        """
        if alone:
            return [await self._run_one(tests[0], self._console, alone=True)]
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._in_turn(test)) for test in tests]
        return [task.result() for task in running]

    async def _in_turn(self, test: TestFile) -> FileResult:
        """Prints a test when it is over, so that no two are mixed; one at a time is printed as it goes."""
        async with self._places:
            live = self._options.workers == 1 and not self._options.quiet
            console = self._console if live else _beside(self._console)
            console.print(
                f"[bold]{escape(test.name)}[/] [dim]{escape(str(test.path))}[/]", highlight=False, soft_wrap=True
            )
            result = await self._run_one(test, console, alone=False)
            if isinstance(console.file, io.StringIO) and not (self._options.quiet and result.verdict == "passed"):
                self._console.file.write(console.file.getvalue())
                self._console.file.flush()
            return result

    async def _run_one(self, test: TestFile, console: Console, *, alone: bool) -> FileResult:
        body = test.run.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if not self._options.watch:
            # Nobody is there to help: a stuck test fails at once, unless the file says otherwise.
            body.setdefault("helpTimeoutMs", 0)
        for attempt in range(1, self._options.retries + 2):
            result = await self._attempt(test, body, console, attempt=attempt, alone=alone)
            if result.verdict == "passed" or attempt > self._options.retries:
                break
            console.print(f"[yellow]↻[/] attempt {attempt + 1}", highlight=False)
        return await self._artifacts.keep(self._client, result) if self._artifacts else result

    async def _attempt(
        self, test: TestFile, body: dict[str, Any], console: Console, *, attempt: int, alone: bool
    ) -> FileResult:
        try:
            run = await self._follow(body, console)
            steps = tuple(await self._client.steps(run.id))
        except ClientError as error:
            if alone:
                raise
            console.print(f"[bold yellow]could not run[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            return FileResult(test.name, test.file, problem=str(error), attempts=attempt)
        said = await self._page_said(run.id)
        return FileResult(
            test.name, test.file, run, steps, attempts=attempt, strict=self._options.strict, page_said=said
        )

    async def _page_said(self, run_id: str) -> tuple[str, ...]:
        """Returns what went wrong in the page; nothing where the server does not keep it."""
        try:
            console, network = await self._client.console(run_id), await self._client.network(run_id)
        except ClientError:
            return ()
        return tuple(evidence_lines([*console.entries, *network.entries])[:_MOST_LINES])

    async def _follow(self, body: dict[str, Any], console: Console) -> RunView:
        report = TerminalReport(console, attended=body.get("helpTimeoutMs") != 0)
        run_id = (await self._create(body)).id
        url = self._client.watch_url(run_id)
        if self._options.watch:
            print(url, flush=True)
        try:
            async with opened(url) if self._options.watch else nullcontext():
                async for message in self._client.follow(run_id):
                    report.show(message.data)
        except asyncio.CancelledError:
            await asyncio.shield(self._client.cancel(run_id))
            raise
        ended = await self._client.get(run_id)
        report.finished(ended.dump())
        return ended

    async def _create(self, body: dict[str, Any]) -> RunView:
        """Waits for a place on a server that has none now. Raises ClientError."""
        clock = asyncio.get_running_loop().time
        until = clock() + _LONGEST_WAIT
        while True:
            try:
                return await self._client.create(body)
            except TryLater as error:
                pause = error.retry_after or 1.0
                if clock() + pause > until:
                    raise
            await asyncio.sleep(pause)


def _beside(console: Console) -> Console:
    """Returns a console like this one whose lines are kept."""
    return Console(
        file=io.StringIO(),
        force_terminal=console.is_terminal,
        color_system="auto" if console.is_terminal else None,
        width=console.width,
    )
