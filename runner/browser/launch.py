"""The start and the end of browsers: one Playwright process for the server, one browser process for each run."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from playwright.async_api import Browser, BrowserContext, BrowserType, ProxySettings
from playwright.async_api import Error as PlaywrightError

from control.protocol.actions import Size
from media.aio import TaskSet
from runner.browser.downloads import MOST_BYTES
from runner.browser.limits import BrowserLimits, keep_within
from runner.browser.page_driver import PageDriver
from runner.browser.playwright_errors import first_line
from runner.browser.playwright_process import PlaywrightProcess
from runner.browser.processor_share import ProcessorShares
from runner.driver import StepFailed
from runner.egress.allowed_hosts import RestrictedPolicy
from runner.egress.proxy import EgressProxy

logger = logging.getLogger(__name__)

CHROMIUM_ARGS = (
    "--disable-background-networking",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-sync",
)
KINDS = ("chromium", "firefox", "webkit")
_CLOSE_SECONDS = 3.0
_LAUNCH_SECONDS = 30.0
_NO_SANDBOX = (
    "Chromium's sandbox cannot start: allow unprivileged user namespaces, in a container with a seccomp profile that "
    "lets them pass, or install the distribution's chromium-sandbox"
)


@dataclass(frozen=True, kw_only=True)
class BrowserOptions:
    """Holds how browsers are started."""

    executables: Mapping[str, str] = field(default_factory=dict)
    """The executable of each kind of browser; a kind that is missing is started as Playwright installed it."""
    extra_args: Sequence[str] = ()
    """More command line arguments for Chromium."""
    uploads: Path | None = None
    """The folder whose files may be uploaded by name; None: no file may."""
    dialog_timeout: float = 30.0
    """Seconds that a person has to answer a native dialog."""
    device_scale_factor: float = 1.0
    max_picture: Size | None = None
    """The size that captured pictures are scaled down to, in pixels; None: they are as large as the viewport."""
    most_download_bytes: int = MOST_BYTES
    """What one run may download, all files together."""
    most_trace_bytes: int = 100_000_000
    """What the browser may write down of one run that is traced, before it is packed."""
    limits: BrowserLimits = field(default_factory=BrowserLimits)
    """What the browser of one run may take."""
    egress_proxy: Callable[[], EgressProxy] = EgressProxy
    """Makes the egress proxy of one browser."""


class PlaywrightDrivers:
    """Opens browsers with Playwright. Implements ``runner.driver.Drivers``."""

    def __init__(self, options: BrowserOptions | None = None, process: PlaywrightProcess | None = None) -> None:
        """``process``: one that may be starting already; it is closed with the browsers."""
        self._options = options or BrowserOptions()
        self._process = process or PlaywrightProcess()
        self._process.on_ended = self._playwright_ended
        self.shares = ProcessorShares()
        self._open: set[PageDriver] = set()
        self._watches: dict[PageDriver, asyncio.Task[None]] = {}
        self._ending = TaskSet(logger)

    async def launch(
        self, kind: str, *, viewport: Size, allow_hosts: Sequence[str] | None = None, trace: Path | None = None
    ) -> PageDriver:
        """Returns a new browser with one blank page, which reaches ``allow_hosts`` alone where they are given.

        With ``trace`` it is traced into that folder. Raises StepFailed with what to do where none can be started.
        """
        egress_proxy = self._options.egress_proxy()
        if allow_hosts is not None:
            egress_proxy.policy = RestrictedPolicy(egress_proxy.policy, allow_hosts)
        downloads = Path(await asyncio.to_thread(mkdtemp, prefix="jumpseat-downloads-"))
        try:
            await egress_proxy.start()
            async with self.shares.starting():
                browser = await self._start(kind, egress_proxy, downloads=downloads, traces=trace)
            pid = await process_id(browser)
        except BaseException:
            await egress_proxy.aclose()
            await _remove(downloads)
            raise
        return await self._open_driver(browser, viewport, egress_proxy, pid=pid, downloads=downloads, traces=trace)

    async def host(
        self, kind: str, *, args: Sequence[str] = (), slow_mo: float = 0.0, proxy: ProxySettings | None = None
    ) -> tuple[Browser, str, Callable[[], Awaitable[None]]]:
        """Returns a new browser for somebody else's Playwright, the address that it is bound to, and what closes it.

        Its pages are not kept from anything: their requests are the client's own. Raises StepFailed with what to do
        where none can be started.
        """
        browser = await self._start(kind, None, args=args, slow_mo=slow_mo, proxy=proxy)
        try:
            pid = await process_id(browser)
            bound = await browser.bind("jumpseat", host="127.0.0.1", port=0)
        except BaseException:
            await browser.close()
            raise
        return browser, bound["endpoint"], lambda: self._close_browser(browser, pid)

    async def follow(self, cdp_port: int) -> Browser:
        """Returns a browser that somebody else has launched on this machine; how its pages behave is left alone.

        Closing it closes our connection alone. Raises StepFailed where it cannot be reached.
        """
        playwright = await self._process.running()
        address = f"http://127.0.0.1:{cdp_port}"
        try:
            return await playwright.chromium.connect_over_cdp(
                address, no_defaults=True, is_local=True, timeout=_LAUNCH_SECONDS * 1000
            )
        except PlaywrightError as error:
            raise StepFailed(f"the browser at {address} cannot be looked at: {first_line(error)}") from error

    async def open_context(self, browser: Browser, *, viewport: Size) -> PageDriver:
        """Returns a page in a context of its own of a browser that is running already.

        Its requests go through an egress proxy of its own. Closing the driver closes the context alone. The browser's
        Playwright must know our selector engines (`register_engines`), and the browser's own command line decides
        about WebRTC's UDP.
        """
        egress_proxy = self._options.egress_proxy()
        await egress_proxy.start()
        return await self._open_driver(browser, viewport, egress_proxy, shared=True)

    async def aclose(self) -> None:
        """Closes every browser, then Playwright itself."""
        await asyncio.gather(*(driver.aclose() for driver in tuple(self._open)))
        await self._ending.aclose()
        await self.shares.aclose()
        await self._process.aclose()

    def _playwright_ended(self) -> None:
        """Marks all browsers as gone, as Playwright has ended; the next run starts it anew."""
        for driver in tuple(self._open):
            driver.lose("the browser process has ended")

    async def _start(
        self,
        kind: str,
        egress_proxy: EgressProxy | None,
        *,
        args: Sequence[str] = (),
        slow_mo: float = 0.0,
        proxy: ProxySettings | None = None,
        downloads: Path | None = None,
        traces: Path | None = None,
    ) -> Browser:
        browser_type: BrowserType | None = getattr(await self._process.running(), kind, None) if kind in KINDS else None
        if browser_type is None:
            raise StepFailed(f"there is no browser of the kind '{kind}': it is chromium, firefox or webkit")
        executable = self._options.executables.get(kind)
        try:
            # Ctrl-C is for the server, which closes its browsers itself.
            return await browser_type.launch(
                executable_path=executable,
                args=[*self._args(kind, egress_proxy), *args],
                slow_mo=slow_mo,
                proxy=proxy,
                downloads_path=downloads,
                traces_dir=traces,
                chromium_sandbox=kind == "chromium" and _sandboxed(),
                timeout=_LAUNCH_SECONDS * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except PlaywrightError as error:
            if "sandbox" in error.message and _sandboxed():
                raise StepFailed(_NO_SANDBOX) from error
            raise StepFailed(
                f"{kind} could not be started ({executable or 'as installed by Playwright'}): {first_line(error)}. "
                "Run 'jumpseat doctor' to see what is missing."
            ) from error

    def _args(self, kind: str, egress_proxy: EgressProxy | None) -> list[str]:
        if kind != "chromium":
            return []
        if not _sandboxed():
            logger.warning("running as root: Chromium starts without its sandbox")
        guarded = _proxy_args(egress_proxy) if egress_proxy else []
        return [*CHROMIUM_ARGS, *guarded, *self._options.extra_args]

    async def _open_driver(
        self,
        browser: Browser,
        viewport: Size,
        egress_proxy: EgressProxy,
        *,
        pid: int | None = None,
        shared: bool = False,
        downloads: Path | None = None,
        traces: Path | None = None,
    ) -> PageDriver:
        driver = PageDriver(
            browser,
            viewport=viewport,
            uploads=self._options.uploads,
            downloads=downloads,
            most_download_bytes=self._options.most_download_bytes,
            traces=traces,
            most_trace_bytes=self._options.most_trace_bytes,
            dialog_timeout=self._options.dialog_timeout,
            device_scale_factor=self._options.device_scale_factor,
            max_picture=self._options.max_picture,
            egress_proxy=egress_proxy,
            proxy=_proxy_settings(egress_proxy) if pid is None else None,
            end=lambda: self._end(driver, driver.context if shared else browser, egress_proxy, pid, downloads),
            captured=lambda on: self.shares.watch(driver, on),
        )
        self._open.add(driver)
        if pid is not None:
            self.shares.add(driver, pid)
        try:
            await driver.prepare()
        except BaseException:
            await driver.aclose()
            raise
        if pid is not None:
            self._limit(driver, browser, pid)
        return driver

    def _limit(self, driver: PageDriver, browser: Browser, pid: int) -> None:
        def end(reason: str) -> None:
            driver.lose(reason)
            self._ending.spawn(kill(browser, pid))

        self._watches[driver] = self._ending.spawn(keep_within(pid, self._options.limits, end))

    async def _end(
        self,
        driver: PageDriver,
        closed: Browser | BrowserContext | None,
        egress_proxy: EgressProxy,
        pid: int | None,
        downloads: Path | None,
    ) -> None:
        self._open.discard(driver)
        self.shares.remove(driver)
        if (watch := self._watches.pop(driver, None)) is not None:
            watch.cancel()
        await egress_proxy.aclose()
        if closed is not None:
            await self._close_browser(closed, pid)
        if downloads is not None:
            await _remove(downloads)

    async def _close_browser(self, closed: Browser | BrowserContext, pid: int | None) -> None:
        try:
            await asyncio.wait_for(closed.close(), _CLOSE_SECONDS)
        except PlaywrightError:
            pass
        except TimeoutError:
            logger.warning("the browser did not close within %g s and is killed", _CLOSE_SECONDS)
            if pid is not None and isinstance(closed, Browser):
                await kill(closed, pid)


async def _remove(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _sandboxed() -> bool:
    """Returns whether Chromium's sandbox is used: it refuses to start with it as root."""
    return os.geteuid() != 0


def _proxy_args(egress_proxy: EgressProxy) -> list[str]:
    """Returns Chromium's arguments; ``<-loopback>`` keeps it from reaching loopback and link-local directly."""
    args = [f"--proxy-server={egress_proxy.url}", "--proxy-bypass-list=<-loopback>"]
    if egress_proxy.policy.keeps_to_proxy:
        args.append("--webrtc-ip-handling-policy=disable_non_proxied_udp")
    return args


def _proxy_settings(egress_proxy: EgressProxy) -> ProxySettings | None:
    return ProxySettings(server=egress_proxy.url) if egress_proxy.url else None


async def process_id(browser: Browser) -> int | None:
    """Returns the id of the browser's main process; None where the browser does not say."""
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
