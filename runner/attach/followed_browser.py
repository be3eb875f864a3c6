"""A browser that a client's own Playwright serves to it, and that we look at beside it, over CDP."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from playwright.async_api import Browser, BrowserContext, Dialog, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from control.protocol.actions import Size
from media.aio import TaskSet
from runner.attach.gate import Gate
from runner.attach.page_driver import ClientPageDriver

logger = logging.getLogger(__name__)


class ContextPages:
    """The pages of one of the client's contexts: over CDP those of all its contexts stand in one.

    It is what drivers use of a `BrowserContext`.
    """

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._listeners: dict[str, list[Callable[[Any], object]]] = defaultdict(list)

    @property
    def pages(self) -> list[Page]:
        return list(self._pages.values())

    def page(self, guid: str) -> Page | None:
        """Returns the page that the client knows by this guid; None where it is closed, or not seen yet."""
        return self._pages.get(guid)

    def add(self, guid: str, page: Page) -> None:
        self._pages[guid] = page
        page.on("close", lambda _: self._forget(guid))
        self.emit("page", page)

    def _forget(self, guid: str) -> None:
        self._pages.pop(guid, None)

    def on(self, event: str, listener: Callable[[Any], object]) -> None:
        self._listeners[event].append(listener)

    def remove_listener(self, event: str, listener: Callable[[Any], object]) -> None:
        self._listeners[event].remove(listener)

    def emit(self, event: str, value: object) -> None:
        for listener in tuple(self._listeners[event]):
            listener(value)

    async def wait_for_event(self, event: str, *, timeout: float) -> object:
        """Returns what the next event of this name comes with. Raises Playwright's TimeoutError."""
        came: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        def listen(value: object) -> None:
            if not came.done():
                came.set_result(value)

        self.on(event, listen)
        try:
            return await asyncio.wait_for(came, timeout / 1000)
        except TimeoutError:
            raise PlaywrightTimeout(f"no {event} within {timeout:g} ms") from None
        finally:
            self.remove_listener(event, listen)


class FollowedBrowser:
    """Finds the client's pages among those that are seen over CDP, and leaves what happens in them to the client."""

    def __init__(self, browser: Browser, endpoint: str) -> None:
        self.endpoint = endpoint
        self._browser = browser
        self._contexts: dict[str, ContextPages] = defaultdict(ContextPages)
        self._seen: dict[str, Page] = {}
        self._named: dict[str, tuple[str, str]] = {}
        self._background = TaskSet(logger, expected=PlaywrightError)
        for context in browser.contexts:
            self._watch(context)
        browser.on("context", self._watch)

    async def driver(
        self, guid: str, gate: Gate, *, viewport: Size, uploads: Path | None, max_picture: Size | None
    ) -> ClientPageDriver:
        """Returns a driver of the client's context of this guid; closing it leaves the context alone."""
        pages = self._contexts[guid]

        async def end() -> None:
            self._contexts.pop(guid, None)

        return ClientPageDriver(
            self._browser,
            cast("BrowserContext", pages),
            gate,
            page_of=pages.page,
            viewport=viewport,
            end=end,
            uploads=uploads,
            max_picture=max_picture,
        )

    def on_target(self, context: str, page: str, target: str) -> None:
        """Notes which target the client's page of this context is, each by its id."""
        self._named[target] = context, page
        self._match(target)

    async def aclose(self) -> None:
        """Looks no longer; the browser is its client's to close."""
        await self._background.aclose()
        await self._browser.close()

    def _watch(self, context: BrowserContext) -> None:
        # Playwright dismisses what nobody listens to, and dialogs are the client's to answer.
        context.on("dialog", self._dialog)
        context.on("page", lambda page: self._background.spawn(self._identify(page)))
        for page in context.pages:
            self._background.spawn(self._identify(page))

    def _dialog(self, dialog: Dialog) -> None:
        for pages in tuple(self._contexts.values()):
            if dialog.page in pages.pages:
                pages.emit("dialog", dialog)

    async def _identify(self, page: Page) -> None:
        session = await page.context.new_cdp_session(page)
        info = await session.send("Target.getTargetInfo")
        await session.detach()
        target = str(info["targetInfo"]["targetId"])
        self._seen[target] = page
        page.on("close", lambda _: self._forget(target))
        self._match(target)

    def _match(self, target: str) -> None:
        named, page = self._named.get(target), self._seen.get(target)
        if named is not None and page is not None and not page.is_closed():
            context, guid = named
            self._contexts[context].add(guid, page)

    def _forget(self, target: str) -> None:
        self._seen.pop(target, None)
        self._named.pop(target, None)
