"""The ways that Firefox and WebKit are driven, on Chromium: Playwright's own screencast and keyboard."""

from __future__ import annotations

import asyncio
import logging

from control.protocol.commands import Input
from media.aio import TaskSet
from media.frames import LatestFrame
from runner.browser.cover.covers import Covers
from runner.browser.devtools import DevTools
from runner.browser.human.dispatch import InputDispatcher
from runner.browser.screencast import FrameForwarder, FramePacer, PortableSource
from tests.runner.browser.driver_harness import WAIT_SECONDS, OpenHarness

PAGES = {"/": "<title>Page</title><input onkeydown=\"document.title += event.key + ',' \"><button>Go</button>"}


def heed_not(_: object) -> None:
    """Nothing comes of it here."""


async def test_pictures_by_playwrights_screencast(open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as harness:
        await harness.show("/")
        sink, background = LatestFrame(), TaskSet(logging.getLogger(__name__))
        page = harness.driver.page
        pictures = FrameForwarder(page, Covers().sink(page, sink), (800, 600), 80, resized=heed_not, of_use=heed_not)
        source = PortableSource(pictures, (800, 600), FramePacer(30), background)
        await source.start()
        frame = await asyncio.wait_for(sink.after(0), WAIT_SECONDS)
        assert (frame.width, frame.height, frame.data[:2]) == (800, 600, b"\xff\xd8")
        await harness.do("type", selector="input", value="more")
        newer = await asyncio.wait_for(sink.after(frame.seq), WAIT_SECONDS)
        assert newer.captured_at >= frame.captured_at
        await source.stop()
        seq = sink.newest.seq if sink.newest else 0
        await harness.do("type", selector="input", value="")
        await harness.driver.screenshot()
        assert sink.newest is not None
        assert sink.newest.seq == seq
        await background.aclose()


async def test_keys_by_playwrights_keyboard(open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as harness:
        await harness.show("/")
        page, dispatcher = harness.driver.page, InputDispatcher(DevTools(), chromium=False)
        await page.focus("input")
        for key, code in [("a", "KeyA"), ("ü", "BracketLeft"), ("Enter", "Enter"), ("Dead", "Backquote")]:
            for down in (True, False):
                await dispatcher.key(page, Input(kind="key_down", key=key, code=code), down=down)
        assert await page.input_value("input") == "aü"
