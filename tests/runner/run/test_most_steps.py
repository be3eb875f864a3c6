"""A run makes no more steps than it may, whoever asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.errors import InvalidTransition
from control.protocol import commands as c
from control.protocol.models import RunStatus
from tests.fakes import FakePlanner, click
from tests.runner.session_harness import BOB, session_harness


async def test_a_plan_that_is_longer_fails_with_the_reason(tmp_path: Path) -> None:
    plan = [click(f"#b{number}") for number in range(4)]
    async with session_harness(tmp_path, FakePlanner(plan), options={"max_steps": 3}) as run:
        run.start()
        assert await run.finish() is RunStatus.FAILED
        assert len(await run.steps()) == 3
        assert "3 steps" in str(run.session.view().error)


async def test_one_that_fits_exactly_passes(tmp_path: Path) -> None:
    plan = [click(f"#b{number}") for number in range(3)]
    async with session_harness(tmp_path, FakePlanner(plan), options={"max_steps": 3}) as run:
        run.start()
        assert await run.finish() is RunStatus.PASSED


async def test_a_person_at_the_wheel_makes_no_more_either(tmp_path: Path) -> None:
    async with session_harness(
        tmp_path, FakePlanner([click("#a"), click("#b")]), options={"max_steps": 1}, mode="review"
    ) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.ApproveStep(), BOB)
        await run.until(lambda: len(run.session.view().steps) == 1)
        await run.do(c.TakeControl(), BOB)
        with pytest.raises(InvalidTransition, match="as many as it may have"):
            await run.do(c.Input(kind="down"), BOB)
        assert len(await run.steps()) == 1
