"""Pictures of the active page, read for what they show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from control.protocol.actions import Size
from media.frames import JpegFrame, LatestFrame
from runner.browser.screencast import FramePacer, Screencast
from tests.media.pictures import decoded
from tests.runner.browser.driver_harness import WAIT_SECONDS, DriverHarness, OpenHarness
from tests.timecode import Picture, decode
from web.shop import serving_shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = {
    "/": """<title>Still</title><body style="margin: 0; background: #00f">
<button onclick="document.body.style.background = '#f00'">Red</button>
<button onclick="let left = 30; const turn = () => {
  document.body.style.background = left % 2 ? '#f00' : '#ff0';
  if (left--) requestAnimationFrame(turn); else document.body.style.background = '#0f0';
}; turn()">Flash</button>
<a href="/other" target="_blank">Other</a></body>""",
    "/other": """<title>Other</title><body style="background: #fff"></body>""",
}
BLUE, RED, GREEN, WHITE = (0, 0, 255), (255, 0, 0), (0, 255, 0), (255, 255, 255)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness(PAGES) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> AsyncIterator[DriverHarness]:
    await browser.show("/")
    yield browser
    await browser.driver.stop_capture()


def picture(frame: JpegFrame) -> Picture:
    """(height, width, 3) RGB."""
    return decoded(frame.data)


def shows(frame: JpegFrame, color: tuple[int, int, int]) -> bool:
    """The lower half of the picture has this color."""
    pixels = picture(frame)
    return bool(np.abs(pixels[pixels.shape[0] // 2 :].astype(int) - color).max() < 40)


def quantiser(frame: JpegFrame) -> int:
    """The coarseness of the picture's means: the first value of its first table (ITU-T T.81 §B.2.4.1)."""
    return frame.data[frame.data.index(b"\xff\xdb") + 5]


async def until(sink: LatestFrame, wanted: Callable[[JpegFrame], bool]) -> JpegFrame:
    seq = 0
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            frame = await sink.after(seq)
            if wanted(frame):
                return frame
            seq = frame.seq


@asynccontextmanager
async def captured(harness: DriverHarness, *, fps: int = 30) -> AsyncIterator[LatestFrame]:
    sink = LatestFrame()
    await harness.driver.start_capture(sink, fps=fps)
    yield sink
    await harness.driver.stop_capture()


async def test_a_still_page_is_shown_at_once_and_each_time(harness: DriverHarness) -> None:
    for _ in range(3):
        async with captured(harness) as sink:
            frame = await until(sink, lambda frame: shows(frame, BLUE))
            assert (frame.width, frame.height) == (800, 600)
            assert picture(frame).shape == (600, 800, 3)


@pytest.mark.parametrize("fps", [2, 30])
async def test_the_last_change_is_never_lost_however_slow_the_rate(harness: DriverHarness, fps: int) -> None:
    async with captured(harness, fps=fps) as sink:
        await harness.do("click", selector="text=Flash")
        await until(sink, lambda frame: shows(frame, GREEN))
        await harness.do("click", selector="text=Red")
        await until(sink, lambda frame: shows(frame, RED))


async def test_it_follows_the_active_tab(harness: DriverHarness) -> None:
    async with captured(harness) as sink:
        await until(sink, lambda frame: shows(frame, BLUE))
        await harness.do("click", selector="text=Other")
        await until(sink, lambda frame: shows(frame, WHITE))
        await harness.do("switch_tab", value=0)
        await until(sink, lambda frame: shows(frame, BLUE))
        await harness.do("click", selector="text=Red")
        await until(sink, lambda frame: shows(frame, RED))
        await harness.do("close_tab", value=1)


async def test_a_tab_that_closes_gives_way_to_the_one_before(harness: DriverHarness) -> None:
    async with captured(harness) as sink:
        await harness.do("click", selector="text=Other")
        await until(sink, lambda frame: shows(frame, WHITE))
        await harness.do("close_tab", value=1)
        await until(sink, lambda frame: shows(frame, BLUE))


STIR = "() => setInterval(() => { document.querySelector('button').style.opacity = Math.random(); }, 100)"
"""Now and then Chromium gives no picture of a new size before something on the page changes."""


async def test_a_viewport_that_grows(harness: DriverHarness) -> None:
    page = harness.driver.page
    async with captured(harness) as sink:
        await until(sink, lambda frame: shows(frame, BLUE))
        await page.evaluate(STIR)
        await page.set_viewport_size({"width": 1000, "height": 700})
        grown = await until(sink, lambda frame: picture(frame).shape == (700, 1000, 3))
        assert (grown.width, grown.height) == (1000, 700)
        await page.set_viewport_size({"width": 800, "height": 600})
        await until(sink, lambda frame: (frame.width, picture(frame).shape) == (800, (600, 800, 3)))


@pytest.mark.parametrize(("asked", "of_use"), [(10, None), (30, 10.0)])
async def test_the_rate_is_capped_and_pictures_are_of_their_time(
    asked: int, of_use: float | None, open_harness: OpenHarness
) -> None:
    async with serving_shop() as shop, open_harness({}, viewport=Size(width=1280, height=720)) as harness:
        await harness.driver.open(f"{shop}/timecode.html?fps=60")
        async with captured(harness, fps=asked) as sink:
            sink.fps = of_use
            first = await until(sink, lambda frame: frame.seq > 6)
            last = await until(sink, lambda frame: frame.seq >= first.seq + 10)
            codes = [decode(picture(frame)) for frame in (first, last)]
            assert codes[0] is not None
            assert codes[1] is not None
            # Each of them waited for an acknowledgement, and those are a tenth of a second apart.
            assert codes[1] - codes[0] >= 0.8 * (last.seq - first.seq) * 100
            assert abs(last.captured_at * 1000 - codes[1]) < 10_000


async def test_a_machine_that_is_short_of_cpu_gets_cheaper_pictures(open_harness: OpenHarness) -> None:
    def coarser(than: int) -> Callable[[JpegFrame], bool]:
        return lambda frame: quantiser(frame) > than

    async with serving_shop() as shop, open_harness({}) as harness:
        await harness.driver.open(f"{shop}/timecode.html?fps=30")
        async with captured(harness) as sink:
            best = quantiser(await sink.after(0))
            sink.fps = 10.0
            cheap = quantiser(await until(sink, coarser(than=best)))
            sink.fps = 29.0
            seen = await sink.after(0)
            assert quantiser(await until(sink, lambda frame: frame.seq > seen.seq + 3)) == cheap
            sink.fps = 30.0
            await until(sink, lambda frame: quantiser(frame) == best)


async def test_nothing_comes_after_the_end(open_harness: OpenHarness) -> None:
    async with serving_shop() as shop, open_harness({}) as harness:
        await harness.driver.open(f"{shop}/timecode.html?fps=60")
        async with captured(harness) as sink:
            await sink.after(5)
        assert sink.newest is not None
        seq = sink.newest.seq
        other = LatestFrame()
        await harness.driver.start_capture(other, fps=30)
        await other.after(5)
        assert sink.newest.seq == seq


@pytest.mark.parametrize(
    ("scale", "largest", "shape"), [(2, None, (600, 800)), (1, Size(width=400, height=400), (300, 400))]
)
async def test_pictures_are_of_the_viewport_or_fit_the_given_size(
    scale: float, largest: Size | None, shape: tuple[int, int], open_harness: OpenHarness
) -> None:
    async with open_harness(PAGES, device_scale_factor=scale, max_picture=largest) as harness:
        await harness.show("/")
        async with captured(harness) as sink:
            frame = await until(sink, lambda frame: shows(frame, BLUE))
            assert (frame.width, frame.height) == (800, 600)
            assert picture(frame).shape[:2] == shape


async def test_a_screenshot_leaves_the_focus_where_it_is(harness: DriverHarness) -> None:
    await harness.do("press", selector="text=Red", value="Shift")
    await harness.driver.screenshot()
    assert await harness.driver.page.evaluate("document.activeElement.textContent") == "Red"


async def test_a_screenshot_is_a_jpeg_of_the_viewport(harness: DriverHarness) -> None:
    data = await harness.driver.screenshot()
    assert picture(JpegFrame(data, 1, 0.0, 800, 600)).shape == (600, 800, 3)


async def test_the_pace_spreads_a_burst_and_lets_a_slow_page_go() -> None:
    pace = FramePacer(10)
    assert [round(pace.delay(100.0, None), 3) for _ in range(3)] == [0, 0.1, 0.2]
    assert pace.delay(105.0, None) == 0


async def test_the_pace_is_that_of_whoever_is_slower() -> None:
    pace = FramePacer(10)
    assert [round(pace.delay(100.0, fps), 3) for fps in (5, 20, 5)] == [0, 0.1, 0.3]


class Source:
    """Gives no pictures for as many attempts as there are ``failures``."""

    def __init__(self) -> None:
        self.failures = 1
        self.started = asyncio.Event()

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise PlaywrightError("the page is just closing")
        self.started.set()

    async def stop(self) -> None:
        pass


class OpenPage:
    """As much of a page as a screencast looks at."""

    def is_closed(self) -> bool:
        return False


async def test_a_page_that_gives_no_pictures_is_reported_or_else_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    screencast, source, page = Screencast(), Source(), cast(Page, OpenPage())
    monkeypatch.setattr(screencast, "_new_source", lambda *_: source)
    screencast.follow(page)
    with pytest.raises(PlaywrightError, match="just closing"):
        await screencast.start(LatestFrame(), fps=30)
    source.failures = 1
    screencast.follow(page)
    await asyncio.wait_for(source.started.wait(), WAIT_SECONDS)
    await screencast.aclose()
