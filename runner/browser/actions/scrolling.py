"""Scrolling: by some pixels, to the end of what grows as it is scrolled, and in search of an element."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import ElementHandle, JSHandle, Locator, Page, Request

from runner.browser.actions.actionability import run_to_completion
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.scroll_script import ONE_SCREEN, SCROLL, TO_TOP, WATCH_WHEEL
from runner.browser.locate import at_point
from runner.driver import StepFailed

AT_THE_END = "Nothing moved: all that can be scrolled is at its end already, or in view."
_QUIET_SECONDS = 1.0
"""A list that has not grown for so long at its end has nothing more to come."""
_LOOK_SECONDS = 0.05
_SLOWLY_SECONDS = 0.3
"""How long each screen of a list is given to be drawn when a first, fast search has found nothing."""
_NOTHING = "Nothing on this page can be scrolled: it is cut off, or locked by something that lies over it"
_STUCK = "The page does not let itself be scrolled, though there is more of it"

_IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
}"""


async def by_pixels(page: Page, pixels: float | None) -> bool:
    """Scrolls once; returns False where all is at its end already, or fits the window. Raises StepFailed."""
    by = {"pixels": pixels, "end": False}
    answer = await run_to_completion(page.evaluate(f"by => ({SCROLL})({{ found: [] }}, by)", by))
    if answer["frame"]:
        answer, _ = await _scroll_in_frames(page, by)
    if answer["moved"]:
        if not answer["kept"]:
            raise StepFailed("The page was scrolled, and has scrolled back by itself")
        return True
    if not answer["end"] and not answer["fits"] and not await _by_wheel(page, pixels):
        raise StepFailed(_STUCK if answer["found"] else _NOTHING)
    return not answer["end"] and not answer["fits"]


async def _by_wheel(page: Page, pixels: float | None) -> bool:
    """Turns the wheel over the middle of the page; returns whether the page has moved what is there."""
    width, height = await page.evaluate("[innerWidth, innerHeight]")
    watch = await page.evaluate_handle(WATCH_WHEEL)
    await page.mouse.move(width / 2, height / 2)
    await page.mouse.wheel(0, height if pixels is None else pixels)
    return bool(await watch.evaluate("watch => watch.moved()"))


async def to_end(page: Page, pixels: float, deadline: Deadline) -> bool:
    """Scrolls on until nothing more comes; returns False where it was there already. Raises StepFailed.

    The sign of ``pixels`` is the direction. What a page fetches at its end is waited for.
    """
    by = {"pixels": pixels, "end": True}
    quiet_seconds = min(_QUIET_SECONDS, deadline.given_ms / 3000)
    with _Requests(page) as requests:
        last = await page.evaluate_handle("() => ({ found: [] })")
        answer = await run_to_completion(last.evaluate(SCROLL, by))
        if answer["frame"]:
            answer, last = await _scroll_in_frames(page, by)
        moved, still_since = bool(abs(answer["moved"]) >= 1), time.monotonic()
        while True:
            answer = await run_to_completion(last.evaluate(SCROLL, by))
            now = time.monotonic()
            if abs(answer["moved"]) >= 1:
                moved, still_since = True, now
            quiet = now - still_since >= quiet_seconds
            if quiet and (deadline.over or not requests.under_way):
                if answer["end"] or answer["fits"]:
                    return moved
                raise StepFailed(_STUCK if answer["found"] else _NOTHING)
            if deadline.over:
                raise StepFailed(
                    f"The page still grew after {deadline.spoken} of scrolling, and its end was not reached"
                )
            await asyncio.sleep(_LOOK_SECONDS)


class Search:
    """The scrolling of everything on a page, screen by screen, until an element comes into being.

    It goes down from where the page is, then from the top again and more slowly, for lists that take time to draw.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._steps: AsyncIterator[None] | None = None

    async def look(self, locator: Locator, within_ms: float) -> None:
        """Waits for the element, and from the second time on scrolls meanwhile. Raises playwright's TimeoutError."""
        deadline = Deadline(within_ms)
        if self._steps is None:
            self._steps = self._scroll_on()
            await locator.wait_for(state="visible", timeout=within_ms)
        shown = locator.filter(visible=True)
        while not deadline.over and not await shown.count():
            try:
                await anext(self._steps)
            except StopAsyncIteration:
                # It ended with the page that it was for, or with a look that took too long.
                self._steps = self._scroll_on()
        await locator.wait_for(state="visible", timeout=_LOOK_SECONDS * 1000)

    async def _scroll_on(self) -> AsyncIterator[None]:
        settle_seconds, from_top = 0.0, False
        while True:
            everything = await self.page.evaluate_handle(f"() => ({SCROLL})({{ found: [] }}, {{ list: true }})")
            places = await everything.get_properties() if await everything.evaluate("Array.isArray") else {}
            if not places:
                await asyncio.sleep(_LOOK_SECONDS)
                yield
            for place in places.values():
                if from_top:
                    await place.evaluate(TO_TOP)
                    yield
                still_since = time.monotonic()
                while time.monotonic() - still_since < _QUIET_SECONDS:
                    if await place.evaluate(ONE_SCREEN):
                        still_since = time.monotonic()
                    await asyncio.sleep(settle_seconds)
                    yield
            settle_seconds, from_top = _SLOWLY_SECONDS, True


async def into_view(locator: Locator, within_ms: float) -> None:
    """Scrolls to the element. Raises StepFailed where it is not in view then."""
    await locator.scroll_into_view_if_needed(timeout=within_ms)
    if not await locator.evaluate(_IN_VIEW, timeout=within_ms):
        raise StepFailed("The page does not let itself be scrolled there: the element is still out of view")


class _Requests:
    """Knows whether the page is fetching something that it began to fetch since."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()

    def __enter__(self) -> _Requests:
        self._page.on("request", self._began)
        self._page.on("requestfinished", self._ended)
        self._page.on("requestfailed", self._ended)
        return self

    def __exit__(self, *_: object) -> None:
        self._page.remove_listener("request", self._began)
        self._page.remove_listener("requestfinished", self._ended)
        self._page.remove_listener("requestfailed", self._ended)

    def _began(self, request: Request) -> None:
        self._open.add(request)

    def _ended(self, request: Request) -> None:
        self._open.discard(request)

    @property
    def under_way(self) -> bool:
        return bool(self._open)


async def _scroll_in_frames(page: Page, by: dict[str, Any]) -> tuple[dict[str, Any], JSHandle]:
    """Returns what came of it in the frame under the middle of the page, else around that frame; and what goes on."""
    done = []
    for start in await _starts(page):
        last = await start.evaluate_handle("start => ({ start, found: [] })")
        answer = await run_to_completion(last.evaluate(SCROLL, by))
        done.append((answer, last))
        if answer["moved"]:
            break
    return next((each for each in reversed(done) if each[0]["found"]), done[-1])


async def _starts(page: Page) -> list[Locator | ElementHandle]:
    """Returns the element at the middle of the page, and the frames that it is within, from the innermost."""
    width, height = await page.evaluate("[innerWidth, innerHeight]")
    hit = await at_point(page, width / 2, height / 2)
    if hit is None:
        raise StepFailed(_NOTHING)
    return [hit.locator, *(frame for frame, _, _ in reversed(hit.frames))]
