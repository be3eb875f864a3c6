"""What is still to come, breakpoints in it, and running again from a step, in a real Chromium."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from control.protocol.actions import Action, ActionType
from control.protocol.models import Source, Step, StepStatus
from runner.store.rows import RunRecord
from runner.store.store import Store
from tests.e2e.watch_page import PHONE, WatchPage, watching
from tests.run_views import run_view
from tests.runner.empty_database import with_database
from tests.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUYING = """\
Click 'Orbit neck pillow'
Click 'Add to cart'
Expect to see 'Orbit neck pillow is in your cart'
Go to /cart
Click 'Checkout'
Expect to see 'Name'
"""
MANY = 2000


def planned(viewer: WatchPage, words: str) -> Locator:
    return viewer.page.locator(".jp-planned", has_text=words)


def breakpoint_before(viewer: WatchPage, words: str) -> Locator:
    return planned(viewer, words).get_by_role("button", name="Breakpoint before step")


async def paused_before(viewer: WatchPage, words: str) -> None:
    """Until the page says so: the badge in words, and the entry that comes next."""
    await expect(viewer.page.locator(".jp-paused .jp-badge")).to_contain_text(f"Paused at a breakpoint, before {words}")
    await expect(viewer.page.locator(".jp-planned").first).to_contain_text(words)
    await expect(viewer.page.locator(".jp-planned").first).to_contain_text("Paused here")


async def held(server: Served, **more: object) -> str:
    run = await server.create({"url": "/", "instructions": BUYING, "pauseBefore": 0, **more})
    await server.until(run["id"], lambda message: message["type"] == "plan_changed" and message["pausedAt"] == 0)
    return str(run["id"])


async def test_breakpoints_by_pointer_and_by_keys(server: Served, viewer_browser: Browser) -> None:
    run_id = await held(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await paused_before(viewer, "Click 'Orbit neck pillow'")
        numbers = await viewer.page.locator(".jp-planned .jp-step-facts").all_inner_texts()
        assert [" ".join(each.split()) for each in numbers[1:3]] == ["#2 line 2", "#3 line 3"]
        await breakpoint_before(viewer, "Go to /cart").click()
        await expect(breakpoint_before(viewer, "Go to /cart")).to_have_attribute("aria-pressed", "true")
        await viewer.page.keyboard.press("Home")
        await viewer.page.keyboard.press("ArrowDown")
        await viewer.page.keyboard.press("b")
        await expect(breakpoint_before(viewer, "Click 'Add to cart'")).to_have_attribute("aria-pressed", "true")
        assert await viewer.axe() == []
        await viewer.press("Resume")
        await paused_before(viewer, "Click 'Add to cart'")
        await viewer.press("Resume")
        await paused_before(viewer, "Go to /cart")
        await planned(viewer, "Expect to see 'Name'").hover()
        await planned(viewer, "Expect to see 'Name'").get_by_role("button", name="Run to here").click()
        await paused_before(viewer, "Expect to see 'Name'")
        await viewer.press("Resume")
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed")
        await expect(viewer.page.locator(".jp-planned")).to_have_count(0)
    steps = (await server.get(f"/api/tests/{run_id}/steps"))["steps"]
    assert [step["planIndex"] for step in steps] == list(range(6))


async def test_a_breakpoint_goes_with_the_sentence_that_is_edited_away(server: Served, viewer_browser: Browser) -> None:
    run_id = await held(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await breakpoint_before(viewer, "Go to /cart").click()
        await breakpoint_before(viewer, "Click 'Checkout'").click()
        await viewer.tab("Instructions")
        await viewer.page.get_by_role("textbox", name="Instructions").fill(BUYING.replace("Go to /cart\n", ""))
        await viewer.press("Update the run")
        await viewer.sees("The breakpoint is gone with its step: Go to /cart")
        await viewer.tab("Steps")
        await expect(breakpoint_before(viewer, "Click 'Checkout'")).to_have_attribute("aria-pressed", "true")
        await expect(planned(viewer, "Go to /cart")).to_have_count(0)
    await server.cancel(run_id)


async def test_a_viewer_sees_them_and_sets_none(server: Served, viewer_browser: Browser) -> None:
    run_id = await held(server)
    assert (await server.post(f"/api/tests/{run_id}/breakpoints", {"index": 3, "on": True}))[0] == 202
    _, link = await server.post(f"/api/tests/{run_id}/tokens", {"role": "viewer"})
    async with watching(viewer_browser, server, run_id, token=link["token"]) as viewer:
        await expect(viewer.page.locator(".jp-planned[data-breakpoint]")).to_contain_text("Go to /cart")
        await expect(viewer.page.locator(".jp-planned button")).to_have_count(0)
        assert await viewer.axe() == []
    assert (await server.post(f"/api/tests/{run_id}/run-to", {"index": 2}))[0] == 202
    await server.until(run_id, lambda message: message["type"] == "plan_changed" and message["pausedAt"] == 2)
    status, problem = await server.post(f"/api/tests/{run_id}/run-to", {"index": 0})
    assert (status, problem["detail"]) == (404, "the plan has no entry 0 that is still to come")
    await server.cancel(run_id)


async def test_a_run_is_run_again_from_a_step(server: Served, viewer_browser: Browser) -> None:
    run_id = str((await server.create({"url": "/", "instructions": BUYING}))["id"])
    await server.until(run_id, lambda message: message["type"] == "run_finished")
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.page.locator(".jp-step button", has_text="Go to /cart").click()
        await viewer.press("Run again from here")
        await viewer.page.wait_for_url(lambda url: run_id not in url)
        await paused_before(viewer, "Go to /cart")
        done = viewer.page.locator(".jp-step[data-status=passed]")
        await expect(done).to_have_count(3)
        again = viewer.page.url.partition("?")[0].rpartition("/")[2]
    await server.cancel(again)


async def test_on_a_phone(server: Served, viewer_browser: Browser) -> None:
    run_id = await held(server)
    async with watching(viewer_browser, server, run_id, viewport=PHONE, touch=True) as viewer:
        await breakpoint_before(viewer, "Go to /cart").tap()
        await planned(viewer, "Click 'Add to cart'").get_by_role("button", name="Run to here").tap()
        await paused_before(viewer, "Click 'Add to cart'")
        assert await viewer.axe() == []
        assert await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await server.cancel(run_id)


# 2000 steps


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def long_run(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Served, str]]:
    """A server that knows a finished run of 2000 steps."""
    folder = tmp_path_factory.mktemp("long")
    run_id = await keep_long_run(folder)
    async with served(JUMPSEAT_DATA_DIR=str(folder)) as server:
        yield server, run_id


async def keep_long_run(folder: Path) -> str:
    now = datetime.now(UTC)
    view = run_view(
        now,
        id=secrets.token_urlsafe(16),
        name="A long one",
        planner="script",
        current_step=MANY,
        total_steps=MANY,
    )
    action = Action(type=ActionType.CLICK, selector='role=button[name="Add to cart"]')
    steps = [
        Step(
            step_number=number,
            action=action.type,
            target=action.selector,
            value=None,
            description=f"Click 'Add to cart' for the {number}. time",
            source=Source.PLAN,
            status=StepStatus.PASSED,
            timestamp=now,
            duration_ms=120,
            full_action=action,
            plan_index=number - 1,
        )
        for number in range(1, MANY + 1)
    ]
    store = await Store.open(await asyncio.to_thread(with_database, folder))
    await store.add(RunRecord("tester", view, {"url": view.url}))
    await store.save(view, steps)
    await store.aclose()
    return view.id


async def test_of_2000_steps_only_those_in_sight_are_drawn(
    long_run: tuple[Served, str], viewer_browser: Browser
) -> None:
    server, run_id = long_run
    async with watching(viewer_browser, server, run_id) as viewer:
        page = viewer.page
        await expect(page.locator(f'[data-row="{MANY - 1}"]')).to_be_in_viewport()
        for key, row in (("Home", 0), ("ArrowDown", 1), ("End", MANY - 1)):
            await page.locator('[data-stop][tabindex="0"]').press(key)
            await expect(page.locator(f'[data-row="{row}"] [data-stop]')).to_be_focused()
            await expect(page.locator(f'[data-row="{row}"]')).to_be_in_viewport()
            assert await page.locator(".jp-step").count() <= 300
            assert await page.locator("*").count() < 5000
        panel = page.locator(".jp-panel")
        await panel.evaluate("panel => panel.scrollTo(0, panel.scrollHeight / 2)")
        middle = await panel.evaluate(
            """async panel => {
                const { left, top, width, height } = panel.getBoundingClientRect();
                const at = () => document.elementFromPoint(left + width / 2, top + height / 2)?.closest('[data-row]');
                while (!at()) await new Promise(requestAnimationFrame);
                return Number(at().dataset.row);
            }"""
        )
        assert MANY / 4 < middle < 3 * MANY / 4
        assert await viewer.axe() == []
