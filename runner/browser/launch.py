"""Starts browsers, and ends them for good: one Playwright process for the server, one browser process for each run."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserType, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from control.shapes import Size
from runner.browser.locate import register_engines
from runner.browser.pages import PageDriver
from runner.browser.sentences import first_line
from runner.driver import StepFailed

logger = logging.getLogger(__name__)

CHROMIUM_ARGS = (
    "--disable-background-networking",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-sync",
)
_CLOSE_SECONDS = 3.0
_LAUNCH_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class BrowserOptions:
    """How browsers are started."""

    executables: Mapping[str, str] = field(default_factory=dict)
    """Kind to executable; a kind that is missing is started as Playwright installed it."""
    extra_args: Sequence[str] = ()
    """More command line arguments for Chromium."""
    uploads: Path | None = None
    """Files in this folder may be uploaded by name; None: none."""
    dialog_timeout: float = 30.0
    """Seconds that a person has to answer a native dialog."""
    device_scale_factor: float = 1.0
    max_picture: Size | None = None
    """Captured pictures are scaled down to fit; None: they are as large as the viewport."""


class PlaywrightDrivers:
    """Opens browsers with Playwright. Implements ``runner.driver.Drivers``."""

    def __init__(self, options: BrowserOptions | None = None) -> None:
        self._options = options or BrowserOptions()
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._open: set[PageDriver] = set()

    async def launch(self, kind: str, *, viewport: Size) -> PageDriver:
        """A new browser with one blank page. Raises StepFailed with what to do where none can be started."""
        browser = await self._start(kind)
        return await self._seat(browser, viewport, await process_id(browser))

    async def attach(self, endpoint: str, *, kind: str = "chromium", viewport: Size) -> PageDriver:
        """A page of its own in a browser that another process runs and has bound to ``endpoint`` (``browser.bind``).

        Closing the driver leaves that browser running. Raises StepFailed where nobody answers.
        """
        browser_type: BrowserType = getattr(await self._running(), kind)
        try:
            browser = await browser_type.connect(endpoint, timeout=_LAUNCH_SECONDS * 1000)
        except PlaywrightError as error:
            raise StepFailed(f"No browser answers at {endpoint}: {first_line(error)}") from None
        return await self._seat(browser, viewport, None)

    async def aclose(self) -> None:
        """Closes every browser, then Playwright itself."""
        await asyncio.gather(*(driver.aclose() for driver in tuple(self._open)))
        async with self._starting:
            playwright, self._playwright = self._playwright, None
        if playwright is not None:
            with suppress(TimeoutError, PlaywrightError):
                await asyncio.wait_for(playwright.stop(), _CLOSE_SECONDS)

    async def _running(self) -> Playwright:
        async with self._starting:
            if self._playwright is None:
                playwright = await async_playwright().start()
                await register_engines(playwright)
                # Playwright tells of the end of its own process nowhere else.
                playwright._impl_obj._connection.on("close", self._playwright_ended)
                self._playwright = playwright
            return self._playwright

    def _playwright_ended(self, *_: object) -> None:
        """Its browsers end with it; the next run starts it anew."""
        self._playwright = None
        for driver in tuple(self._open):
            driver.lose("the browser process has ended")

    async def _start(self, kind: str) -> Browser:
        browser_type: BrowserType = getattr(await self._running(), kind)
        executable = self._options.executables.get(kind)
        try:
            # Ctrl-C is for the server, which closes its browsers itself.
            return await browser_type.launch(
                executable_path=executable,
                args=self._args(kind),
                timeout=_LAUNCH_SECONDS * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except PlaywrightError as error:
            raise StepFailed(
                f"{kind} could not be started ({executable or 'as installed by Playwright'}): {first_line(error)}. "
                "Run 'jumpseat doctor' to see what is missing."
            ) from error

    def _args(self, kind: str) -> list[str]:
        if kind != "chromium":
            return []
        args = [*CHROMIUM_ARGS, *self._options.extra_args]
        if os.geteuid() == 0:
            logger.warning("running as root: Chromium starts without its sandbox")
            args.append("--no-sandbox")
        return args

    async def _seat(self, browser: Browser, viewport: Size, pid: int | None) -> PageDriver:
        driver = PageDriver(
            browser,
            viewport=viewport,
            uploads=self._options.uploads,
            dialog_timeout=self._options.dialog_timeout,
            device_scale_factor=self._options.device_scale_factor,
            max_picture=self._options.max_picture,
            end=lambda: self._end(driver, browser, pid),
        )
        self._open.add(driver)
        try:
            await driver.prepare()
        except BaseException:
            await driver.aclose()
            raise
        return driver

    async def _end(self, driver: PageDriver, browser: Browser, pid: int | None) -> None:
        self._open.discard(driver)
        try:
            await asyncio.wait_for(browser.close(), _CLOSE_SECONDS)
        except PlaywrightError:
            pass
        except TimeoutError:
            logger.warning("the browser did not close within %g s and is killed", _CLOSE_SECONDS)
            if pid is not None:
                await kill(browser, pid)


async def process_id(browser: Browser) -> int | None:
    """The browser's main process, where the browser tells."""
    if browser.browser_type.name != "chromium":
        return None
    session = await browser.new_browser_cdp_session()
    try:
        answer = await session.send("SystemInfo.getProcessInfo")
    finally:
        await session.detach()
    return next((int(process["id"]) for process in answer["processInfo"] if process["type"] == "browser"), None)


async def kill(browser: Browser, pid: int) -> None:
    """Ends a browser that does not answer, with all its processes: Playwright starts it as the head of a group."""
    gone = asyncio.Event()
    browser.once("disconnected", lambda _: gone.set())
    with suppress(ProcessLookupError):
        group = os.getpgid(pid)
        if group == os.getpgid(0):
            os.kill(pid, signal.SIGKILL)
        else:
            os.killpg(group, signal.SIGKILL)
    if browser.is_connected():
        with suppress(TimeoutError):
            await asyncio.wait_for(gone.wait(), _CLOSE_SECONDS)
