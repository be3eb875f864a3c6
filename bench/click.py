"""Click to pixel: from a click on the data channel to the pixel that it changes, decoded at the viewer."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from bench.figures import Row, spread
from tests.chromium import WhepViewer
from tests.served import Served

PAGE = "/timecode.html?fps=20"
LAMP = {"x": 800, "y": 80, "width": 1280, "height": 720}
"""The middle of the page's lamp, in a picture of the page's size."""
READER = Path(__file__).with_name("lamp.js")


async def click_to_pixel(served: Served, browser: Browser, *, times: int) -> list[Row]:
    run_id = await served.start_watchable(PAGE, seconds=600)
    viewer = await WhepViewer.watch(browser, served.api, run_id, token=served.key)
    await viewer.page.evaluate(READER.read_text() + "\n;undefined")
    await viewer.wait("v.control.readyState === 'open' && v.pictures > 10")
    await viewer.send({"type": "take_control", "id": "wheel"})
    await viewer.wait("v.messages.some((m) => m.type === 'ack' && m.id === 'wheel')")
    await viewer.send({"type": "input", "kind": "move", "id": "there", **LAMP})
    await viewer.wait("v.messages.some((m) => m.type === 'ack' && m.id === 'there')")
    await viewer.page.evaluate("watchLamp(viewer)")
    passed = [float(await viewer.page.evaluate("lamp => clickLamp(viewer, lamp)", LAMP)) for _ in range(times)]
    await viewer.page.close()
    await served.cancel(run_id)
    return [{"what": "click on the data channel to the pixel, H264", **spread(passed)}]
