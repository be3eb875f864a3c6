"""The two suites as commands, and what their own reports say of each test."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.attach.environments import SUITES, clean_variables, node_environment, python_environment
from tests.attach.suites.site import SuiteSite
from tests.chromium import browser_path

MARK = "SUITE_MARK"
"""A variable by which everything that a suite has started is found again."""
END_SECONDS = 20
Results = dict[str, str]
"""By test: its outcome, attempt by attempt, with the first line of each error where the report has it."""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def suite_marks(seconds: float) -> list[pytest.MarkDecorator]:
    """Returns the marks of a file whose tests start suites, each of which may take so long."""
    return [
        pytest.mark.asyncio(loop_scope="session"),
        pytest.mark.process,
        pytest.mark.slow,
        pytest.mark.long,
        pytest.mark.timeout(seconds),
    ]


@dataclass
class SuiteRun:
    """One run of a suite that has ended."""

    exit_code: int
    results: Results
    stdout: str
    stderr: str
    left: list[str] = field(default_factory=list)
    """Commands of processes that it has left running."""


class Suite(ABC):
    """A suite of somebody's own."""

    name: str
    folder: Path

    @abstractmethod
    def command(self, *, smoke: bool, select: str | None = None) -> list[str]:
        """Returns what its owner would type; `select` is the runner's own expression for a part."""

    @abstractmethod
    def variables(self, output: Path) -> dict[str, str]:
        """Returns the variables by which its configuration finds where to write."""

    @abstractmethod
    def read(self, stdout: str, output: Path) -> Results:
        """Returns what its report says of each test."""

    def environment(self, site: SuiteSite, output: Path) -> dict[str, str]:
        """Returns all variables of its process."""
        browser = {"CHROMIUM_PATH": str(browser_path() or "")}
        return clean_variables(os.environ) | browser | site.variables | self.variables(output)


class PytestSuite(Suite):
    """The one in Python; it prints what became of each test (`-rA`)."""

    name = "pytest"
    folder = SUITES / "python"
    _LINE = re.compile(r"^(PASSED|FAILED|ERROR|XFAIL|XPASS|SKIPPED|RERUN) (.+?)(?: - (.*))?$", re.M)

    def command(self, *, smoke: bool, select: str | None = None) -> list[str]:
        options = ["-q", "-n", "2", "-rAR", "--no-fold-skipped", "-p", "no:cacheprovider"]
        part = ["-m", "smoke"] if smoke else []
        chosen = ["-k", select] if select else []
        return [str(python_environment()), "-m", "pytest", *options, *part, *chosen]

    def variables(self, output: Path) -> dict[str, str]:
        return {"PYTEST_ADDOPTS": f"--output={output}", "COLUMNS": "400"}

    def read(self, stdout: str, output: Path) -> Results:
        found: dict[str, list[str]] = {}
        for outcome, test, said in self._LINE.findall(_ANSI.sub("", stdout)):
            found.setdefault(test, []).append(f"{outcome.lower()}: {said}" if said else outcome.lower())
        return {test: ", ".join(sorted(outcomes)) for test, outcomes in sorted(found.items())}


class PlaywrightTestSuite(Suite):
    """The one in TypeScript; its configuration writes Playwright's own JSON report."""

    name = "playwright"
    folder = SUITES / "node"

    def command(self, *, smoke: bool, select: str | None = None) -> list[str]:
        node_environment()
        wanted = select or ("@smoke" if smoke else None)
        return ["npx", "playwright", "test", *(["--grep", wanted] if wanted else [])]

    def variables(self, output: Path) -> dict[str, str]:
        return {"OUTPUT_DIR": str(output / "results"), "JSON_REPORT": str(output / "report.json")}

    def read(self, stdout: str, output: Path) -> Results:
        report = output / "report.json"
        if not report.exists():
            return {}
        found: Results = {}
        for suite in json.loads(report.read_text())["suites"]:
            self._add(suite, "", found)
        return dict(sorted(found.items()))

    def _add(self, suite: Mapping[str, Any], above: str, found: Results) -> None:
        title = f"{above} › {suite['title']}" if above else suite["title"]
        for spec in suite["specs"]:
            for test in spec["tests"]:
                attempts = [self._attempt(each) for each in test["results"]]
                name = f"[{test['projectName']}] {title} › {spec['title']}"
                found[name] = f"{test['status']}: {', '.join(attempts)}"
        for inner in suite.get("suites", []):
            self._add(inner, title, found)

    def _attempt(self, result: Mapping[str, Any]) -> str:
        errors = [_ANSI.sub("", error.get("message", "")).split("\n")[0] for error in result["errors"]]
        return " ".join([result["status"], *(f"({error})" for error in errors)])


SUITES_BY_NAME: dict[str, Suite] = {suite.name: suite for suite in (PytestSuite(), PlaywrightTestSuite())}


@asynccontextmanager
async def running(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> AsyncIterator[Started]:
    """Starts a command with everything that it will start marked, and ends whatever of that is left."""
    mark = os.urandom(8).hex()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env={**variables, MARK: mark}, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    started = Started(process, mark)
    try:
        yield started
    finally:
        for pid in started.marked():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await started.aclose()


class Started:
    """A command that runs; its output is read all along."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        assert process.stdout
        assert process.stderr
        self.process = process
        self._mark = f"{MARK}={mark}".encode()
        self._line = asyncio.get_running_loop().create_future()
        self._stdout = asyncio.create_task(self._read_stdout(process.stdout))
        self._stderr = asyncio.create_task(process.stderr.read())

    async def first_line(self) -> str:
        """Returns stdout's first line, as soon as it is there."""
        return str(await self._line)

    async def end(self) -> tuple[int, str, str]:
        """Waits for its end and that of all that hold its output; returns exit code, stdout and stderr."""
        code = await self.process.wait()
        return code, await self._stdout, (await self._stderr).decode(errors="replace")

    def marked(self) -> dict[int, str]:
        """Returns what runs of all that it has started, whosever children they are now: the commands, by process."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    if self._mark in (folder / "environ").read_bytes().split(b"\0"):
                        found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
        return found

    async def aclose(self) -> None:
        await self.process.wait()
        self._stdout.cancel()
        self._stderr.cancel()
        await asyncio.gather(self._stdout, self._stderr, return_exceptions=True)
        self._line.cancel()

    async def _read_stdout(self, stream: asyncio.StreamReader) -> str:
        lines = [await stream.readline()]
        if not self._line.done():
            self._line.set_result(lines[0].decode(errors="replace").strip())
        lines.append(await stream.read())
        return b"".join(lines).decode(errors="replace")


@asynccontextmanager
async def output_folder() -> AsyncIterator[Path]:
    """A folder for one run's artifacts, gone after it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)
