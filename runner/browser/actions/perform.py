"""One action, done to the active page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict
from urllib.parse import urljoin, urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page

from control.protocol.actions import Action, ActionType, Modifier, MouseButton
from control.user_info import without_user_info
from runner.browser import playwright_errors as errors
from runner.browser.actions import dragging, expect, scrolling, uploading
from runner.browser.actions.actionability import Subject, closes, run_to_completion
from runner.browser.actions.bound_fill import BoundFill
from runner.browser.actions.checking import Checking
from runner.browser.actions.choosing import Choosing
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.filling import Field, Filling
from runner.browser.actions.left_fields import LeftField
from runner.browser.actions.navigation import NavigationWatch
from runner.browser.devtools import DevTools
from runner.browser.downloads import Downloads
from runner.browser.file_payload import payloads
from runner.browser.tabs import Tabs
from runner.driver import CarriedOut, StepFailed
from runner.egress.proxy import EgressProxy

_LOAD_MS = 5000.0
"""How long a page that is there may go on loading before the next step begins."""
_LEADS_ON = {
    ActionType.CLICK,
    ActionType.DOUBLE_CLICK,
    ActionType.PRESS,
    ActionType.SELECT,
    ActionType.CHECK,
    ActionType.UNCHECK,
    ActionType.DRAG,
    ActionType.UPLOAD,
}
"""What may lead to another page."""
_SELECTORS = frozenset({"selector", "target"})
_BLANK = "about:blank"


class ClickOptions(TypedDict):
    """How Playwright is to click."""

    button: MouseButton
    modifiers: Sequence[Modifier]


class Performer:
    """Carries out actions. All its methods raise StepFailed with a sentence for a person."""

    def __init__(
        self,
        tabs: Tabs,
        *,
        egress_proxy: EgressProxy,
        devtools: DevTools,
        uploads: Path | None = None,
        downloads: Downloads | None = None,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        """
        Args:
            tabs: the pages that are acted in.
            egress_proxy: says which addresses the pages are kept from.
            devtools: asks for what Playwright does not give.
            uploads: where files lie that are given by name.
            downloads: what the pages download; None where that is left to somebody else.
            waiting: called with why an element cannot be used yet.
        """
        self._waiting = waiting
        self._tabs = tabs
        self._egress_proxy = egress_proxy
        self._uploads = uploads
        self._downloads = downloads
        self._resolved: dict[str, str] = {}
        self._devtools = devtools
        self._left: LeftField | None = None
        self._lost_by: Action | None = None
        """The action that has left the field without what was typed into it."""
        self._carried_out = CarriedOut()
        """Takes how the action is carried out that is being done."""
        self._bound: BoundFill | None = None
        """Says where the action's value may go; None: anywhere."""
        self._performers: dict[ActionType, Callable[[Action, Deadline], Awaitable[None]]] = {
            ActionType.CLICK: self._click,
            ActionType.DOUBLE_CLICK: self._double_click,
            ActionType.HOVER: self._hover,
            ActionType.TYPE: self._type,
            ActionType.PRESS: self._press,
            ActionType.SELECT: self._select,
            ActionType.CHECK: self._check,
            ActionType.UNCHECK: self._uncheck,
            ActionType.SCROLL: self._scroll,
            ActionType.NAVIGATE: self._navigate,
            ActionType.BACK: self._back,
            ActionType.FORWARD: self._forward,
            ActionType.RELOAD: self._reload,
            ActionType.WAIT: self._wait,
            ActionType.UPLOAD: self._upload,
            ActionType.DRAG: self._drag,
            ActionType.NEW_TAB: self._new_tab,
            ActionType.SWITCH_TAB: self._switch_tab,
            ActionType.CLOSE_TAB: self._close_tab,
            ActionType.EXPECT_TEXT: self._expect_text,
            ActionType.EXPECT_VISIBLE: self._expect_visible,
            ActionType.EXPECT_URL: self._expect_url,
            ActionType.EXPECT_DOWNLOAD: self._expect_download,
        }

    async def perform(
        self,
        action: Action,
        *,
        timeout_ms: int,
        carried_out: CarriedOut | None = None,
        origins: frozenset[str] | None = None,
    ) -> Action:
        """Does it, and waits for the page that it leads to; the answer names the elements that it was done to."""
        self._carried_out = CarriedOut() if carried_out is None else carried_out
        self._bound = None if origins is None else BoundFill(origins)
        deadline = Deadline(timeout_ms)
        way = self._performers[action.type]
        resolved: dict[str, str] = {}
        self._resolved = resolved
        self._tabs.act()
        page = self._tabs.active
        if action == self._lost_by:
            # It was done, and what it has shown is still so: doing it again would do it twice.
            await self._look_at_left(action, page)
        elif self._lost_by is not None:
            self._left = self._lost_by = None
        left = self._left
        if action.type in _LEADS_ON:
            with NavigationWatch(self._tabs) as watch:
                await way(action, deadline)
                await watch.settle(min(_LOAD_MS, deadline.left_ms))
            if refusal := self._egress_proxy.refusal(watch.failed or ""):
                raise StepFailed(refusal)
        else:
            await way(action, deadline)
        if self._left is left:
            self._lost_by = action
            await self._look_at_left(action, page)
            self._lost_by = None
        named = {
            field: resolved[selector] for field, selector in action if field in _SELECTORS and selector in resolved
        }
        return action.model_copy(update=named)

    async def load(self, url: str, *, timeout_ms: int) -> None:
        """Goes to an absolute address."""
        await self._goto(url, Deadline(timeout_ms))

    async def _look_at_left(self, action: Action, page: Page) -> None:
        """Records what it has seen of a field in the page that the action was done in."""
        if self._left is None or not await self._left.is_settled():
            return
        if self._left.subject.locator.page is page:
            self._left.record(self._carried_out, first=action.type is not ActionType.PRESS)
        self._left = None

    def _subject(self, selector: str | None, deadline: Deadline) -> Subject:
        return Subject(self._tabs, selector or "body", deadline, self._resolved, waiting=self._waiting)

    async def _click(self, action: Action, deadline: Deadline) -> None:
        subject = self._subject(action.selector, deadline)
        how: ClickOptions = {"button": action.button or "left", "modifiers": list(action.modifiers or ())}
        await subject.act(
            lambda ms: subject.locator.click(trial=True, timeout=ms, **how),
            lambda ms: subject.locator.click(timeout=ms, **how),
        )

    async def _double_click(self, action: Action, deadline: Deadline) -> None:
        subject = self._subject(action.selector, deadline)
        await subject.act(
            lambda ms: subject.locator.dblclick(trial=True, timeout=ms), lambda ms: subject.locator.dblclick(timeout=ms)
        )

    async def _hover(self, action: Action, deadline: Deadline) -> None:
        subject = self._subject(action.selector, deadline)
        await subject.act(
            lambda ms: subject.locator.hover(trial=True, timeout=ms), lambda ms: subject.locator.hover(timeout=ms)
        )

    async def _check(self, action: Action, deadline: Deadline) -> None:
        await self._set_checked(action, deadline, True)

    async def _uncheck(self, action: Action, deadline: Deadline) -> None:
        await self._set_checked(action, deadline, False)

    async def _set_checked(self, action: Action, deadline: Deadline, wanted: bool) -> None:
        subject = self._subject(action.selector, deadline)
        await Checking(subject, wanted, self._carried_out).set()

    async def _type(self, action: Action, deadline: Deadline) -> None:
        subject = self._subject(action.selector, deadline)
        filling = Filling(subject, action.text, deadline, self._carried_out, self._devtools, self._bound)
        found: list[Field] = []

        async def ready(within_ms: float) -> None:
            found[:] = [await Field.of(subject.locator, within_ms)]
            if not found[0].ready:
                await _in_state(subject.locator, "editable", within_ms)
                found[:] = [await Field.of(subject.locator, within_ms)]

        await subject.wait(ready)
        if found[0].type == "select":
            await self._select(action, deadline)
            return
        await subject.resolve()

        async def fill(_: float) -> None:
            self._left = await filling.fill(found[0])

        await subject.do(fill)

    async def _select(self, action: Action, deadline: Deadline) -> None:
        """``value`` names options by value or label, one on each line."""
        subject = self._subject(action.selector, deadline)
        wanted = action.text.split("\n")
        await subject.wait(lambda ms: _in_state(subject.locator, "enabled", ms))
        await subject.resolve()
        choosing = Choosing(subject, wanted, deadline, self._carried_out)
        await self._admit(subject, deadline)
        await subject.do(lambda _: choosing.choose())

    async def _admit(self, subject: Subject, deadline: Deadline) -> None:
        if self._bound is not None:
            await self._bound.admit(subject.locator, deadline.left_ms)

    async def _press(self, action: Action, deadline: Deadline) -> None:
        key = action.text
        if action.selector is None:
            page = self._tabs.active
            try:
                await run_to_completion(page.keyboard.press(key))
            except PlaywrightError as error:
                if not await closes(page):
                    raise StepFailed(errors.key_failure(key, error)) from None
            return
        subject = self._subject(action.selector, deadline)
        await subject.act(
            lambda ms: subject.locator.wait_for(state="visible", timeout=ms),
            lambda ms: subject.locator.press(key, timeout=ms),
        )

    async def _upload(self, action: Action, deadline: Deadline) -> None:
        files = payloads(action.text, self._uploads)
        subject = self._subject(action.selector, deadline)

        async def upload(within_ms: float) -> None:
            await self._admit(subject, deadline)
            note = await uploading.upload(subject.locator, files, within_ms)
            self._carried_out.note = note
            if note != uploading.NOTHING_SEEN:
                self._carried_out.add("upload", subject.selector)

        await subject.act(lambda ms: subject.locator.wait_for(state="attached", timeout=ms), upload)

    async def _drag(self, action: Action, deadline: Deadline) -> None:
        onto = self._subject(action.target, deadline)
        await onto.wait(lambda ms: onto.locator.hover(trial=True, timeout=ms))
        await onto.resolve()
        subject = self._subject(action.selector, deadline)

        async def drag(within_ms: float) -> None:
            if not await dragging.drag(subject.locator, onto.locator, self._devtools, within_ms):
                self._carried_out.note = dragging.NOTHING_SEEN
                return
            self._carried_out.add("drag_to", subject.selector, onto.selector)

        await subject.act(lambda ms: subject.locator.hover(trial=True, timeout=ms), drag)

    async def _scroll(self, action: Action, deadline: Deadline) -> None:
        if action.selector is None:
            if action.to_the_end:
                moved = await scrolling.to_end(self._tabs.active, action.number or 0, deadline)
            else:
                moved = await scrolling.by_pixels(self._tabs.active, action.number)
            self._carried_out.note = None if moved else scrolling.AT_THE_END
            return
        subject = self._subject(action.selector, deadline)
        search = scrolling.Search(self._tabs.active)
        await subject.act(
            lambda ms: search.look(subject.locator, ms), lambda ms: scrolling.into_view(subject.locator, ms)
        )

    async def _wait(self, action: Action, deadline: Deadline) -> None:
        if action.selector is None:
            await asyncio.sleep((action.number or 0) / 1000)
            return
        if action.number is not None:
            deadline = Deadline(action.number)
        subject = self._subject(action.selector, deadline)
        await subject.wait(lambda ms: subject.locator.filter(visible=True).first.wait_for(timeout=ms))

    async def _navigate(self, action: Action, deadline: Deadline, relative_to: str | None = None) -> None:
        try:
            url = urljoin(self._tabs.url if relative_to is None else relative_to, action.text.strip())
        except ValueError:
            raise StepFailed(f"{action.text} is not opened: it is no address") from None
        await self._goto(url, deadline)

    async def _goto(self, url: str, deadline: Deadline) -> None:
        scheme = urlsplit(url).scheme
        if scheme not in {"http", "https"}:
            raise StepFailed(f"{url} is not opened: only http and https addresses are")
        if refusal := self._egress_proxy.policy.refusal_of_url(url):
            raise StepFailed(refusal)
        with self._arriving(url, deadline):
            await _goto(self._tabs.active, url, deadline)
        await loaded(self._tabs.active, min(_LOAD_MS, deadline.left_ms))

    @contextmanager
    def _arriving(self, what: str, deadline: Deadline) -> Iterator[None]:
        """Says why the page did not come; a redirect may have led it elsewhere."""
        with NavigationWatch(self._tabs) as watch:
            try:
                yield
            except PlaywrightError as error:
                failed = watch.failed or ""
                refusal, failure = self._egress_proxy.refusal(failed), self._egress_proxy.failure(failed)
                reason = f"{what} cannot be loaded: {failure}" if failure and "net::" in error.message else None
                raise StepFailed(refusal or reason or errors.load_failure(what, error, deadline.spoken)) from None

    async def _back(self, action: Action, deadline: Deadline) -> None:
        await self._move(self._tabs.active.go_back, -1, deadline)

    async def _forward(self, action: Action, deadline: Deadline) -> None:
        await self._move(self._tabs.active.go_forward, 1, deadline)

    async def _move(self, go: Callable[..., Awaitable[object]], by: int, deadline: Deadline) -> None:
        """Playwright answers None both where there is no entry and where the entry is of the same document."""
        page = self._tabs.active
        before = page.url
        nowhere = StepFailed(f"There is no page to go {'back' if by < 0 else 'forward'} to")
        with self._arriving("The page", deadline):
            answer = await go(wait_until="domcontentloaded", timeout=deadline.left_ms)
        if answer is None and page.url == before:
            raise nowhere
        if page.url == _BLANK:
            # A tab begins with a blank page, which nobody has asked for.
            await page.go_forward(timeout=deadline.left_ms)
            raise nowhere

    async def _reload(self, action: Action, deadline: Deadline) -> None:
        page = self._tabs.active
        with self._arriving(page.url, deadline):
            await page.reload(wait_until="domcontentloaded", timeout=deadline.left_ms)
        await loaded(page, min(_LOAD_MS, deadline.left_ms))

    async def _new_tab(self, action: Action, deadline: Deadline) -> None:
        """Opens a tab, blank or with the address, which a page that it is relative to had when it was active."""
        came_from = self._tabs.url
        await self._tabs.open_new()
        if action.text.strip():
            await self._navigate(action, deadline, came_from)

    async def _switch_tab(self, action: Action, deadline: Deadline) -> None:
        await self._tabs.switch(await self._tabs.opened(int(action.number or 0), deadline))

    async def _close_tab(self, action: Action, deadline: Deadline) -> None:
        await self._tabs.close(await self._tabs.opened(int(action.number or 0), deadline))

    async def _expect_text(self, action: Action, deadline: Deadline) -> None:
        subject = self._subject(action.selector, deadline)
        await expect.text(subject, action.text, deadline)
        await subject.resolve()

    async def _expect_visible(self, action: Action, deadline: Deadline) -> None:
        subject = self._subject(action.selector, deadline)
        await subject.wait(lambda ms: subject.locator.filter(visible=True).first.wait_for(timeout=ms))

    async def _expect_url(self, action: Action, deadline: Deadline) -> None:
        await expect.url(self._tabs, without_user_info(action.text), deadline)

    async def _expect_download(self, action: Action, deadline: Deadline) -> None:
        if self._downloads is None:
            raise StepFailed("What an attached test downloads is its own: expect it in the test")
        await expect.download(self._downloads, action.text.strip(), deadline)


async def _goto(page: Page, url: str, deadline: Deadline) -> None:
    try:
        await page.goto(url, wait_until="domcontentloaded", timeout=deadline.left_ms)
    except PlaywrightError as error:
        if "net::ERR" in error.message and "ERR_ABORTED" not in error.message:
            # Chromium's error page is still on its way in, and would break into the next navigation.
            with suppress(PlaywrightError):
                await page.wait_for_url("chrome-error://*/", wait_until="commit", timeout=1000)
        raise


async def loaded(page: Page, within_ms: float) -> None:
    """Waits for the page's ``load`` event; a page that never ends loading is used as it is."""
    try:
        await page.wait_for_load_state("load", timeout=within_ms)
    except PlaywrightError:
        return


async def _in_state(locator: Locator, state: str, within_ms: float) -> None:
    deadline = Deadline(within_ms)
    await locator.wait_for(state="visible", timeout=within_ms)
    handle = await locator.element_handle(timeout=deadline.left_ms)
    await handle.wait_for_element_state(state, timeout=deadline.left_ms)  # type: ignore[arg-type]
