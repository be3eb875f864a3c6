"""A real attach session with a client of Playwright connected to it, and a person who may steer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from control.event_log import Entry
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.attach import NewAttachSession
from control.protocol.models import NewRun, PlannerName, Step
from control.roles import Actor, Role
from jumpseat.run_parts import session_options
from jumpseat.settings import Settings
from runner.attach.client_session import ClientSession
from runner.attach.session import AttachSession, AttachSettings
from runner.attach.sessions import AttachSessions
from runner.browser.launch import PlaywrightDrivers
from runner.planners.base import Planner
from runner.planners.factory import build_planner
from runner.run.registry import RunRegistry
from runner.store.store import Store
from tests.chromium import browser_options
from tests.runner.empty_database import with_database

ADA = Actor("ada", Role.CONTROLLER, "Ada")
PAGE = """<title>Shop</title>
<button onclick="document.title = 'bought'">Buy now</button>
<button onclick="document.title = confirm('Sure?') ? 'sure' : 'not sure'">Ask</button>
<label>Name <input></label> <label>Password <input type=password></label>"""
SOON_MS = 1000


def plan(name: PlannerName, spec: NewRun) -> Planner:
    return build_planner(name, spec)


class Person:
    """Somebody who may steer one run, and sees its events."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self._seen: list[Entry] = []
        self._news = asyncio.Event()
        session.log.listen(self._on_event)
        session.join(ADA)

    def _on_event(self, entry: Entry) -> None:
        self._seen.append(entry)
        self._news.set()

    async def sees(self, kind: type[Any]) -> Any:  # noqa: ANN401 - the event
        """The next event of this kind that was not returned before."""
        while True:
            self._news.clear()
            for entry in self._seen:
                if isinstance(entry.body, kind):
                    self._seen.remove(entry)
                    return entry.body
            await self._news.wait()

    async def sees_proposal(self) -> e.StepProposed:
        while True:
            proposed: e.StepProposed = await self.sees(e.StepProposed)
            if proposed.proposal is not None:
                return proposed

    async def sees_step_end(self, status: str) -> Step:
        while True:
            news: e.TestStep = await self.sees(e.TestStep)
            if news.step.status == status:
                return news.step

    async def send(self, command: c.Command) -> None:
        await self.session.submit(command, ADA)

    def leave(self) -> None:
        self.session.leave(ADA.viewer_id)


class Attached:
    """A client of its own Playwright, connected to an attach session."""

    def __init__(self, session: AttachSession, browser: Browser) -> None:
        self.session = session
        self.browser = browser
        self.runs: list[ClientSession] = []

    async def open(self, **options: Any) -> tuple[BrowserContext, Page, ClientSession]:  # noqa: ANN401
        """A context with one page that shows `PAGE`, and its run."""
        context = await self.browser.new_context(**options)
        page = await context.new_page()
        await page.set_content(PAGE)
        return context, page, self.runs[-1]


async def over(session: ClientSession) -> None:
    """Waits until the run has its final status."""
    ended = asyncio.Event()
    session.log.listen(lambda entry: ended.set() if isinstance(entry.body, e.RunFinished) else None)
    if session.active:
        await ended.wait()


def shown(session: ClientSession) -> list[tuple[str, str]]:
    """Its steps, as description and status."""
    return [(step.description, step.status.value) for step in session.client_run.steps]


def last(session: ClientSession) -> Step:
    return session.client_run.steps[-1]


@asynccontextmanager
async def attach_sessions(
    folder: Path, *, max_runs: int = 8, max_per_owner: int | None = None
) -> AsyncIterator[tuple[AttachSessions, RunRegistry]]:
    """Yields a server's attach sessions, and where their runs are."""
    store = await Store.open(with_database(folder / "data"))
    drivers = PlaywrightDrivers(browser_options())
    registry = RunRegistry(drivers=drivers, store=store, planner_factory=plan, max_runs=max_runs)
    settings = AttachSettings(drivers, store, registry, session_options(Settings()))
    sessions = AttachSessions(settings, max_per_owner=max_per_owner)
    try:
        yield sessions, registry
    finally:
        await sessions.aclose()
        await registry.aclose()
        await drivers.aclose()
        await store.aclose()


@asynccontextmanager
async def attached(folder: Path, *, worker: str = "gw0", max_runs: int = 8, **wanted: Any) -> AsyncIterator[Attached]:  # noqa: ANN401
    """Yields a client that is connected; its runs are collected as they begin."""
    async with attach_sessions(folder, max_runs=max_runs) as (sessions, registry), async_playwright() as playwright:
        session = await sessions.open(NewAttachSession(name="a suite", **wanted), owner="ada")
        headers = {"x-jumpseat-worker": worker}
        browser = await playwright.chromium.connect(session.endpoint, headers=headers)
        client = Attached(session, browser)
        registry.follow(lambda run: client.runs.append(run) if isinstance(run, ClientSession) else None)
        yield client
        await browser.close()
