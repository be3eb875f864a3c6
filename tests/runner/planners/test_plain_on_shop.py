"""The demo's own instructions, done sentence by sentence on the sample shop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from control.protocol.actions import Action, ActionType, Size
from runner.browser.launch import PlaywrightDrivers
from runner.driver import Driver
from runner.planners.base import Task
from runner.planners.instruction_check import check_instructions
from runner.planners.plain import PlainPlanner
from tests.browser_fixtures import SharedChromium
from tests.runner.planners.planner_harness import failed
from web.shop import DEMO_INSTRUCTIONS, serving_shop


@asynccontextmanager
async def in_shop(shared: SharedChromium, path: str) -> AsyncIterator[tuple[Driver, str]]:
    drivers = PlaywrightDrivers()
    async with serving_shop() as shop:
        try:
            driver = await drivers.open_context(await shared.browser(), viewport=Size(width=1280, height=720))
            await driver.open(shop + path)
            yield driver, shop
        finally:
            await drivers.aclose()


async def test_the_demo_is_understood_and_passes(shared_chromium: SharedChromium) -> None:
    assert check_instructions(DEMO_INSTRUCTIONS) == ()
    planner = PlainPlanner()
    async with in_shop(shared_chromium, "/") as (driver, shop):
        done = Task(shop + "/", DEMO_INSTRUCTIONS, 1, 0, ())
        for consumed in range(planner.remaining(done) or 0):
            idea = await planner.propose(Task(shop + "/", DEMO_INSTRUCTIONS, 1, consumed, ()), driver)
            assert idea is not None
            if idea.action.type is not ActionType.WAIT or idea.action.selector:
                await driver.perform(idea.action, timeout_ms=10_000)
        assert "/thanks" in driver.url


async def test_a_renamed_button_on_the_shop(shared_chromium: SharedChromium) -> None:
    sentence = "Click 'Checkout'"
    async with in_shop(shared_chromium, "/cart?rename=1") as (driver, shop):
        told = Task(shop + "/", sentence, 1, 0, ())
        idea = await PlainPlanner(wait_ms=300).propose(told, driver)
        assert idea is not None
        assert idea.reasoning == "Nothing called 'Checkout' is on the page yet."
        failure = failed(Action(type=ActionType.CLICK, selector=idea.action.selector), sentence)
        repair = await PlainPlanner(wait_ms=300).repair(told, driver, failure)
        assert repair.retry is None
        assert (repair.reason or "").startswith("No button or link is called 'Checkout'. The page has: ")
