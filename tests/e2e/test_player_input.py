"""Text, clipboard and fingers of a person at the player, as the driven page itself tells of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, CDPSession, expect

from tests.e2e.reporting_page import BELOW, BUTTON, FIELD, PASSWORD, ReportingPage
from tests.e2e.watch_page import WatchPage, watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def holding(
    server: Served, browser: Browser, *, touch: bool = False
) -> AsyncIterator[tuple[WatchPage, ReportingPage]]:
    """A viewer who has taken control of a run on a page that tells what it gets."""
    driven = ReportingPage()
    async with driven.site:
        run_id = await driven.waiting_run(server)
        async with watching(browser, server, run_id, touch=touch) as viewer:
            await viewer.live("whep")
            await viewer.press("Take control")
            await expect(viewer.page.locator('.jp-stage[data-held="me"]')).to_be_visible()
            yield viewer, driven
        await server.cancel(run_id)


async def devtools(viewer: WatchPage) -> CDPSession:
    return await viewer.page.context.new_cdp_session(viewer.page)


async def compose(cdp: CDPSession, *parts: str) -> None:
    """What an input method does: shows unfinished text a few times, then puts the last part in."""
    for part in parts[:-1]:
        selection = {"text": part, "selectionStart": len(part), "selectionEnd": len(part)}
        await cdp.send("Input.imeSetComposition", selection)
    await cdp.send("Input.insertText", {"text": parts[-1]})


async def test_composed_text_an_emoji_and_a_dead_key_arrive_once(server: Served, viewer_browser: Browser) -> None:
    async with holding(server, viewer_browser) as (viewer, driven):
        await viewer.page.mouse.click(*await viewer.point(*FIELD))
        cdp = await devtools(viewer)
        await compose(cdp, "に", "にほ", "にほn", "日本")
        await driven.until_it_says(text="日本")
        await compose(cdp, "👩‍🚀")
        await driven.until_it_says(text="日本👩‍🚀")
        await cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Dead", "code": "Quote"})
        await compose(cdp, "´", "é")
        await cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": "Dead", "code": "Quote"})
        await driven.until_it_says(text="日本👩‍🚀é")
        await viewer.page.keyboard.type("x")
        await driven.until_it_says(text="日本👩‍🚀éx")


async def test_a_dead_key_is_left_to_the_keyboard_of_the_viewer(server: Served, viewer_browser: Browser) -> None:
    async with holding(server, viewer_browser) as (viewer, _):
        pressed = """(area, key) =>
            area.dispatchEvent(new KeyboardEvent("keydown", { key, code: "Quote", cancelable: true, bubbles: true }))"""
        area = viewer.page.locator(".jp-input")
        assert [await area.evaluate(pressed, key) for key in ("Dead", "Process", "a")] == [True, True, False]


async def test_a_paste_brings_the_clipboard_of_the_viewer(server: Served, viewer_browser: Browser) -> None:
    async with holding(server, viewer_browser) as (viewer, driven):
        await viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await viewer.page.evaluate("navigator.clipboard.writeText('Ada & Søren, 3 × ☕')")
        await viewer.page.mouse.click(*await viewer.point(*FIELD))
        await viewer.page.keyboard.press("Control+v")
        await driven.until_it_says(text="Ada & Søren, 3 × ☕")


async def test_a_finger_taps_and_a_swipe_scrolls(server: Served, viewer_browser: Browser) -> None:
    async with holding(server, viewer_browser, touch=True) as (viewer, driven):
        await viewer.page.touchscreen.tap(*await viewer.point(*BUTTON))
        await driven.until_it_says(tapped="touch")
        await swipe(viewer, BELOW, up=400)
        await driven.until_it_says(scrolled=True)


async def test_a_password_typed_by_hand_is_kept_as_a_secret_of_the_run(server: Served, viewer_browser: Browser) -> None:
    async with holding(server, viewer_browser) as (viewer, driven):
        await viewer.page.mouse.click(*await viewer.point(*PASSWORD))
        await viewer.page.keyboard.type("tr0ub4dor")
        await driven.until_it_says(password="tr0ub4dor")
        await viewer.press("Release control")
        await viewer.press("Keep typed_new_password as a secret of this run")
        await viewer.sees("The password is a secret of this run now: {{secret:typed_new_password}} stands for it")
        await expect(viewer.button("Keep typed_new_password as a secret of this run")).to_have_count(0)
        assert "tr0ub4dor" not in await viewer.page.content()
        run_id = viewer.page.url.partition("/runs/")[2].partition("?")[0]
        override = {"type": "type", "selector": "[type=password]", "value": "{{secret:typed_new_password}}!"}
        await server.post(
            f"/api/tests/{run_id}/commands", {"type": "step_override", "action": override, "place": "before"}
        )
        await driven.until_it_says(password="tr0ub4dor!")


async def swipe(viewer: WatchPage, start: tuple[int, int], *, up: int) -> None:
    """One finger from a pixel of the remote page upwards, in steps as a hand makes them."""
    cdp = await devtools(viewer)
    kinds = ["touchStart", *["touchMove"] * 8]
    for at, kind in enumerate(kinds):
        x, y = await viewer.point(start[0], start[1] - up * at / (len(kinds) - 1))
        await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
