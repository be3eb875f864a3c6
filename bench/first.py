"""First picture: from creating a run to its first frame, and from a viewer's WHEP request to its first decoded one."""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import Browser

from bench.figures import Row, spread
from tests.chromium import WhepViewer
from tests.served import Served

PAGE = "/timecode.html?fps=20"
RETRY_SECONDS = 0.01


async def first_pictures(served: Served, browser: Browser, *, times: int) -> list[Row]:
    """Each viewer joins a run that nobody else watches at the moment: capture and encoder start for it, too."""
    created, joined = [], {codec: list[float]() for codec in ("H264", "VP8")}
    for _ in range(times):
        created.append(await _create(served))
    run_id = await served.start_watchable(PAGE, seconds=600)
    for _ in range(times):
        for codec, found in joined.items():
            found.append(await _join(served, browser, run_id, codec))
    await served.cancel(run_id)
    return [
        {"what": "POST run to its first frame", **spread(created)},
        *({"what": f"WHEP POST to first decoded picture, {codec}", **spread(found)} for codec, found in joined.items()),
    ]


async def _create(served: Served) -> float:
    """Milliseconds, a browser's start included."""
    started = time.monotonic()
    run = await served.create({"url": PAGE, "steps": [{"type": "wait", "value": 60_000}]})
    url = f"{served.frames}/stream/{run['id']}"
    while True:
        async with served.http.get(url, params={"after": "0"}) as answer:
            if answer.status == 200:
                await answer.read()
                break
        await asyncio.sleep(RETRY_SECONDS)
    passed = (time.monotonic() - started) * 1000
    await served.cancel(run["id"])
    return passed


async def _join(served: Served, browser: Browser, run_id: str, codec: str) -> float:
    viewer = await WhepViewer.watch(browser, served.api, run_id, token=served.key, codec=codec)
    await viewer.wait("v.firstPictureMs !== null")
    passed = float(await viewer.ask("v.firstPictureMs"))
    await viewer.page.close()
    return passed
