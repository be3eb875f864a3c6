"""Waits until an element can be acted on, then acts once: kept apart, so that a cancelled step never acts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from runner.browser import playwright_errors as errors
from runner.browser.actions.deadline import Deadline
from runner.browser.locate import selector_of
from runner.browser.tabs import Tabs
from runner.driver import StepFailed
from runner.selectors.build import is_open

T = TypeVar("T")
_ACT_MS = 3000.0
"""An element that was ready a moment ago is acted on well within this."""

_GRACE_MS = 500.0
_PATIENT_MS = 900.0
"""A step that waits for less than this says nothing of it."""


async def run_to_completion(act: Coroutine[Any, Any, T]) -> T:
    """Playwright does not stop what it has begun when its caller is cancelled, so the caller waits for it."""
    task = asyncio.ensure_future(act)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=2 * _ACT_MS / 1000)
        if task.done() and not task.cancelled():
            task.exception()
        raise


async def closes(page: Page) -> bool:
    """The page is closed while its browser lives: a press does that to its own tab. Raises PlaywrightError."""
    if page.is_closed():
        await page.context.cookies("about:blank")
    return page.is_closed()


class Subject:
    """The element that a step is about, looked for until a deadline in the tab that is the active one at that time.

    ``resolved`` takes, for a selector that leaves open which element it is, one that finds just that element.
    """

    def __init__(
        self,
        tabs: Tabs,
        selector: str,
        deadline: Deadline,
        resolved: dict[str, str],
        *,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``waiting`` is called with why the element cannot be used yet, once that takes its time."""
        self._tabs = tabs
        self._page = tabs.active
        self._selector = selector
        self._resolved = resolved
        self._deadline = deadline
        self._lost_tab = False
        self._waiting = waiting

    @property
    def locator(self) -> Locator:
        """Where it was looked for last."""
        return self._page.locator(self._selector)

    @property
    def selector(self) -> str:
        """The selector that it was looked for by; once it is resolved, the one that finds just that element."""
        return self._resolved.get(self._selector, self._selector)

    async def described(self) -> str:
        """Returns what a person would call it."""
        return await errors.describe_element(self.locator, self._selector)

    async def act(
        self, ready: Callable[[float], Awaitable[Any]], act: Callable[[float], Coroutine[Any, Any, Any]]
    ) -> None:
        """``ready`` only looks, again and again; then ``act`` acts. Each gets the milliseconds that it may take.

        Raises StepFailed with what stood in the way.
        """
        await self.wait(ready)
        await self.resolve()
        await self.do(act)

    async def do(self, act: Callable[[float], Coroutine[Any, Any, Any]]) -> None:
        """Acts once on an element that is ready. Raises StepFailed with what stood in the way."""
        try:
            await run_to_completion(act(min(_ACT_MS, max(self._deadline.left_ms, _ACT_MS / 2))))
        except PlaywrightError as error:
            if errors.was_dispatched(error) and await closes(self._page):
                return
            if not errors.was_clicked(error):
                raise await self._failure(error) from None
            # The page is busy with the press, which must not be made again.
            page = self._page
            await self._poll(lambda _: page.evaluate("0"))

    async def wait(self, ready: Callable[[float], Awaitable[T]]) -> T:
        """What ``ready`` answers once it does not time out. Raises StepFailed with what stood in the way."""
        found = await self._poll(ready)
        self._tabs.act()
        return found

    async def _poll(self, ready: Callable[[float], Awaitable[T]]) -> T:
        while True:
            slice_ms = self._deadline.slice_ms
            with suppress(StepFailed):
                self._page = self._tabs.active
            try:
                # A page whose script never ends keeps Playwright's own timeouts from being kept.
                return await asyncio.wait_for(ready(slice_ms), (slice_ms + _GRACE_MS) / 1000)
            except (PlaywrightTimeout, TimeoutError) as error:
                if self._deadline.over:
                    raise await self._failure(error) from None
                await self._report(error)
            except PlaywrightError as error:
                if self._deadline.over or not (_changing(error) or await self._tab_closed()):
                    raise await self._failure(error) from None
                # The page is changing under the look; a navigation shows in no other way.
                await asyncio.sleep(0.05)

    async def _report(self, error: PlaywrightError | TimeoutError) -> None:
        if self._deadline.given_ms - self._deadline.left_ms < _PATIENT_MS:
            return
        with suppress(PlaywrightError, TimeoutError):
            why = str(await self._reason(error))
            spoken = self._deadline.spoken
            self._waiting(why.removesuffix(f" (waited {spoken})").removesuffix(f" after {spoken}"))

    async def resolve(self) -> None:
        """Notes which element it is, now that it is there, where the selector leaves that open."""
        if is_open(self._selector):
            with suppress(PlaywrightError, TimeoutError):
                self._resolved[self._selector] = await selector_of(self.locator)

    async def _tab_closed(self) -> bool:
        """Then the element is looked for in the tab that is the active one now."""
        closed = await closes(self._page)
        self._lost_tab = self._lost_tab or closed
        return closed

    async def _failure(self, error: PlaywrightError | TimeoutError) -> StepFailed:
        if self._page.is_closed():
            return StepFailed("The page was closed meanwhile")
        why = await self._reason(error)
        return StepFailed(f"{why}; the tab that was open before was closed meanwhile") if self._lost_tab else why

    async def _reason(self, error: PlaywrightError | TimeoutError) -> StepFailed:
        if isinstance(error, TimeoutError):
            return StepFailed(self._silent())
        if errors.is_closed(error):
            raise error
        if isinstance(error, PlaywrightTimeout):
            return StepFailed(await self._why_not(error))
        if (number := errors.match_count(error)) is not None:
            return StepFailed(await self._ambiguous(number))
        return StepFailed(errors.failure(self._selector, error))

    async def _why_not(self, error: PlaywrightError) -> str:
        after = self._deadline.spoken
        try:
            number = await asyncio.wait_for(self.locator.count(), 1.0)
            shown = await asyncio.wait_for(self.locator.filter(visible=True).count(), 1.0)
        except (TimeoutError, PlaywrightError):
            return self._silent()
        if number == 0:
            return f"No element matches {errors.selector_in_sentence(self._selector)} after {after}"
        why = errors.unusable_state(error) or ("could not be used" if shown else "is not visible")
        return f"{await self.described()} {why} (waited {after})"

    def _silent(self) -> str:
        return f"The page did not answer within {self._deadline.spoken}: a script keeps it busy, or a dialog is open"

    async def _ambiguous(self, number: int) -> str:
        try:
            narrower = await selector_of(self.locator.first)
        except (TimeoutError, PlaywrightError):
            narrower = f"{self._selector} >> nth=0"
        who = errors.selector_in_sentence(self._selector)
        return f"{who} matches {number} elements; narrow it down, for example to the first: {narrower}"


def _changing(error: PlaywrightError) -> bool:
    signs = ("context was destroyed", "navigat", "detached", "not attached", "Cannot find context")
    return any(sign in error.message for sign in signs)
