"""One run on the sample shop, in a real Chromium with the real planner: steered, recorded, and over."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import NewRun, RunStatus, Source, StepStatus
from control.roles import Actor, Role
from runner.browser.launch import PlaywrightDrivers
from runner.planners.plain import PlainPlanner
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.run.session import Session
from runner.store.store import Store
from tests.chromium import browser_options
from tests.processes import children
from web.shop import serving_shop

pytestmark = pytest.mark.browser

ADA = Actor("ada", Role.CONTROLLER, "Ada")
JPEG = b"\xff\xd8"


@asynccontextmanager
async def registry(folder: Path) -> AsyncIterator[RunRegistry]:
    drivers = PlaywrightDrivers(browser_options())
    store = await Store.open(folder)
    runs = RunRegistry(
        drivers=drivers, store=store, planner_factory=lambda *_: PlainPlanner(), options=SessionOptions(fps=15)
    )
    try:
        yield runs
    finally:
        await runs.aclose()
        await drivers.aclose()
        await store.aclose()


async def until(session: Session, condition: Callable[[], object]) -> None:
    """Looks again after every event."""
    news = asyncio.Event()
    stop = session.log.listen(lambda _: news.set())
    while not condition():
        news.clear()
        await news.wait()
    stop()


async def test_a_plain_run_on_the_shop_is_watched_overridden_and_passes(tmp_path: Path) -> None:
    instructions = "Click 'Orbit neck pillow'\nClick 'Add to cart'\nGo to /cart\nExpect to see 'Checkout'"
    async with serving_shop() as shop, registry(tmp_path) as runs:
        session = await runs.create(NewRun(url=shop, instructions=instructions, mode="review"), owner="ada")
        await until(session, lambda: session.view().proposal)
        assert session.stream
        with session.stream.watch():
            picture = await session.stream.latest.after(0)
        assert picture.data.startswith(JPEG)
        proposal = session.view().proposal
        assert proposal
        assert proposal.box
        over = Action.model_validate({"type": "navigate", "value": "/products/weekender"})
        await session.submit(c.StepOverride(action=over), ADA)
        await until(session, lambda: is_done(session, 1))
        for number in (2, 3, 4):
            await until(session, lambda: session.view().proposal)
            await session.submit(c.ApproveStep(), ADA)
            await until(session, partial(is_done, session, number))
        await until(session, lambda: not session.active)
        assert (session.view().status, session.view().error) == (RunStatus.PASSED, None)
        steps = await session.steps()
        assert [step.source for step in steps] == [Source.OVERRIDE, Source.PLAN, Source.PLAN, Source.PLAN]
        assert steps[0].proposed == proposal.action
        assert steps[2].url == f"{shop}/cart"
        for step in steps:
            assert await picture_of(session, step.step_number)
            assert await picture_of(session, step.step_number, before=True)


def is_done(session: Session, steps: int) -> bool:
    return sum(step.status is StepStatus.PASSED for step in session.view().steps) == steps


async def picture_of(session: Session, number: int, *, before: bool = False) -> bool:
    path = await session.screenshot(number, before=before)
    return path is not None and path.read_bytes().startswith(JPEG)


async def test_a_person_takes_over_and_what_they_do_is_a_step(tmp_path: Path) -> None:
    async with serving_shop() as shop, registry(tmp_path) as runs:
        session = await runs.create(NewRun(url=shop, instructions="Wait 60 seconds"), owner="ada")
        await until(session, lambda: session.view().steps)
        await session.submit(c.TakeControl(), ADA)
        picked = await session.submit(c.Pick(x=640, y=400), ADA)
        assert isinstance(picked, e.Picked)
        for kind in ("down", "up"):
            await session.submit(c.Input.model_validate({"kind": kind, "x": 640, "y": 400}), ADA)
        await session.submit(c.ReleaseControl(), ADA)
        await until(session, lambda: not session.active)
        first, *rest = await session.steps()
        assert first.error == "interrupted: Ada took control"
        assert [step.source for step in rest] == [Source.HUMAN]
        assert session.view().status is RunStatus.PASSED


async def test_an_unreachable_start_url_fails_with_a_reason(tmp_path: Path) -> None:
    async with registry(tmp_path) as runs:
        session = await runs.create(NewRun(url="http://127.0.0.1:9/", instructions="Wait 1 second"), owner="ada")
        await until(session, lambda: not session.active)
        assert session.view().status is RunStatus.FAILED
        assert "127.0.0.1:9" in (session.view().error or "")


@pytest.mark.usefixtures("whole_chromium")
@pytest.mark.skipif(sys.platform != "linux", reason="finds the browser's process in /proc")
async def test_a_browser_that_is_killed_fails_a_run_that_waits(tmp_path: Path) -> None:
    others = browser_processes()
    async with serving_shop() as shop, registry(tmp_path) as runs:
        session = await runs.create(NewRun(url=shop, instructions="Click 'Cart'", mode="review"), owner="ada")
        await until(session, lambda: session.view().proposal)
        (browser,) = browser_processes() - others
        os.kill(browser, signal.SIGKILL)
        await until(session, lambda: not session.active)
        assert session.view().status is RunStatus.FAILED
        assert "browser has gone" in (session.view().error or "")


def browser_processes() -> set[int]:
    """Returns the main processes of the browsers that run below this one, that of other tests included."""
    return {pid for pid in children(os.getpid()) if is_browser(command_line(pid))}


def is_browser(command: list[str]) -> bool:
    """One that it forks is the same until it has become another program; it comes after its parent."""
    return any(part.startswith("--remote-debugging") for part in command) and not any(
        part.startswith("--type=") for part in command
    )


def command_line(pid: int) -> list[str]:
    """Empty for a process that has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
