"""An attach session of a running server, clients that go through it, and somebody who steers their runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jumpseat.attached_command import attached_environment
from jumpseat.client import Client
from media.aio import cancel_and_wait
from tests.attach.environments import clean_variables, python_environment
from tests.attach.suite import Started, running
from tests.attach.suites.site import SuiteSite
from tests.chromium import browser_path
from tests.served import WAIT_SECONDS, Served

POLL_SECONDS = 0.05
PRESENT_SECONDS = 5
CONFTEST = """\
import os

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    args = ["--no-sandbox", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": os.environ["CHROMIUM_PATH"], "args": args}
"""
"""Also what starts this machine's browser where jumpseat does not."""


@dataclass(frozen=True)
class OpenSession:
    """A session; its runs are found by asking, for lists send no events."""

    id: str
    endpoint: str
    server: Served
    client: Client
    site: SuiteSite

    @asynccontextmanager
    async def pytest(self, folder: Path, test: str, **variables: str) -> AsyncIterator[Started]:
        """Runs one test file of somebody's own with pytest-playwright."""
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_file.py").write_text(test)
        command = [str(python_environment()), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}"]
        async with running([*command, "test_file.py"], folder, self.variables(variables)) as started:
            yield started

    @asynccontextmanager
    async def python(self, folder: Path, script: str, **variables: str) -> AsyncIterator[Started]:
        """Runs one script of somebody's own."""
        (folder / "script.py").write_text(script)
        async with running([str(python_environment()), "script.py"], folder, self.variables(variables)) as started:
            yield started

    async def run(self, number: int = 1) -> str:
        """Returns the id of the session's run of this number, 1 for the first, as soon as there is one."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(runs := (await self.client.list_runs(session=self.id, limit=200)).runs) < number:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
        return runs[-number].id

    async def view(self) -> dict[str, Any]:
        return await self.server.get(f"/api/attach/{self.id}")

    @asynccontextmanager
    async def attended(self) -> AsyncIterator[None]:
        """Has somebody be at the session's page, so that no run is over before it is found and joined."""

        async def be_present() -> None:
            while True:
                await self.server.get(f"/api/attach/{self.id}?present=1")
                await asyncio.sleep(PRESENT_SECONDS)

        present = asyncio.create_task(be_present())
        try:
            yield
        finally:
            await cancel_and_wait(present)

    async def close(self) -> None:
        async with self.server.http.delete(f"{self.server.api}/api/attach/{self.id}") as answer:
            assert answer.status == 204

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Returns the environment of a client's process."""
        browser = {"CHROMIUM_PATH": str(browser_path() or "")}
        base = clean_variables(os.environ) | browser | self.site.variables | dict(more or {})
        return attached_environment(base, self.endpoint, untimed=False)


@asynccontextmanager
async def open_session(server: Served, site: SuiteSite, **wanted: object) -> AsyncIterator[OpenSession]:
    """Opens a session with these fields of `POST /api/attach`, attended where they ask for a review, and ends it."""
    status, session = await server.post("/api/attach", {"name": "tests of somebody's own", **wanted})
    assert status == 201, session
    async with Client(server.api, key=server.key) as client:
        opened = OpenSession(session["session"]["id"], session["endpoint"], server, client, site)
        try:
            async with opened.attended() if wanted.get("review") else nullcontext():
                yield opened
        finally:
            if server.process.returncode is None:
                await opened.close()


Decide = Callable[[dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Returns the command that answers a proposal or a call for help; None lets a proposal go."""


@dataclass
class Steerer:
    """A controller who lets every proposal go, and does something else where the test says so.

    What somebody has asked to be tried again needs no approval.
    """

    session: OpenSession
    run_id: str
    on_proposal: Decide | None = None
    on_help: Decide | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def steer(self) -> dict[str, Any]:
        """Follows the run to its end; returns its last message."""
        inbox: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        async with asyncio.timeout(2 * WAIT_SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(inbox))
            while (message := await inbox.get()) is not None:
                self.messages.append(message)
                await self._answer(message)
        return self.messages[-1]

    async def _follow(self, inbox: asyncio.Queue[dict[str, Any] | None]) -> None:
        """Reads on while an answer is thought about: who does not is taken for gone after half a minute."""
        async for message in self.session.client.follow(self.run_id):
            inbox.put_nowait(message.data)
        inbox.put_nowait(None)

    async def _answer(self, message: dict[str, Any]) -> None:
        if message["type"] == "hello":
            waiting, help_ = message["run"]["proposal"], message.get("help")
        else:
            waiting = message.get("proposal") if message["type"] == "step_proposed" else None
            help_ = message if message["type"] == "help_needed" else None
        command: dict[str, Any] | None = None
        if help_ and self.on_help:
            command = await self.on_help(help_)
        elif waiting and waiting["source"] == "plan":
            command = await self.on_proposal(waiting) if self.on_proposal else None
            command = command or {"type": "approve_step", "proposalId": waiting["proposalId"]}
        if command:
            await self.session.client.send(self.run_id, command)
