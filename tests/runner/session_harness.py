"""One session with fakes at its seams, and ways to wait for what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import NewRun, RunStatus, Step, StepStatus
from control.roles import Actor, Role, authorize
from runner.run.options import SessionOptions
from runner.run.session import Session
from runner.store.rows import RunRecord
from runner.store.store import Store
from tests.fakes import FakeClock, FakeDriver, FakeDrivers, FakePlanner
from tests.runner.empty_database import with_database

E = TypeVar("E")

ADA = Actor("ada", Role.CONTROLLER, "Ada")
BOB = Actor("bob", Role.OWNER, "Bob")
EVE = Actor("eve", Role.VIEWER, "Eve")


class SessionHarness:
    """A session under test."""

    def __init__(
        self, session: Session, store: Store, drivers: FakeDrivers, planner: FakePlanner, clock: FakeClock
    ) -> None:
        self.session = session
        self.store = store
        self.drivers = drivers
        self.driver: FakeDriver = drivers.driver
        self.planner = planner
        self.clock = clock
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self.session.run())

    async def finish(self) -> RunStatus:
        """The status that the run ended with, once everything of it is closed."""
        assert self.task is not None
        await self.task
        return self.session.view().status

    async def do(self, command: c.Command, actor: Actor = ADA) -> e.Reply | None:
        """Authorizes the command and submits it, as the command dispatcher does."""
        authorize(actor, command.type)
        return await self.session.submit(command, actor)

    def events(self, kind: type[E]) -> list[E]:
        return [entry.body for entry in self.session.log.since(0) or [] if isinstance(entry.body, kind)]

    async def until(self, condition: Callable[[], Any]) -> None:
        """Looks again after every event."""
        news = asyncio.Event()
        stop = self.session.log.listen(lambda _: news.set())
        try:
            while not condition():
                news.clear()
                await news.wait()
        finally:
            stop()

    async def until_status(self, status: RunStatus) -> None:
        await self.until(lambda: self.session.view().status is status)

    async def until_step(self, number: int, status: StepStatus) -> Step:
        """Waits for an event that says so."""
        await self.until(lambda: any(step.status is status for step in self.published(number)))
        return next(step for step in self.published(number) if step.status is status)

    def published(self, number: int) -> list[Step]:
        """Returns what was published of one step, in order."""
        return [event.step for event in self.events(e.TestStep) if event.step.step_number == number]

    async def stored(self) -> RunRecord:
        record = await self.store.get(self.session.id)
        assert record
        return record

    async def picture(self, number: int, *, before: bool = False) -> bytes:
        """A step's screenshot."""
        path = await self.session.screenshot(number, before=before)
        assert path
        return path.read_bytes()

    async def steps(self) -> list[Step]:
        return list(await self.session.steps())


@asynccontextmanager
async def session_harness(
    folder: Path,
    planner: FakePlanner | None = None,
    /,
    *,
    driver: FakeDriver | None = None,
    later: FakePlanner | None = None,
    streaming: bool = False,
    options: dict[str, float] | None = None,
    **spec: Any,  # noqa: ANN401 - fields of NewRun
) -> AsyncIterator[SessionHarness]:
    """A session that has not begun; ``later``: the planner that takes over when the first one's kind changes."""
    clock = FakeClock()
    planners = [planner or FakePlanner(), *([later] if later else [])]
    used = iter(planners)
    drivers = FakeDrivers(driver)
    store = await Store.open(with_database(folder), clock=clock)
    body = {"url": "http://shop.test/", "instructions": "Buy it", "planner": "plain"} | spec
    session = Session(
        NewRun.model_validate(body),
        run_id="run-1",
        owner="owner",
        planner=NewRun.model_validate(body).planner or "plain",
        planners=lambda *_: next(used),
        drivers=drivers,
        store=store,
        options=SessionOptions(
            clock=clock,
            alarm=clock.alarm,
            streaming=streaming,
            fps=15,
            **(options or {}),  # type: ignore[arg-type]
        ),
    )
    await store.add(session.record())
    made = SessionHarness(session, store, drivers, planners[0], clock)
    try:
        yield made
    finally:
        if made.task is not None and not made.task.done():
            session.cancel()
            await made.task
        await store.aclose()
