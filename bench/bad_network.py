"""A viewer on a bad network: how old is what it sees, and how soon is it all there again?

Chromium plays a page that scrolls a long text, through a relay on loopback that loses, delays and limits packets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from playwright.async_api import Browser, Route

from bench.figures import Row, percentile
from tests.chromium import WhepViewer
from tests.served import Served
from tests.traffic_shaper import Relay, Shape

SHAPES = {
    "good": (Shape(), Shape()),
    "0.5 Mbit/s": (Shape(rate=500_000), Shape()),
    "5 % loss": (Shape(loss=0.05), Shape(loss=0.05)),
    "150 ms delay": (Shape(delay=0.15), Shape()),
    "2 s outage": (Shape(cut=True), Shape(cut=True)),
}
"""What happens on the way to the viewer, and on the way back."""
OUTAGE_SECONDS = 2.0
WARM_UP_SECONDS = 3.0
PATIENCE_SECONDS = 30.0
WIDTH = 1280


async def measure(server: Served, browser: Browser, *, seconds: float) -> list[Row]:
    """One row for each shape and codec, each with a viewer of its own."""
    run_id = await server.start_watchable("/timecode.html?fps=20&scroll=1", seconds=600)
    try:
        return [
            await _row(server, browser, run_id, codec=codec, name=name, seconds=seconds)
            for codec in ("H264", "VP8")
            for name in SHAPES
        ]
    finally:
        await server.cancel(run_id)


async def _row(server: Served, browser: Browser, run_id: str, *, codec: str, name: str, seconds: float) -> Row:
    async with _watching(server, browser, run_id, codec) as (viewer, relay):
        await viewer.ask("(v.ages.length = v.seenAt.length = 0)")
        relay.down.shape, relay.up.shape = SHAPES[name]
        await asyncio.sleep(OUTAGE_SECONDS if relay.down.shape.cut else seconds)
        if relay.down.shape.cut:
            relay.down.shape, relay.up.shape = Shape(), Shape()
            await asyncio.sleep(seconds - OUTAGE_SECONDS)
        end, width = time.time() * 1000, await viewer.ask("v.width")
        ages, seen_at = await viewer.ask("[v.ages, v.seenAt]")
        relay.down.shape, relay.up.shape = Shape(), Shape()
        recovery = await _recovery(viewer)
    on_screen = _on_screen(ages, seen_at, end)
    return {
        "network": name,
        "codec": codec,
        "ageP50Ms": percentile(ages, 50),
        "ageP95Ms": percentile(ages, 95),
        "onScreenP95Ms": percentile(on_screen, 95),
        "fps": round(len(ages) / seconds, 1),
        "widthAtEnd": width,
        "recoverySeconds": recovery,
    }


async def _recovery(viewer: WhepViewer) -> float:
    """Seconds until the picture is of full size and moves."""
    started = time.monotonic()
    await viewer.wait(f"v.width === {WIDTH}", timeout_ms=int(PATIENCE_SECONDS * 1000))
    pictures = await viewer.ask("v.pictures")
    await viewer.wait(f"v.pictures > {pictures}", timeout_ms=int(PATIENCE_SECONDS * 1000))
    return round(time.monotonic() - started, 1)


def _on_screen(ages: list[float], seen_at: list[float], end: float) -> list[float]:
    """How old the shown picture is, at every millisecond: when nothing new comes, it grows older."""
    turns = pairwise([*seen_at, end])
    return [age + passed for age, (at, until) in zip(ages, turns, strict=True) for passed in range(round(until - at))]


@asynccontextmanager
async def _watching(
    server: Served, browser: Browser, run_id: str, codec: str
) -> AsyncIterator[tuple[WhepViewer, Relay]]:
    """A viewer whose descriptions go through the relay on their way."""
    relay = Relay()
    await relay.open()

    async def through_relay(route: Route) -> None:
        answer = await route.fetch(post_data=relay.offer(route.request.post_data or ""))
        await route.fulfill(response=answer, body=relay.answer(await answer.text()))

    page = await browser.new_page(bypass_csp=True)
    await page.route(f"**/whep/{run_id}", through_relay)
    try:
        viewer = await WhepViewer.on(page, server.api, run_id, token=server.key, codec=codec)
        await viewer.wait(f"v.ages.length > 10 && v.width === {WIDTH}")
        await asyncio.sleep(WARM_UP_SECONDS)
        yield viewer, relay
    finally:
        await page.close()
        relay.close()
