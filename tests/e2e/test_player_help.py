"""What people do for a run that is stuck, and for one that has ended, in a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.watch_page import PHONE, SECONDS, WatchPage, watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUCK = "Click 'Add to basket now'\nWait 1 second"


async def needs_help(viewer: WatchPage) -> None:
    await expect(viewer.page.get_by_role("alert", name="Help needed")).to_be_visible(timeout=60 * SECONDS)


async def stuck(server: Served, instructions: str = STUCK) -> str:
    run = await server.create({"url": "/", "instructions": instructions, "stepTimeoutMs": 1000})
    return str(run["id"])


async def test_the_step_that_failed_is_tried_again(server: Served, viewer_browser: Browser) -> None:
    run_id = await stuck(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await needs_help(viewer)
        asked = (await server.get(f"/api/tests/{run_id}"))["attention"]
        assert asked["deadline"] is not None
        await viewer.press("Try again")
        await server.until(run_id, failed_twice)
        await needs_help(viewer)
    await server.cancel(run_id)


async def test_whoever_gives_control_back_says_that_the_step_is_done(server: Served, viewer_browser: Browser) -> None:
    run_id = await stuck(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await needs_help(viewer)
        await viewer.press("Take control")
        await viewer.sees("The time stands still while you have control")
        assert (await server.get(f"/api/tests/{run_id}"))["attention"]["deadline"] is None
        assert await viewer.axe() == []
        await viewer.press("I did it")
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed with 1 step that failed")


async def test_an_override_does_not_remove_an_expectation(server: Served, viewer_browser: Browser) -> None:
    run_id = await stuck(server, "Expect to see 'Nobody sells this'\nWait 1 second")
    async with watching(viewer_browser, server, run_id) as viewer:
        await needs_help(viewer)
        await viewer.tab("Override")
        await viewer.page.get_by_label("Action").select_option("wait")
        await viewer.page.get_by_label("Milliseconds").fill("10")
        await viewer.press("Do this next")
        await server.until(run_id, checked_again)
        await needs_help(viewer)
        run = await server.get(f"/api/tests/{run_id}")
        assert [(step["action"], step["status"]) for step in run["steps"]] == [
            ("expect_visible", "failed"),
            ("wait", "passed"),
            ("expect_visible", "failed"),
        ]
        assert run["steps"][2]["note"] == "Checked again: step 1 had failed."
        await viewer.tab("Steps")
        await viewer.sees("Checked again: step 1 had failed.")
    await server.cancel(run_id)


def checked_again(message: dict[str, Any]) -> bool:
    step = message["step"] if message["type"] == "test_step" else {}
    return (step.get("stepNumber"), step.get("status")) == (3, "failed")


def failed_twice(message: dict[str, Any]) -> bool:
    step = message["step"] if message["type"] == "test_step" else {}
    return (step.get("stepNumber"), step.get("status"), step.get("attempts")) == (1, "failed", 2)


async def test_a_form_refuses_what_is_not_understood_and_is_filled_again_after_the_end(
    server: Served, viewer_browser: Browser
) -> None:
    context = await viewer_browser.new_context()
    page = await context.new_page()
    await page.goto(f"{server.api}/?token={server.key}")
    viewer = WatchPage(page)
    await viewer.press("New run")
    await page.get_by_label("Start address").fill(f"{server.site}/")
    await page.get_by_label("Name").fill("To be edited")
    await page.get_by_label("Instructions").fill("Scroll down\nScrol up")
    await viewer.sees("(line 2)")
    assert await viewer.axe() == []
    await viewer.press("Start the run")
    await expect(page.get_by_role("alert")).to_contain_text('I do not understand "Scrol up" (line 2)')
    await page.get_by_label("Instructions").fill("Scroll down\nScroll up")
    await expect(page.get_by_text("(line 2)")).to_have_count(0)
    await viewer.press("Start the run")
    await expect(page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)

    await page.get_by_role("button", name="Edit and run again").click()
    await expect(page.get_by_label("Instructions")).to_have_value("Scroll down\nScroll up")
    await expect(page.get_by_label("Name")).to_have_value("To be edited")
    await page.get_by_label("Instructions").fill("Scroll down")
    await viewer.press("Start the run")
    await expect(page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)
    await expect(page.locator(".jp-step")).to_have_count(1)

    await page.set_viewport_size(PHONE)
    await page.goto(f"{server.api}/")
    await page.get_by_role("button", name="Edit and run again: To be edited").last.click()
    await expect(page.get_by_role("form", name="Edit and run again")).to_be_in_viewport()
    await expect(page.get_by_label("Instructions")).to_have_value("Scroll down\nScroll up")
    await context.close()
