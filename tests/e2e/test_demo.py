"""The demo's sentences, read by the plain planner and done in a real browser on the real shop."""

import pytest

from control.protocol.actions import Size
from runner.browser.launch import PlaywrightDrivers
from runner.planners.base import Task
from runner.planners.instruction_check import check_instructions
from runner.planners.plain import PlainPlanner
from tests.chromium import browser_options
from web.shop import DEMO_INSTRUCTIONS, serving_shop

LINES = DEMO_INSTRUCTIONS.splitlines()
PAUSES = [line for line in LINES if line.startswith("Wait ") and line.endswith(" seconds")]


def test_the_demo_can_be_read() -> None:
    assert check_instructions(DEMO_INSTRUCTIONS) == ()


def test_the_demo_takes_about_a_minute() -> None:
    pauses = sum(int(line.split()[1]) for line in PAUSES)
    assert 25 <= pauses <= 45


@pytest.mark.browser
async def test_the_demo_buys_two_things() -> None:
    sentences = "\n".join(line for line in LINES if line not in PAUSES)
    drivers = PlaywrightDrivers(browser_options())
    planner = PlainPlanner()
    done = 0
    try:
        async with serving_shop() as address:
            driver = await drivers.launch("chromium", viewport=Size(width=1280, height=720))
            await driver.open(f"{address}/")
            while idea := await planner.propose(Task(f"{address}/", sentences, 1, done, ()), driver):
                assert idea.reasoning is None, f"{idea.description}: {idea.reasoning}"
                await driver.perform(idea.action, timeout_ms=30_000)
                done += 1
            assert driver.url == f"{address}/thanks"
    finally:
        await drivers.aclose()
    assert done == len(LINES) - len(PAUSES)
