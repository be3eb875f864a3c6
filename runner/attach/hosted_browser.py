"""A browser of ours that one client's Playwright is connected to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext

from control.protocol.actions import Size
from runner.attach.gate import Gate
from runner.attach.page_driver import ClientPageDriver
from runner.driver import StepFailed

_ADOPT_SECONDS = 10.0
_ALLOWED_ARGS = (
    "--allow-file-access-from-files",
    "--auto-open-devtools-for-tabs",
    "--autoplay-policy=",
    "--blink-settings=",
    "--disable-dev-shm-usage",
    "--disable-features=",
    "--disable-gpu",
    "--disable-web-security",
    "--enable-features=",
    "--font-render-hinting=",
    "--force-color-profile=",
    "--force-device-scale-factor=",
    "--force-prefers-reduced-motion",
    "--host-resolver-rules=",
    "--ignore-certificate-errors",
    "--lang=",
    "--mute-audio",
    "--start-maximized",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--window-position=",
    "--window-size=",
)
"""Command line arguments that a client may give its browser: none of them names a program or a file to run."""


@dataclass(frozen=True, slots=True)
class LaunchWish:
    """What a client's launch would have been, as far as it is followed."""

    kind: str
    args: tuple[str, ...] = ()
    slow_mo: float = 0.0
    proxy: Mapping[str, str] | None = None

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> LaunchWish:
        """Reads the headers that a client sends when it connects; what makes no sense counts as not given."""
        options: dict[str, Any] = {}
        with suppress(ValueError):
            given = json.loads(headers.get("x-playwright-launch-options") or "{}")
            options = given if isinstance(given, dict) else {}
        args = [str(arg) for arg in options.get("args") or () if str(arg).startswith(_ALLOWED_ARGS)]
        slow_mo, proxy = options.get("slowMo"), options.get("proxy")
        return cls(
            kind=headers.get("x-playwright-browser") or "chromium",
            args=tuple(args),
            slow_mo=float(slow_mo) if isinstance(slow_mo, int | float) else 0.0,
            proxy=proxy if isinstance(proxy, dict) and "server" in proxy else None,
        )


class HostedBrowser:
    """One browser, bound to a WebSocket address on loopback that a client's messages are passed on to."""

    def __init__(self, browser: Browser, endpoint: str, *, end: Callable[[], Awaitable[None]]) -> None:
        self.endpoint = endpoint
        self._browser = browser
        self._end = end
        self._seen = asyncio.Event()
        browser.on("context", lambda _: self._seen.set())

    def driver(
        self, context: BrowserContext, gate: Gate, *, viewport: Size, uploads: Path | None, max_picture: Size | None
    ) -> ClientPageDriver:
        """Returns a driver of one of the client's contexts; closing it leaves the context alone."""
        return ClientPageDriver(
            self._browser, context, gate, viewport=viewport, end=_nothing, uploads=uploads, max_picture=max_picture
        )

    async def context(self, guid: str) -> BrowserContext:
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
