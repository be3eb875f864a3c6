"""The driver of one run's browser, composed of tabs, dialogs, actions, human input and screencast."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, BrowserContext, Locator, Page, ProxySettings
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from control.protocol.actions import Action, Box, Size
from control.protocol.commands import AnswerDialog, Input, Pick
from control.protocol.events import Dialog, PageChanged, Picked
from control.protocol.models import DialogAnswer
from control.protocol.page_log import ConsoleEntry, DownloadEntry, RequestEntry
from media.aio import CloseOnce
from media.errors import DecodeError
from media.frames import FrameSink
from runner.browser import playwright_errors as errors
from runner.browser.actions.perform import Performer
from runner.browser.cover.covers import Covers
from runner.browser.cover.page_cover import PlacesUnknown
from runner.browser.devtools import DevTools
from runner.browser.dialog_flood import FLOOD_SCRIPT
from runner.browser.dialogs import Dialogs
from runner.browser.downloads import MOST_BYTES, Downloads
from runner.browser.human.dispatch import InputDispatcher
from runner.browser.human.input import HumanInput
from runner.browser.human.picking import pick
from runner.browser.human.selection import selected_text
from runner.browser.internal_calls import internal_calls
from runner.browser.locate import selector_of
from runner.browser.observe import frames, look
from runner.browser.page_log.bodies import Bodies
from runner.browser.page_log.listening import PageListener
from runner.browser.screencast import Screencast
from runner.browser.tabs import Tabs
from runner.browser.tracing import PageTrace
from runner.browser.usable import survey
from runner.driver import BrowserGone, CarriedOut, HumanAction, PageView, StepFailed, Survey, Target
from runner.egress.proxy import EgressProxy

logger = logging.getLogger(__name__)

T = TypeVar("T")
_LOOK_SECONDS = 5.0
_SCREENSHOT_SECONDS = 5.0
_OPEN_MS = 30_000
_BROWSE_MS = 10_000
"""Less than a client waits for an answer."""
_PERFORM_GRACE_SECONDS = 10.0
# A round trip for what takes Playwright four; what it takes account of in frames and of zoom is left to it.
_BOXES = """elements => elements.map(element => {
  const { scale, offsetLeft, offsetTop } = window.visualViewport;
  const { x, y, width, height } = element.getBoundingClientRect();
  return window === window.top && scale === 1 && !offsetLeft && !offsetTop ? { x, y, width, height } : null;
})"""


class PageDriver:
    """Implements ``runner.driver.Driver`` with Playwright."""

    def __init__(
        self,
        browser: Browser,
        *,
        viewport: Size,
        end: Callable[[], Awaitable[None]],
        egress_proxy: EgressProxy,
        proxy: ProxySettings | None = None,
        uploads: Path | None = None,
        downloads: Path | None = None,
        most_download_bytes: int = MOST_BYTES,
        dialog_timeout: float = 30.0,
        device_scale_factor: float = 1.0,
        max_picture: Size | None = None,
        captured: Callable[[bool], None] = lambda _: None,
        traces: Path | None = None,
        most_trace_bytes: int = 0,
    ) -> None:
        """
        Args:
            captured: called with whether pictures of the pages are made from now on.
            traces: the folder for traces that the browser was launched with; None: the pages are not traced.
            most_trace_bytes: see `PageTrace`.
        """
        self.trace: PageTrace | None = None
        self.on_page: Callable[[PageChanged], None] = lambda _: None
        self.on_dialog: Callable[[Dialog], None] = lambda _: None
        self.on_answered: Callable[[DialogAnswer], None] = lambda _: None
        self.on_waiting: Callable[[str | None], None] = lambda _: None
        self.on_gone: Callable[[BrowserGone], None] = lambda _: None
        self.on_refused: Callable[[str], None] = logger.warning
        self.on_page_said: Callable[[ConsoleEntry | RequestEntry], None] = lambda _: None
        self.on_download: Callable[[DownloadEntry, Path | None], None] = lambda *_: None
        self.on_muted: Callable[[timedelta], None] = lambda _: None
        self._browser = browser
        self._viewport = viewport
        self._end = end
        self._captured = captured
        self._egress_proxy = egress_proxy
        self._proxy = proxy
        self._uploads = uploads
        self._dialog_timeout = dialog_timeout
        self._device_scale_factor = device_scale_factor
        self._traces = traces
        self._most_trace_bytes = most_trace_bytes
        self._downloads = Downloads(self._report_download, folder=downloads, most_bytes=most_download_bytes)
        self._own = False
        """The pages are ours: what they download is taken."""
        self._covers = Covers()
        self._screencast = Screencast(max_picture=max_picture, covers=self._covers)
        self._context: BrowserContext | None = None
        self._listener: PageListener | None = None
        self._gone: str | None = None
        self._close_once = CloseOnce(self._close)
        egress_proxy.on_refused = self._report_refusal
        browser.on("disconnected", lambda _: self.lose("the browser process has ended"))

    async def prepare(self) -> None:
        """Opens the first page, blank. To be called once."""
        context = await self._browser.new_context(
            viewport={"width": self._viewport.width, "height": self._viewport.height},
            device_scale_factor=self._device_scale_factor,
            proxy=self._proxy,
        )
        await context.add_init_script(FLOOD_SCRIPT)
        self.use(context)
        if self._traces is not None:
            self.trace = PageTrace(
                context, self._traces, page=lambda: self._tabs.active, most_bytes=self._most_trace_bytes
            )
            await self.trace.start()
        await context.new_page()

    def use(
        self, context: BrowserContext, *, passive: bool = False, hurried: Callable[[], bool] = lambda: True
    ) -> None:
        """Follows the pages of this context from now on.

        With ``passive`` they are somebody else's: nothing is brought to the front or opened again, and dialogs are left
        alone unless a person holds control. ``hurried`` says whether what changes is to be reported at once.
        """
        self._context = context
        self._own = not passive
        self._dialogs = Dialogs(
            context,
            report=self._report_dialog,
            answered=self._report_answer,
            patience=self._dialog_timeout,
            passive=passive,
        )
        self._tabs = Tabs(
            context,
            viewport=self._viewport,
            report=self._report_page,
            switched=self._switched,
            passive=passive,
            hurried=hurried,
        )
        chromium = self._browser.browser_type.name == "chromium"
        devtools = DevTools()
        self._human_input = HumanInput(self._tabs, self._dialogs, InputDispatcher(devtools, chromium=chromium))
        self._performer = Performer(
            self._tabs,
            egress_proxy=self._egress_proxy,
            devtools=devtools,
            uploads=self._uploads,
            downloads=self._downloads if self._own else None,
            waiting=self._report_waiting,
        )
        context.on("page", self._opened)
        for page in context.pages:
            self._opened(page)

    @property
    def attended(self) -> bool:
        """True while a person holds control, and can answer dialogs."""
        return self._dialogs.attended

    @attended.setter
    def attended(self, value: bool) -> None:
        self._dialogs.attended = value

    @property
    def curtained(self) -> bool:
        """True while what a person types is kept from everybody else."""
        return self._covers.noting

    @curtained.setter
    def curtained(self, value: bool) -> None:
        if value == self._covers.noting:
            return
        self._covers.noting = value
        self._human_input.set_curtained(value)
        if not value:
            self._screencast.refresh()  # what was typed is covered from now on

    @property
    def page(self) -> Page:
        """Returns the active page, for what Playwright can do beyond the protocol."""
        return self._tabs.active

    @property
    def context(self) -> BrowserContext | None:
        """Returns the browser context of the pages; None until there is one."""
        return self._context

    @property
    def url(self) -> str:
        return self._tabs.url

    @property
    def tab(self) -> int:
        return self._tabs.index

    @property
    def acted_in(self) -> int:
        return self._tabs.acted_in

    async def open(self, url: str) -> None:
        with self._translated():
            await self._bounded(self._covers.of(self._tabs.active).started(), _LOOK_SECONDS)
            await self._performer.load(url, timeout_ms=_OPEN_MS)
        self._tabs.news()

    def hear_pages(self, *, bodies: bool) -> None:
        if self._context is None or self._listener is not None:
            return
        self._listener = PageListener(
            self._context,
            report=self._report_said,
            on_muted=self._report_muted,
            passive=not self._own,
            bodies=Bodies() if bodies else None,
        )
        for page in self._context.pages:
            self._listener.watch(page)

    async def perform(
        self,
        action: Action,
        *,
        timeout_ms: int,
        carried_out: CarriedOut | None = None,
        origins: frozenset[str] | None = None,
    ) -> Action:
        if action.type.acts:
            self._downloads.mark()
        return await self._carry_out(action, timeout_ms=timeout_ms, carried_out=carried_out, origins=origins)

    async def browse(self, action: Action) -> None:
        await self._carry_out(action, timeout_ms=_BROWSE_MS)

    async def _carry_out(
        self,
        action: Action,
        *,
        timeout_ms: int,
        carried_out: CarriedOut | None = None,
        origins: frozenset[str] | None = None,
    ) -> Action:
        try:
            with self._translated():
                async with asyncio.timeout(timeout_ms / 1000 + _PERFORM_GRACE_SECONDS):
                    return await self._performer.perform(
                        action, timeout_ms=timeout_ms, carried_out=carried_out, origins=origins
                    )
        except TimeoutError:
            raise StepFailed("The page does not answer: a script keeps it busy, or a dialog is open") from None
        finally:
            self.on_waiting(None)
            self._tabs.news()

    async def find(self, selector: str, *, timeout_ms: int = 0) -> Target | None:
        with self._translated():
            shown = self._tabs.active.locator(selector).filter(visible=True).first
            try:
                box = await asyncio.wait_for(_box(shown, timeout_ms), timeout_ms / 1000 + _LOOK_SECONDS)
            except (PlaywrightTimeout, TimeoutError):
                return None
        return Target(selector, box, self._tabs.viewport) if box else None

    async def count(self, selector: str) -> int:
        with self._translated():
            return await self._bounded(self._tabs.active.locator(selector).filter(visible=True).count(), _LOOK_SECONDS)

    async def survey(self, selector: str) -> Survey:
        with self._translated():
            return await self._bounded(survey(self._tabs.active.locator(selector).filter(visible=True)), _LOOK_SECONDS)

    async def frames(self) -> Sequence[str]:
        with self._translated():
            return await self._bounded(frames(self._tabs.active), _LOOK_SECONDS)

    async def observe(self) -> PageView:
        with self._translated():
            view = await self._bounded(look(self._tabs.active), _LOOK_SECONDS)
        self._tabs.news()
        return view

    async def durable(self, selector: str) -> str:
        with self._translated():
            try:
                return await selector_of(self._tabs.active.locator(selector))
            except (PlaywrightError, TimeoutError):
                raise StepFailed(f"Nothing on the page is {selector} any more") from None

    async def screenshot(self) -> bytes:
        with self._translated():
            page = self._tabs.active
            if self._dialogs.blocks(page):
                raise StepFailed("No screenshot can be made while a dialog is open")
            return await self._bounded(self._covered_screenshot(page), _SCREENSHOT_SECONDS)

    async def _covered_screenshot(self, page: Page) -> bytes:
        cover, began = self._covers.of(page), time.time()
        try:
            if cover.active:
                await cover.areas(began)  # from now on the page notes where they are
            picture = await page.screenshot(
                type="jpeg", quality=70, scale="css", caret="initial", timeout=_SCREENSHOT_SECONDS * 1000
            )
            viewport = self._tabs.viewport
            return await cover.painted(picture, since=began, viewport=(viewport.width, viewport.height))
        except (PlacesUnknown, DecodeError):
            raise StepFailed("No screenshot can be made: the page does not say what is to be covered in it") from None

    async def input(self, command: Input) -> list[HumanAction]:
        with self._translated():
            return await self._human_input.handle(command)

    async def flush_input(self) -> list[HumanAction]:
        with self._translated():
            return await self._human_input.flush()

    async def pick(self, command: Pick) -> Picked:
        with self._translated():
            page, viewport = self._tabs.active, self._tabs.viewport
            if self._dialogs.blocks(page):
                raise StepFailed("Nothing can be picked while a dialog is open")
            picked = await self._bounded(pick(page, command, viewport), _LOOK_SECONDS)
            covered = picked.content is not None and await self._covers.of(page).reaches(picked.box)
            return picked.model_copy(update={"content": None, "text": None}) if covered else picked

    async def selection(self) -> str:
        with self._translated():
            page = self._tabs.active
            if self._dialogs.blocks(page):
                raise StepFailed("Nothing can be copied while a dialog is open")
            return await self._bounded(selected_text(page), _LOOK_SECONDS)

    async def answer(self, command: AnswerDialog) -> HumanAction | None:
        with self._translated():
            return await self._dialogs.answer(command)

    async def start_capture(self, sink: FrameSink, *, fps: int) -> None:
        with self._translated():
            self._captured(True)
            await self._screencast.start(sink, fps=fps)

    async def stop_capture(self) -> None:
        self._captured(False)
        await self._screencast.stop()

    def covering(self) -> AbstractAsyncContextManager[None]:
        return self._covers.covering()

    async def still_picture(self, sentence: str) -> bytes:
        with self._translated():
            page, viewport = self._tabs.active, self._tabs.viewport
            return await self._covers.of(page).still_picture(sentence, viewport=(viewport.width, viewport.height))

    def lift_covers(self, lifted: bool) -> None:
        if lifted != self._covers.lifted:
            self._covers.lifted = lifted
            self._screencast.refresh()

    async def aclose(self) -> None:
        await self._close_once()

    async def _close(self) -> None:
        self._gone = self._gone or "the browser is closed"
        self._captured(False)
        if self._context is not None:
            await asyncio.gather(
                self._screencast.aclose(),
                *([self._listener.aclose()] if self._listener else []),
                self._downloads.aclose(),
                self._covers.aclose(),
                self._human_input.aclose(),
                self._dialogs.aclose(),
                self._tabs.aclose(),
            )
        await self._end()

    def _page_closed(self) -> bool:
        """Returns whether the active page has closed by itself and its close event is still to come."""
        return self._tabs.url == "" or self._tabs.active.is_closed()

    def _report_dialog(self, event: Dialog) -> None:
        self.on_dialog(event)

    def _report_answer(self, answer: DialogAnswer) -> None:
        self.on_answered(answer)

    def _report_waiting(self, reason: str) -> None:
        self.on_waiting(reason)

    def _report_refusal(self, sentence: str) -> None:
        self.on_refused(sentence)

    def _report_said(self, entry: ConsoleEntry | RequestEntry) -> None:
        self.on_page_said(entry)

    def _report_download(self, entry: DownloadEntry, file: Path | None) -> None:
        self.on_download(entry, file)

    def _report_muted(self, time: timedelta) -> None:
        self.on_muted(time)

    def _report_page(self, event: PageChanged) -> None:
        self.on_page(event)

    def _opened(self, page: Page) -> None:
        self._covers.opened(page)
        self._dialogs.watch(page)
        if self._listener is not None:
            self._listener.watch(page)
        if self._own:
            self._downloads.watch(page)
        page.on("crash", lambda _: self.lose("the page has crashed"))

    def _switched(self, page: Page) -> None:
        self._screencast.follow(page)

    def lose(self, reason: str) -> None:
        """Marks the browser as gone: from now on every call raises BrowserGone."""
        if self._gone is None:
            self._gone = reason
            self.on_gone(BrowserGone(reason))

    async def _bounded(self, look: Awaitable[T], seconds: float) -> T:
        try:
            return await asyncio.wait_for(look, seconds)
        except TimeoutError:
            raise StepFailed("The page does not answer: a script keeps it busy, or a dialog is open") from None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raises Playwright's errors as StepFailed, or as BrowserGone where the browser has ended."""
        if self._gone is not None:
            raise BrowserGone(self._gone)
        try:
            with internal_calls():
                yield
        except (PlaywrightError, StepFailed) as error:
            if isinstance(error, PlaywrightError) and errors.is_closed(error) and not self._page_closed():
                self.lose("the browser process has ended")
            if self._gone is not None:
                raise BrowserGone(self._gone) from error
            if isinstance(error, PlaywrightError):
                reason = errors.first_line(error)
                raise StepFailed(reason[:1].upper() + reason[1:]) from error
            raise


async def _box(shown: Locator, timeout_ms: int) -> Box | None:
    if timeout_ms > 0:
        await shown.wait_for(state="visible", timeout=timeout_ms)
    found: list[Any] = await shown.evaluate_all(_BOXES)
    if found and found[0] is None:
        found = [await shown.bounding_box(timeout=1000)]
    return Box(**found[0]) if found and found[0] else None
