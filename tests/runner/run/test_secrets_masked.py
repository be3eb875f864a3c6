"""The value of a secret comes back from everywhere, and is told nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from control.errors import NotFound
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.events import Picked
from control.protocol.models import NewRun, RunStatus
from runner.driver import BrowserGone, Driver, HumanAction, StepFailed
from runner.planners.base import Idea, Stuck, Task
from runner.planners.factory import build_planner
from runner.planners.model import ModelOptions
from tests.fakes import FakeDriver, FakePlanner, click
from tests.openai_server import decides, serve_openai
from tests.runner.planners.planner_harness import task
from tests.runner.session_harness import ADA, SessionHarness, session_harness

SECRET = "hunter2 & co"


@asynccontextmanager
async def secretive(
    folder: Path,
    planner: FakePlanner | None = None,
    *,
    driver: FakeDriver | None = None,
    **spec: Any,  # noqa: ANN401 - fields of NewRun
) -> AsyncIterator[SessionHarness]:
    """A run with the secret, in flight; at the end everything that it has told is looked through."""
    async with session_harness(folder, planner, driver=driver, secrets={"PW": SECRET}, **spec) as run:
        run.start()
        yield run
        messages = [entry.message() for entry in run.session.log.since(0) or []]
        told = str((messages, run.session.hello(ADA), await run.steps()))
        assert "hunter2" not in told
        assert "•••" in told


@pytest.mark.parametrize("error", [Stuck(f"no way on with {SECRET}"), ValueError(f"{SECRET} is not JSON")], ids=repr)
async def test_a_planner_that_knows_no_way_on(tmp_path: Path, error: Exception) -> None:
    planner = FakePlanner([click("#a")])
    planner.stuck.append(error)
    async with secretive(tmp_path, planner) as run:
        await run.until(lambda: run.events(e.HelpNeeded))


class Talkative(FakePlanner):
    """Says the secret in all that it proposes."""

    def __init__(self, idea: Idea) -> None:
        super().__init__()
        self._idea = idea

    async def propose(self, task: Task, driver: object) -> Idea | None:
        return self._idea


@pytest.mark.parametrize(
    "idea",
    [
        Idea(click(f"text={SECRET}"), f"Click '{SECRET}'"),
        Idea(click("#a"), f"Click '{SECRET}'"),
        Idea(click("#a"), "Click it", f"{SECRET} stands there"),
    ],
    ids=["action", "description", "reasoning"],
)
async def test_a_planner_that_says_it(tmp_path: Path, idea: Idea) -> None:
    async with secretive(tmp_path, Talkative(idea), mode="review") as run:
        await run.until(lambda: run.session.view().proposal)


@pytest.mark.parametrize("by_hand", [False, True])
async def test_an_address_that_holds_it(tmp_path: Path, by_hand: bool) -> None:
    driver, mode = FakeDriver(), "review" if by_hand else "auto"
    async with secretive(tmp_path, FakePlanner([click("#a")]), driver=driver, mode=mode) as run:
        if by_hand:
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.TakeControl())
            driver.url = f"http://shop.test/?pw={SECRET}"
            driver.human.append([HumanAction(click("#b"), "Click it", 0.0)])
            await run.do(c.Input(kind="down"))
        else:
            driver.perform_gate.close()
            await driver.perform_gate.reached.wait()
            driver.url = f"http://shop.test/?pw={SECRET}"
            driver.perform_gate.open()
            assert await run.finish() is RunStatus.PASSED
        (step,) = await run.steps()
        assert step.url == "http://shop.test/?pw=•••"


class Broken(FakeDriver):
    """Says the secret wherever it fails."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self._error = error

    async def open(self, url: str) -> None:
        if self._error:
            raise self._error
        await super().open(url)

    async def pick(self, command: c.Pick) -> Picked:
        if command.x < 0:
            raise StepFailed(f"nothing but {SECRET} is there")
        return Picked(selector=f"text={SECRET}", name=SECRET)


@pytest.mark.parametrize("kind", [StepFailed, ValueError, BrowserGone])
async def test_a_browser_that_fails(tmp_path: Path, kind: type[Exception]) -> None:
    async with secretive(tmp_path, driver=Broken(kind(f"{SECRET} leads nowhere"))) as run:
        assert await run.finish() is RunStatus.FAILED


async def test_an_element_that_is_called_so(tmp_path: Path) -> None:
    async with secretive(tmp_path, Talkative(Idea(click("#a"), SECRET)), driver=Broken(), mode="review") as run:
        await run.until(lambda: run.session.view().proposal)
        picked = await run.do(c.Pick(x=1, y=1))
        assert "hunter2" not in str(picked)
        assert "•••" in str(picked)
        with pytest.raises(NotFound) as refused:
            await run.do(c.Pick(x=-1, y=1))
        assert str(refused.value) == "nothing but ••• is there"


async def test_the_model_that_is_asked() -> None:
    async with serve_openai(decides(decision="act", type="click", selector="#a", description="Click it")) as server:
        model = ModelOptions(model="openai:test-model", base_url=server.base_url, api_key="key")
        spec = NewRun(url="http://ada:l0v3lace@shop.test/", instructions="Buy it", secrets={"PW": SECRET})
        planner = build_planner("model", spec, model=model)
        driver = FakeDriver()
        driver.url = spec.url
        await planner.propose(task(f"Type {SECRET} at {spec.url}"), cast(Driver, driver))
        assert "hunter2" not in str(server.requests)
        assert "l0v3lace" not in str(server.requests)
        assert "•••" in server.prompt()
        await planner.aclose()
