"""Glass to glass: how old is the page's own time code when a viewer has the picture?

The page paints the time of day as black and white blocks; each viewer reads it from the picture that it received.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
from playwright.async_api import Browser

from media.jpeg import JpegDecoder
from tests.chromium import WhepViewer
from tests.served import Served
from tests.timecode import decode


@dataclass
class Ages:
    """What one kind of viewer saw."""

    path: str
    page_fps: int
    ages_ms: list[float] = field(default_factory=list)
    bytes_received: int = 0
    seconds: float = 0.0

    def percentile(self, percent: int) -> float:
        """Milliseconds."""
        ordered = sorted(self.ages_ms)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else float("nan")

    @property
    def kilobytes_per_second(self) -> float:
        return self.bytes_received / 1000 / self.seconds if self.seconds else 0.0

    def row(self) -> dict[str, object]:
        return {
            "path": self.path,
            "pageFps": self.page_fps,
            "p50Ms": round(self.percentile(50), 1),
            "p95Ms": round(self.percentile(95), 1),
            "kBps": round(self.kilobytes_per_second, 1),
            "samples": len(self.ages_ms),
        }


async def glass_to_glass(served: Served, browser: Browser, *, fps: int, seconds: int) -> list[Ages]:
    """All paths on one run, one after the other, so that no viewer takes the machine from another."""
    run_id = await served.start_watchable(f"/timecode.html?fps={fps}", seconds=600)
    try:
        return [
            await _poll(served, run_id, fps, seconds, every=0.1),
            await _long_poll(served, run_id, fps, seconds),
        ] + [
            await _whep(served, browser, run_id, Ages(f"WHEP in Chromium, {codec}", fps), seconds=seconds, codec=codec)
            for codec in ("H264", "VP8")
        ]
    finally:
        await served.cancel(run_id)


async def _poll(served: Served, run_id: str, fps: int, seconds: int, *, every: float) -> Ages:
    ages = Ages("JPEG polling, every 100 ms", fps)
    url, decoder = f"{served.frames}/stream/{run_id}", JpegDecoder()
    started = next_at = time.monotonic()
    while time.monotonic() - started < seconds:
        async with served.http.get(url) as answer:
            if answer.status == 200:
                _note(ages, await answer.read(), decoder)
        next_at += every
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    ages.seconds = time.monotonic() - started
    return ages


async def _long_poll(served: Served, run_id: str, fps: int, seconds: int) -> Ages:
    ages = Ages("JPEG long polling (?after=)", fps)
    started, seq, decoder = time.monotonic(), "0", JpegDecoder()
    while time.monotonic() - started < seconds:
        async with served.http.get(f"{served.frames}/stream/{run_id}", params={"after": seq}) as answer:
            if answer.status == 200:
                seq = answer.headers["X-Frame-Seq"]
                _note(ages, await answer.read(), decoder)
    ages.seconds = time.monotonic() - started
    return ages


async def _whep(served: Served, browser: Browser, run_id: str, ages: Ages, *, seconds: int, codec: str) -> Ages:
    viewer = await WhepViewer.watch(browser, served.api, run_id, token=served.key, codec=codec)
    await viewer.wait("v.ages.length > 10")
    await viewer.ask("(v.ages.length = 0)")
    before, started = await viewer.bytes_received(), time.monotonic()
    await asyncio.sleep(seconds)
    ages.ages_ms = await viewer.ask("v.ages")
    ages.seconds = time.monotonic() - started
    ages.bytes_received = await viewer.bytes_received() - before
    await viewer.page.close()
    return ages


def _note(ages: Ages, jpeg: bytes, decoder: JpegDecoder) -> None:
    """Decoding counts: a person sees a picture, not a JPEG."""
    picture = decoder.decode(jpeg).to_ndarray(format="gray").astype(np.uint8)
    now = time.time() * 1000
    code = decode(picture)
    ages.bytes_received += len(jpeg)
    if code is not None:
        ages.ages_ms.append(now - code)
