"""A real Chromium that watches: used by end-to-end tests and by the benchmarks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from runner.browser.install import find_browser
from runner.browser.launch import BrowserOptions
from runner.browser.locate import register_engines

_HERE = Path(__file__).parent
FLAGS = (
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)


def browser_path() -> Path | None:
    """Returns the browser that tests drive and watch with, or None where only Playwright's own build is left to try."""
    return find_browser(os.environ.get("JUMPSEAT_BROWSER_PATH"))


def browser_variables() -> dict[str, str]:
    """Returns what a process needs in its environment to take that browser, too."""
    path = browser_path()
    return {"JUMPSEAT_BROWSER_PATH": str(path)} if path else {}


def browser_options(**more: Any) -> BrowserOptions:  # noqa: ANN401 - other fields of BrowserOptions
    path = browser_path()
    return BrowserOptions(executables={"chromium": str(path)} if path else {}, **more)


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """A headless Chromium that can play WebRTC from loopback."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    path = browser_path()
    async with async_playwright() as playwright:
        await register_engines(playwright)
        browser = await playwright.chromium.launch(
            executable_path=str(path) if path else None, args=[*FLAGS, *sandbox, *flags]
        )
        try:
            yield browser
        finally:
            await browser.close()


class WhepViewer:
    """One page that watches one run by WHEP, without any code of the player."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._sent = 0

    @classmethod
    async def watch(cls, browser: Browser, base: str, run_id: str, *, token: str, codec: str = "H264") -> WhepViewer:
        """Opens a page of the server's own origin and plays the run there; raises where WHEP refuses."""
        return await cls.on(await browser.new_page(bypass_csp=True), base, run_id, token=token, codec=codec)

    @classmethod
    async def on(cls, page: Page, base: str, run_id: str, *, token: str, codec: str = "H264") -> WhepViewer:
        """The same on a page that is there already; no content security policy may bind it."""
        await page.goto(f"{base}/healthz")
        for script in ("timecode.js", "whep_viewer.js"):
            await page.evaluate((_HERE / script).read_text() + "\n;undefined")
        whep = {"url": f"{base}/whep/{run_id}", "token": token, "codec": codec}
        await page.evaluate("options => watchByWhep(options)", whep)
        return cls(page)

    async def wait(self, condition: str, *, timeout_ms: int = 60_000) -> None:
        """Until the JavaScript expression over ``viewer`` is true."""
        await self.page.wait_for_function(
            f"() => {{ const v = globalThis.viewer; return {condition}; }}", timeout=timeout_ms
        )

    async def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression gives
        return await self.page.evaluate(f"() => {{ const v = globalThis.viewer; return {expression}; }}")

    async def send(self, message: dict[str, Any]) -> None:
        """One control message on the data channel."""
        await self.page.evaluate("message => viewer.control.send(JSON.stringify(message))", message)

    async def ask_command(self, message: dict[str, Any]) -> dict[str, Any]:
        """One control message on the data channel, and the answer to it."""
        self._sent += 1
        id = f"c{self._sent}"
        await self.send({**message, "id": id})
        await self.wait(f"v.messages.some((m) => m.id === '{id}')")
        return dict(await self.ask(f"v.messages.find((m) => m.id === '{id}')"))

    async def command(self, message: dict[str, Any]) -> None:
        """One control message on the data channel, which must be carried out."""
        answer = await self.ask_command(message)
        assert answer["type"] != "error", answer

    async def codec(self) -> str:
        """The codec that is really decoded, from the receiver's statistics: ``video/H264``."""
        return str(
            await self.page.evaluate(
                """async () => {
                    const stats = [...(await viewer.pc.getStats()).values()];
                    const inbound = stats.find((s) => s.type === "inbound-rtp" && s.kind === "video");
                    return stats.find((s) => s.id === inbound.codecId).mimeType;
                }"""
            )
        )

    async def bytes_received(self) -> int:
        """Payload of the picture so far, bytes."""
        return int(
            await self.page.evaluate(
                """async () => {
                    const stats = [...(await viewer.pc.getStats()).values()];
                    return stats.find((s) => s.type === "inbound-rtp" && s.kind === "video").bytesReceived;
                }"""
            )
        )
