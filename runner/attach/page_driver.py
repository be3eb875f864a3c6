"""The driver of an attached run: it follows the pages of the client's own context, and acts in them only for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Browser, BrowserContext
from playwright.async_api import Error as PlaywrightError

from control.protocol.actions import Action, Size
from runner.attach.gate import Gate
from runner.browser.page_driver import PageDriver
from runner.driver import CarriedOut, StepFailed
from runner.egress.proxy import EgressProxy

_LOOK_MS = 500.0


class ClientPageDriver(PageDriver):
    """Carries out the client's calls by letting them through its gate, and everything else by itself."""

    def __init__(
        self,
        browser: Browser,
        context: BrowserContext,
        gate: Gate,
        *,
        viewport: Size,
        end: Callable[[], Awaitable[None]],
        uploads: Path | None,
        max_picture: Size | None,
    ) -> None:
        super().__init__(
            browser,
            viewport=viewport,
            end=end,
            egress_proxy=EgressProxy(),
            uploads=uploads,
            max_picture=max_picture,
        )
        self._client_context = context
        self._gate = gate
        gate.on_page = self._follow
        gate.is_secret_field = self._is_secret_field

    async def prepare(self) -> None:
        """Follows the context's pages from now on. To be called once."""
        self.use(self._client_context, passive=True)

    async def perform(self, action: Action, *, timeout_ms: int, carried_out: CarriedOut | None = None) -> Action:
        current = self._gate.current
        if current is not None and not self._gate.passed_over and await self._gate.attempt(current, action):
            return action
        return await super().perform(action, timeout_ms=timeout_ms, carried_out=carried_out)

    def _follow(self, guid: str | None) -> None:
        for page in self._client_context.pages:
            if page._impl_obj._guid == guid:
                self._tabs.follow(page)

    async def _is_secret_field(self, selector: str) -> bool:
        """Returns True also where that cannot be found out: what is not known is not shown."""
        with suppress(PlaywrightError, StepFailed):
            kind = await self._tabs.active.locator(selector).first.get_attribute("type", timeout=_LOOK_MS)
            return (kind or "").casefold() == "password"
        return True
