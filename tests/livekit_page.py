"""A real Chromium in a LiveKit room, with LiveKit's own client."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from tests.chromium import WhepViewer

_HERE = Path(__file__).parent
_CLIENT = _HERE.parent / "web/node_modules/livekit-client/dist/livekit-client.umd.js"


async def join_room(browser: Browser, base: str, *, url: str, token: str) -> WhepViewer:
    """Opens a page of the server's own origin and watches a room there, without any code of the player."""
    page = await browser.new_page(bypass_csp=True)
    await page.goto(f"{base}/healthz")
    await page.add_script_tag(path=_CLIENT)
    for script in ("timecode.js", "whep_viewer.js", "livekit_viewer.js"):
        await page.evaluate((_HERE / script).read_text() + "\n;undefined")
    await page.evaluate("options => watchByLiveKit(options)", {"url": url, "token": token})
    return WhepViewer(page)
