"""What steps say of how they were carried out: their own, and no secret in other words."""

from __future__ import annotations

from pathlib import Path

from control.protocol import events as e
from control.protocol.actions import Action, ActionType
from runner.driver import StepFailed
from tests.fakes import FakeDriver, FakePlanner, click
from tests.runner.session_harness import session_harness

CARD = "4242424242424242"
AS_SHOWN = "4242 4242 4242 4242"


def typed(secret: str) -> Action:
    return Action(type=ActionType.TYPE, selector="#card", value=f"{{{{secret:{secret}}}}}")


async def test_a_step_that_was_never_done_says_nothing_of_the_one_before(tmp_path: Path) -> None:
    driver = FakeDriver()
    driver.carries_out.add("fill", "#a", "x")
    driver.carries_out.note = "The field holds 'X'."
    planner = FakePlanner([click("#a"), typed("UNKNOWN")])
    async with session_harness(tmp_path, planner, driver=driver) as run:
        run.start()
        await run.until(lambda: run.events(e.HelpNeeded))
        done, never = (await run.steps())[:2]
    assert [call.method for call in done.carried_out] == ["fill"]
    assert done.note == "The field holds 'X'."
    assert (never.carried_out, never.note) == ((), None)


async def test_a_secret_that_a_mask_has_spelled_otherwise_is_not_told(tmp_path: Path) -> None:
    driver = FakeDriver()
    driver.carries_out.add("fill", "#card", CARD)
    driver.carries_out.add("to_have_value", "#card", AS_SHOWN)
    driver.carries_out.note = f"The field holds '{AS_SHOWN}'."
    async with session_harness(tmp_path, FakePlanner([typed("CARD")]), driver=driver, secrets={"CARD": CARD}) as run:
        run.start()
        await run.until(lambda: run.events(e.RunFinished))
        (step,) = await run.steps()
    assert [(call.method, call.value) for call in step.carried_out] == [("fill", "{{secret:CARD}}")]
    assert "4242" not in str(step)


async def test_a_secret_that_a_later_step_has_seen_spelled_otherwise_is_not_told(tmp_path: Path) -> None:
    driver = FakeDriver()
    driver.carries_out.add("blur", "#card")
    driver.carries_out.add("to_have_value", "#card", AS_SHOWN)
    async with session_harness(tmp_path, FakePlanner([click("#pay")]), driver=driver, secrets={"CARD": CARD}) as run:
        run.start()
        await run.until(lambda: run.events(e.RunFinished))
        (step,) = await run.steps()
    assert [(call.method, call.value) for call in step.carried_out] == [("blur", None)]


async def test_what_is_left_of_a_secret_is_not_told(tmp_path: Path) -> None:
    class Cuts(FakeDriver):
        async def perform(self, *_: object, **__: object) -> Action:
            raise StepFailed("The textbox 'Card' takes at most 5 characters: it holds '42424'")

    planner = FakePlanner([typed("CARD")])
    async with session_harness(tmp_path, planner, driver=Cuts(), secrets={"CARD": CARD}) as run:
        run.start()
        await run.until(lambda: run.events(e.HelpNeeded))
        told = str([entry.message() for entry in run.session.log.since(0) or []])
    assert "at most 5 characters" in told
    assert "42424" not in told
