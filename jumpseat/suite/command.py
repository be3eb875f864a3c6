"""The command ``jumpseat run``: a server where none is given, the tests on it, and the reports."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from control.visible import visible
from jumpseat.client import Client
from jumpseat.composition import serving
from jumpseat.settings import BadSetting, Settings, environment, owner_keys
from jumpseat.suite.artifacts import Artifacts
from jumpseat.suite.collection import Collected, TestFile
from jumpseat.suite.execution import Suite, SuiteOptions
from runner.reports.github import WorkflowLog, error_commands
from runner.reports.html import summary
from runner.reports.junit import junit_xml
from runner.reports.result import FileResult
from runner.reports.terminal import escape


def run_settings(settings: Settings, *, workers: int) -> Settings:
    """Returns the settings of a server for these tests alone: a place for each, and no word but of what is wrong."""
    own: dict[str, object] = {} if "log" in settings.model_fields_set else {"log": "error"}
    return settings.model_copy(update=own | {"max_runs": max(workers, settings.max_runs)})


class RunFiles:
    """Runs tests, and reports them."""

    def __init__(
        self,
        settings: Settings,
        options: SuiteOptions,
        *,
        server: str | None,
        key: str | None,
        junit: Path | None,
        output: Path | None,
    ) -> None:
        """Raises BadSetting where a report cannot be written: before the tests are run, not after them."""
        self._settings = settings
        self._options = options
        self._server = server
        self._key = key
        self._junit = junit
        self._output = output
        self._artifacts = Artifacts(output) if output else None
        _check_writable(junit)  # often into that folder

    async def work(self, collected: Collected) -> int:
        """Returns the exit code: 0 passed, 1 failed, 2 could not run."""
        for path in collected.left_out:
            print(f"jumpseat: {visible(str(path))} is no test and is left out", file=sys.stderr)
        log = WorkflowLog() if environment().get("GITHUB_ACTIONS") == "true" else None
        if log:
            print(log.first, flush=True)
        try:
            results = await self._run_all(collected)
        finally:
            if log:
                print(log.last, flush=True)
        for line in error_commands(results) if log else ():
            print(line, flush=True)
        verdicts = {result.verdict for result in results}
        return 2 if "error" in verdicts else int("failed" in verdicts)

    async def _run_all(self, collected: Collected) -> list[FileResult]:
        console, began = Console(), time.monotonic()
        by_test: dict[Path, FileResult] = {}
        keys = self._settings.api_keys if self._server else owner_keys(self._settings, own=True)
        alone = len(collected.tests) == 1
        for folder, tests in collected.by_uploads():
            ended = await self._on_server(console, tests, keys, folder, alone=alone)
            by_test |= {test.path: result for test, result in zip(tests, ended, strict=True)}
        results = [by_test[test.path] for test in collected.tests]
        await self._report(console, results, time.monotonic() - began)
        return results

    async def _on_server(
        self, console: Console, tests: Sequence[TestFile], keys: dict[str, str], uploads: Path | None, *, alone: bool
    ) -> list[FileResult]:
        """Runs these tests, on a server that reads files to upload from this folder."""
        async with AsyncExitStack() as stack:
            address = self._server
            if address is None:
                serving_here = serving(self._settings, keys, uploads=uploads or tests[0].path.parent)
                address = (await stack.enter_async_context(serving_here)).local_url
            used = self._key or next(iter(keys.values()), None)
            client = await stack.enter_async_context(Client(address, key=used))
            suite = Suite(client, console, self._options, self._artifacts)
            return await suite.run(tests, alone=alone)

    async def _report(self, console: Console, results: Sequence[FileResult], seconds: float) -> None:
        if self._junit:
            await asyncio.to_thread(self._junit.write_text, junit_xml(results), encoding="utf-8")
        where = ""
        if self._artifacts:
            where = f": {escape(str(await self._artifacts.report(results)))}"
        if len(results) > 1 and not (self._options.quiet and all(result.verdict == "passed" for result in results)):
            console.print(f"[bold]{summary(results)}[/] in {seconds:.1f} s{where}", highlight=False, soft_wrap=True)


def _check_writable(file: Path | None) -> None:
    """Nothing is left there by tests that do not come to their end."""
    if file is None:
        return
    is_new = not file.exists()
    try:
        file.open("a").close()
    except OSError as error:
        raise BadSetting(f"--junit: {file} cannot be written: {error.strerror}") from None
    if is_new:
        file.unlink()
