"""The driver of an attached run: it follows the pages of the client's own context, and acts in them only for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from control.protocol.actions import Action, Size
from runner.attach.calls import to_action
from runner.attach.gate import Gate
from runner.browser.actions.bound_fill import BoundFill
from runner.browser.actions.deadline import Deadline
from runner.browser.page_driver import PageDriver
from runner.driver import CarriedOut, StepFailed, Target
from runner.egress.proxy import EgressProxy

_LOOK_MS = 500.0
_PAGE_MS = 1500.0
"""Our own Playwright may hear of a page a little later than the client."""


class ClientPageDriver(PageDriver):
    """Carries out the client's calls by letting them through its gate, and everything else by itself."""

    def __init__(
        self,
        browser: Browser,
        context: BrowserContext,
        gate: Gate,
        *,
        page_of: Callable[[str], Page | None],
        viewport: Size,
        end: Callable[[], Awaitable[None]],
        uploads: Path | None,
        max_picture: Size | None,
        captured: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """``page_of``: returns the context's page that the client knows by this guid."""
        super().__init__(
            browser,
            viewport=viewport,
            end=end,
            egress_proxy=EgressProxy(),
            uploads=uploads,
            max_picture=max_picture,
            captured=captured,
        )
        self._client_context = context
        self._gate = gate
        self._page_of = page_of
        gate.on_page = self._follow
        gate.is_secret_field = self._is_secret_field
        gate.on_secret = self._covers.expect
        # A test that nobody looks at is not to be slower for pictures that nobody sees.
        self._covers.at_once = lambda: gate.watched or gate.has_secrets

    async def prepare(self) -> None:
        """Follows the context's pages from now on. To be called once."""
        self.use(self._client_context, passive=True, hurried=lambda: self._gate.watched)

    def hear_pages(self, *, bodies: bool) -> None:
        super().hear_pages(bodies=bodies)
        assert self._listener is not None
        self._gate.on_watched = self._listener.hear_all_requests
        if self._gate.watched:
            self._listener.hear_all_requests()

    async def find(self, selector: str, *, timeout_ms: int = 0) -> Target | None:
        await self._come_to_call()
        return await super().find(selector, timeout_ms=timeout_ms)

    async def perform(
        self,
        action: Action,
        *,
        timeout_ms: int,
        carried_out: CarriedOut | None = None,
        origins: frozenset[str] | None = None,
    ) -> Action:
        await self._come_to_call()
        current = self._gate.current
        if current is not None and not self._gate.passed_over:
            if origins is not None and action != to_action(current.call):  # the client's own call is its own affair
                locator = self._tabs.active.locator(action.selector or "body")
                await BoundFill(origins).admit(locator, timeout_ms)
            if await self._gate.attempt(current, action):
                return action
        return await super().perform(action, timeout_ms=timeout_ms, carried_out=carried_out, origins=origins)

    async def _come_to_call(self) -> None:
        """Makes the page active that the current call happens in; one that was just opened is waited for."""
        call = self._gate.current.call if self._gate.current is not None else None
        if call is None or call.page is None:
            return
        deadline = Deadline(_PAGE_MS)
        # It is too late, or the context is gone: whatever is done next says so.
        with suppress(PlaywrightError):
            while self._page_of(call.page) is None:
                await self._client_context.wait_for_event("page", timeout=deadline.left_ms)
        self._follow(call.page)

    def _follow(self, guid: str | None) -> None:
        page = self._page_of(guid) if guid is not None else None
        if page is not None:
            self._tabs.follow(page)

    async def _is_secret_field(self, selector: str) -> bool:
        """Returns True also where that cannot be found out: what is not known is not shown."""
        with suppress(PlaywrightError, StepFailed):
            kind = await self._tabs.active.locator(selector).first.get_attribute("type", timeout=_LOOK_MS)
            return (kind or "").casefold() == "password"
        return True
