"""What a run waits for is shown while it waits: the model that chooses, and why an element cannot be used yet."""

from __future__ import annotations

import asyncio
from pathlib import Path

from control.protocol import events as e
from control.protocol.actions import Action
from runner.planners.base import Idea, ModelUsage, Task
from tests.fakes import FakeDriver, FakePlanner, click
from tests.runner.session_harness import ADA, session_harness


class SlowPlanner(FakePlanner):
    """Chooses when it is let to, and counts what that costs."""

    def __init__(self, actions: list[Action]) -> None:
        super().__init__(actions)
        self.usage = ModelUsage(tokens=1200, cost=0.5)
        self.may_choose = asyncio.Event()

    async def propose(self, task: Task, driver: FakeDriver) -> Idea | None:  # type: ignore[override]
        await self.may_choose.wait()
        return await super().propose(task, driver)


async def test_a_model_that_chooses_is_shown_with_what_it_has_used(tmp_path: Path) -> None:
    planner = SlowPlanner([click("#a")])
    async with session_harness(tmp_path, planner, mode="review") as run:
        run.start()
        await run.until(lambda: run.events(e.Waiting))
        (waiting,) = run.events(e.Waiting)
        assert (waiting.subject, waiting.tokens, waiting.cost) == ("model", 1200, 0.5)
        assert waiting.since is not None
        assert run.session.hello(ADA).waiting == waiting
        planner.may_choose.set()
        await run.until(lambda: run.session.view().proposal)
        assert [each.subject for each in run.events(e.Waiting)] == ["model", None]
        assert run.session.hello(ADA).waiting is None


async def test_why_an_element_cannot_be_used_is_said_once_for_each_reason(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")]), secrets={"PW": "hunter2"}) as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        for reason in (
            "Button 'hunter2' is not enabled",
            "Button 'hunter2' is not enabled",
            "It is covered",
            None,
            None,
        ):
            run.driver.on_waiting(reason)
        said = run.events(e.Waiting)
        assert [each.reason for each in said] == ["Button '•••' is not enabled", "It is covered", None]
        assert said[0].since == said[1].since
        run.driver.perform_gate.open()
