"""What a session does behind the curtain, and around secrets, with a browser that only notes what it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.protocol import commands as c
from control.protocol.models import DialogAnswer
from control.roles import Actor, Role
from tests.fakes import JPEG, FakePlanner, click
from tests.runner.run.test_take_over import held, human, typing
from tests.runner.session_harness import session_harness


async def test_screenshots_taken_meanwhile_show_the_curtain(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        await run.do(c.SetCurtain(closed=True))
        assert run.driver.curtained
        taken = run.driver.screenshots
        run.driver.human.append([human(typing("Ada"))])
        await run.do(c.Input(kind="text", text="Ada"))
        await run.until(lambda: any(step.screenshot_url for step in run.published(1)))
        assert await run.picture(1) == JPEG + b"Ada has closed the curtain for a moment"
        assert run.driver.screenshots == taken
        await run.do(c.SetCurtain(closed=False))
        assert not run.driver.curtained


@pytest.mark.parametrize("closed", [True, False])
async def test_what_a_dialog_is_answered_with_behind_it_is_named_and_not_shown(tmp_path: Path, closed: bool) -> None:
    async with held(tmp_path) as run:
        if closed:
            await run.do(c.SetCurtain(closed=True))
        run.driver.human.append([human(click("#ask"))])
        await run.do(c.Input(kind="up"))
        run.driver.on_answered(DialogAnswer(kind="prompt", message="PIN?", accepted=True, text="4711"))
        (step,) = await run.steps()
        assert [dialog.text for dialog in step.dialogs] == ["{{secret:typed_dialog}}" if closed else "4711"]


async def test_a_secret_that_a_person_pastes_is_covered_before_it_is_there(tmp_path: Path) -> None:
    async with session_harness(
        tmp_path, FakePlanner([click("#cart")]), mode="review", secrets={"KEY": "correct horse"}
    ) as run:
        run.session.join(Actor("ada", Role.CONTROLLER, "Ada"))
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        await run.do(c.Input(kind="paste", text="plain"))
        await run.do(c.Input(kind="paste", text="correct horse"))
        assert [each for each in run.driver.did if each.startswith(("input", "cover"))] == [
            "input paste plain",
            "cover",
            "input paste correct horse",
        ]


async def test_a_step_covers_what_it_fills_a_secret_into(tmp_path: Path) -> None:
    steps = [click("#cart"), typing("{{secret:KEY}}")]
    async with session_harness(tmp_path, FakePlanner(steps), secrets={"KEY": "correct horse"}) as run:
        run.start()
        await run.finish()
        assert [each for each in run.driver.did if each.startswith(("click", "type", "cover"))] == [
            "click #cart",
            "cover",
            "type #name",
        ]
