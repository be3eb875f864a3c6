"""A browser of ours that one client's Playwright is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page

from control.protocol.actions import Size
from runner.attach.gate import Gate
from runner.attach.page_driver import ClientPageDriver
from runner.driver import StepFailed

_ADOPT_SECONDS = 10.0


class HostedBrowser:
    """One browser, bound to a WebSocket address on loopback that a client's messages are passed on to."""

    def __init__(
        self,
        browser: Browser,
        endpoint: str,
        *,
        end: Callable[[], Awaitable[None]],
        watch: Callable[[object, bool], None],
    ) -> None:
        """``watch``: called with each context and whether pictures of its pages are made from now on."""
        self.endpoint = endpoint
        self._browser = browser
        self._end = end
        self._watch = watch
        self._seen = asyncio.Event()
        browser.on("context", lambda _: self._seen.set())

    async def driver(
        self, guid: str, gate: Gate, *, viewport: Size, uploads: Path | None, max_picture: Size | None
    ) -> ClientPageDriver:
        """Returns a driver of the client's context of this guid; closing it leaves the context alone.

        Raises StepFailed where that context is gone.
        """
        context = await self._context(guid)

        def page_of(guid: str) -> Page | None:
            return next((page for page in context.pages if page._impl_obj._guid == guid), None)

        return ClientPageDriver(
            self._browser,
            context,
            gate,
            page_of=page_of,
            viewport=viewport,
            end=_nothing,
            uploads=uploads,
            max_picture=max_picture,
            captured=lambda on: self._watch(context, on),
        )

    async def _context(self, guid: str) -> BrowserContext:
        """Returns the client's context of this guid, once our own Playwright has it, too. Raises StepFailed."""
        try:
            async with asyncio.timeout(_ADOPT_SECONDS):
                while True:
                    self._seen.clear()
                    for context in self._browser.contexts:
                        if context._impl_obj._guid == guid:
                            return context
                    await self._seen.wait()
        except TimeoutError:
            raise StepFailed("the client's context was gone before it could be followed") from None

    async def aclose(self) -> None:
        """Closes the browser and waits."""
        await self._end()


async def _nothing() -> None: ...
