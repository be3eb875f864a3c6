"""What the model is sent of the steps so far, and that it does not go round in circles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from control.protocol.actions import Action, ActionType
from control.protocol.models import Step, StepStatus
from runner.planners.base import Stuck, Task
from tests.openai_server import decides, serve_openai
from tests.runner.export.test_export import steps
from tests.runner.planners.planner_harness import task
from tests.runner.planners.test_model import Desk, Page, fence_of

CLICK = Action(type=ActionType.CLICK, selector="#more")
MORE = decides(decision="act", type="click", selector="#more", description="Load more")
TYPED = Action(type=ActionType.TYPE, selector="#name", value="Ada")


def after(*done: Step) -> Task:
    return replace(task("Buy it"), steps=done)


async def test_the_model_sees_what_was_done_with_its_value_and_how_it_ended() -> None:
    typed, clicked = steps(TYPED, CLICK)
    typed = typed.model_copy(update={"description": "Fill the name"})
    clicked = clicked.model_copy(update={"status": StepStatus.FAILED, "error": "covered by a banner"})
    async with serve_openai(MORE) as server:
        await Desk(server).propose(told=after(typed, clicked))
        _, inside, _ = fence_of(server.prompt())
    assert "1. Fill the name [Type 'Ada' into #name] - passed" in inside
    assert "2. Click #more - failed: covered by a banner" in inside


async def test_the_fifth_step_alike_on_the_same_page_asks_for_help() -> None:
    async with serve_openai(*[MORE] * 6) as server:
        desk, done = Desk(server), list(steps(*[CLICK] * 5))
        for count in range(4):
            assert await desk.propose(told=after(*done[:count]))
        with pytest.raises(Stuck, match="the same step 4 times, and the page has not changed: Click #more"):
            await desk.propose(told=after(*done[:4]))
        assert await desk.propose(told=after(*done[:4])), "who resumes lets it go on"


async def test_a_page_that_changes_may_be_clicked_as_often_as_it_takes() -> None:
    async with serve_openai(*[MORE] * 8) as server:
        desk, done = Desk(server), list(steps(*[CLICK] * 8))
        for count in range(8):
            assert await desk.propose(Page(snapshot=f"- listitem: {count // 3}"), told=after(*done[:count]))


async def test_other_steps_between_begin_the_count_anew() -> None:
    async with serve_openai(*[MORE] * 6) as server:
        desk, done = Desk(server), list(steps(CLICK, CLICK, TYPED, CLICK, CLICK, CLICK))
        for count in range(6):
            assert await desk.propose(told=after(*done[:count]))
