"""Who listens to what the pages of one context say; nothing that they do is changed by it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket
from playwright.async_api import Error as PlaywrightError

from control.protocol.page_log import ConsoleEntry, RequestEntry
from control.protocol.shape import utc_now
from media.aio import TaskSet
from runner.browser.page_log.bodies import Bodies
from runner.browser.page_log.entries import console_entry, error_entry, request_entry, socket_entry
from runner.browser.page_log.valve import Valve
from runner.log import ThrottledWarnings

logger = logging.getLogger(__name__)

_CALM_SECONDS: Final = 0.25
"""From a request's end to its entry: while a page loads, whoever waits for it comes first."""


class PageListener:
    """Reports console lines, uncaught errors, requests that are over, and WebSockets that close."""

    def __init__(
        self,
        context: BrowserContext,
        *,
        report: Callable[[ConsoleEntry | RequestEntry], None],
        on_muted: Callable[[timedelta], None],
        passive: bool = False,
        bodies: Bodies | None = None,
    ) -> None:
        """
        Args:
            context: whose pages are listened to.
            report: gets each entry.
            on_muted: gets how long a flood was not listened to.
            passive: the pages are somebody else's, who may still want the objects that a page has logged; requests
                are reported from `hear_all_requests` on, before that only those without an answer.
            bodies: reads those of the requests; None: they are not kept.
        """
        self._context = context
        self._report = report
        self._passive = passive
        self._bodies = bodies
        self._background = TaskSet(logger, expected=PlaywrightError)
        self._failures = ThrottledWarnings(logger.warning, more="{} more are left out", most=1)
        self._hears_all_requests = not passive
        self._requests: list[Request] = []
        """Those that are over and not reported yet."""
        self._console = Valve(self._hear_console, self._mute_console, on_muted=on_muted)
        self._network = Valve(self._hear_network, self._mute_network, on_muted=on_muted)
        context.on("weberror", self._on_error)

    def watch(self, page: Page) -> None:
        """Reports this page's WebSockets from now on."""
        page.on("websocket", self._on_socket)

    def hear_all_requests(self) -> None:
        """Reports from now on each request that is over: to hear of all of them takes time of whoever makes them."""
        if not self._hears_all_requests:
            self._hears_all_requests = True
            if self._network.is_open:
                self._context.on("requestfinished", self._on_request)

    async def aclose(self) -> None:
        """Stops listening. Safe to repeat."""
        self._console.end()
        self._network.end()
        self._bodies = None  # there is no time to read those of the last ones
        self._report_requests()
        self._failures.end()
        await self._background.aclose()

    def _hear_console(self) -> None:
        self._context.on("console", self._on_console)

    def _mute_console(self) -> None:
        self._context.remove_listener("console", self._on_console)

    def _hear_network(self) -> None:
        if self._hears_all_requests:
            self._context.on("requestfinished", self._on_request)
        self._context.on("requestfailed", self._on_request)

    def _mute_network(self) -> None:
        if self._hears_all_requests:
            self._context.remove_listener("requestfinished", self._on_request)
        self._context.remove_listener("requestfailed", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        self._console.take()
        self._tell(lambda: console_entry(message))
        if not self._passive:
            for handle in message.args:  # else the page keeps what it has logged
                self._background.spawn(handle.dispose())

    def _on_error(self, error: WebError) -> None:
        self._tell(lambda: error_entry(error))

    def _on_request(self, request: Request) -> None:
        self._network.take()
        if not self._requests:
            asyncio.get_running_loop().call_later(_CALM_SECONDS, self._report_requests)
        self._requests.append(request)

    def _report_requests(self) -> None:
        requests, self._requests = self._requests, []
        for request in requests:
            if self._bodies is None:
                self._tell(partial(request_entry, request))
            else:
                self._background.spawn(self._tell_with_bodies(request, self._bodies))

    async def _tell_with_bodies(self, request: Request, bodies: Bodies) -> None:
        try:
            sent, answered = await bodies.of(request)
        except asyncio.CancelledError:
            self._tell(partial(request_entry, request))
            raise
        changes = {"request_body": sent, "response_body": answered}
        self._tell(lambda: request_entry(request).model_copy(update=changes))

    def _on_socket(self, socket: WebSocket) -> None:
        begun, errors = utc_now(), list[str]()

        def closed(_: WebSocket) -> None:
            self._network.take()
            self._tell(lambda: socket_entry(socket, begun=begun, error=errors[0] if errors else None))

        socket.on("socketerror", lambda error: errors.append(error))  # noqa: PLW0108 - Playwright marks what it calls
        socket.on("close", closed)

    def _tell(self, entry: Callable[[], ConsoleEntry | RequestEntry]) -> None:
        """Reports the entry; where none can be made of what came, nothing else changes."""
        try:
            self._report(entry())
        except Exception as error:  # it would end Playwright's connection
            self._failures.warn(f"something that a page said is left out: {type(error).__name__}: {error}")
