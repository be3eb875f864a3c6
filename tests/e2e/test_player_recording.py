"""The player goes back in what is live, and shows the recording of a run that is over."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.watch_page import READ_TIMECODE, WatchPage, watching
from tests.served import WAIT_SECONDS, Served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.process]

RECORDED = READ_TIMECODE.replace(".jp-surface > *", ".jp-recorded video")
PAGE = "/timecode.html?fps=10"


async def recorded_code(tab: WatchPage, *, after: int = 0) -> int:
    """The time that is painted in the recorded picture, once that is later than ``after``."""
    await tab.timecode()
    later = f"() => {{ const code = ({RECORDED})(); return code !== null && code > {after} ? code : null; }}"
    handle = await tab.page.wait_for_function(later, timeout=WAIT_SECONDS * 1000)
    return int(await handle.json_value())


async def go_back(tab: WatchPage, milliseconds: int) -> None:
    """Drags the bar as its keys do, or a pointer."""
    bar = tab.page.get_by_role("slider", name="Go back in the recording")
    await bar.evaluate(
        """(bar, back) => {
            const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
            set.call(bar, String(Math.max(0, Number(bar.max) - back)));
            bar.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        milliseconds,
    )


async def test_one_goes_back_in_a_live_run_plays_from_there_and_returns(
    server: Served, viewer_browser: Browser
) -> None:
    steps = [{"type": "wait", "value": 3000}, {"type": "wait", "value": 90_000}]
    run = await server.create({"url": PAGE, "steps": steps, "record": "on", "stepTimeoutMs": 100_000})
    await server.until(run["id"], lambda each: each["type"] == "test_step" and each["step"]["stepNumber"] == 2)
    async with watching(viewer_browser, server, run["id"]) as tab:  # who joins late has all of it
        await tab.live("whep")
        await tab.newer_picture()
        now = await tab.timecode()
        assert now is not None
        await expect(tab.page.locator(".jp-rewind .jp-clock")).to_contain_text("0:1", timeout=WAIT_SECONDS * 1000)
        await go_back(tab, 60_000)
        first = await recorded_code(tab)
        assert first < now
        await tab.sees("Recorded · not live")
        assert await recorded_code(tab, after=first) > first
        await tab.page.get_by_label("Speed of the recording").select_option("4")
        assert await tab.page.locator(".jp-recorded video").evaluate("video => video.playbackRate") == 4
        slider = tab.page.get_by_role("slider", name="Go back in the recording")
        await slider.focus()
        await slider.press("Home")
        await tab.press("Stop the recording here")
        await tab.page.locator(".jp-marks i[data-status]").nth(1).wait_for(state="attached")
        assert await tab.axe() == []
        await tab.page.locator(".jp-rewind").get_by_role("button", name="Live").click()
        await expect(tab.page.locator(".jp-recorded")).to_have_count(0)
        await tab.newer_picture()
    await server.cancel(run["id"])


async def test_the_recording_of_a_run_that_is_over_is_played(server: Served, viewer_browser: Browser) -> None:
    run = await server.create({"url": PAGE, "steps": [{"type": "wait", "value": 4000}], "record": "on"})
    await server.until(run["id"], lambda each: each["type"] == "run_finished")
    async with watching(viewer_browser, server, run["id"]) as tab:
        bar = tab.page.locator(".jp-rewind")
        await bar.get_by_role("button", name="Play the recording").click()
        first = await recorded_code(tab)
        await recorded_code(tab, after=first)
        await tab.page.keyboard.press("l")
        await expect(tab.page.locator(".jp-recorded")).to_have_count(0)


async def test_a_run_that_is_not_recorded_has_no_such_bar(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(PAGE, seconds=60)
    async with watching(viewer_browser, server, run_id) as tab:
        await tab.live("whep")
        await expect(tab.page.locator(".jp-rewind")).to_have_count(0)
    await server.cancel(run_id)
