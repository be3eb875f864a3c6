"""Glass to glass: how old is the page's own time code in what a viewer sees?

The page paints the time of day as black and white blocks; each viewer reads it from the picture that it has decoded.
Two ages are told of each path:

- *at arrival*: of each new picture, at the moment when it is decoded;
- *on screen*: of the picture that is shown, at every millisecond. A picture stays until the next one, and grows older:
  this is what a person sees, and the only one of the two that charges a poller for the time between its polls.

The floor is a JPEG's at the moment when it has left the server: capture is over, nothing is decoded or encoded yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise

import aiohttp
import numpy as np
from playwright.async_api import Browser

from bench.figures import Row, percentile, ratio
from media.aio import cancel_and_wait
from media.coding.jpeg import JpegDecoder
from tests.chromium import WhepViewer
from tests.served import Served
from tests.timecode import decode

FLOOR = "capture floor (JPEG leaves the server)"
POLLING = "JPEG polling, every 100 ms"
LONG_POLLING = "JPEG long polling (?after=)"
POLL_SECONDS = 0.1


@dataclass
class Ages:
    """What one kind of viewer saw."""

    path: str
    shown: list[list[tuple[float, float]]] = field(default_factory=list)
    """For each sitting: when a new picture was there and the time code in it, both in ms since 1970."""
    bytes_received: int = 0
    seconds: float = 0.0

    def sit_down(self) -> None:
        self.shown.append([])

    def note(self, at: float, code: int | None) -> None:
        """A picture is there at `at`; one that shows the same as before is no news."""
        sitting = self.shown[-1]
        if code is not None and (not sitting or sitting[-1][1] != code):
            sitting.append((at, code))

    def at_arrival(self) -> list[float]:
        """Milliseconds."""
        return [at - code for sitting in self.shown for at, code in sitting]

    def on_screen(self) -> list[float]:
        """Milliseconds, one value for each millisecond."""
        return [
            at - code + passed
            for sitting in self.shown
            for (at, code), (until, _) in pairwise(sitting)
            for passed in range(round(until - at))
        ]

    @property
    def kilobytes_per_second(self) -> float | None:
        """Of pictures, without HTTP's and RTP's headers; None for the floor, which has no receiver."""
        return round(self.bytes_received / 1000 / self.seconds, 2) if self.seconds else None

    def row(self, page: str) -> Row:
        shown, arrived = self.on_screen(), self.at_arrival()
        return {
            "page": page,
            "path": self.path,
            "onScreenP50Ms": percentile(shown, 50),
            "onScreenP95Ms": percentile(shown, 95),
            "arrivalP50Ms": percentile(arrived, 50),
            "arrivalP95Ms": percentile(arrived, 95),
            "kBps": self.kilobytes_per_second,
            "pictures": len(arrived),
        }


async def glass_to_glass(
    served: Served, browser: Browser, *, query: str, rounds: int, seconds: float, more: tuple[Ages, ...] = ()
) -> list[Row]:
    """All paths on one run, in turns, so that none takes the machine from another and none has the better minute.

    Args:
        query: of the shop's time code page, as `fps=20`.
        more: paths that are measured elsewhere.
    """
    run_id = await served.start_watchable(f"/timecode.html?{query}", seconds=600)
    floor, polled, long_polled, mjpeg = map(Ages, (FLOOR, POLLING, LONG_POLLING, "MJPEG"))
    h264, vp8 = Ages("WHEP in Chromium, H264"), Ages("WHEP in Chromium, VP8")
    for _ in range(rounds):
        await _poll(served, run_id, polled, seconds)
        await _long_poll(served, run_id, floor, long_polled, seconds)
        await _mjpeg(served, run_id, mjpeg, seconds)
        await _whep(served, browser, run_id, h264, seconds, codec="H264")
        await _whep(served, browser, run_id, vp8, seconds, codec="VP8")
    await served.cancel(run_id)
    return [ages.row(query) for ages in (floor, polled, long_polled, mjpeg, h264, vp8, *more)]


async def still_page(served: Served, browser: Browser, *, seconds: float) -> list[Row]:
    """What each path costs while nothing changes; there is no age to tell."""
    run_id = await served.start_watchable("/timecode.html?fps=0", seconds=600)
    polled, mjpeg, h264, vp8 = map(Ages, (POLLING, "MJPEG", "WHEP in Chromium, H264", "WHEP in Chromium, VP8"))
    await _poll(served, run_id, polled, seconds)
    await _mjpeg(served, run_id, mjpeg, seconds)
    await _whep(served, browser, run_id, h264, seconds, codec="H264", warm_up=3)
    await _whep(served, browser, run_id, vp8, seconds, codec="VP8", warm_up=3)
    await served.cancel(run_id)
    return [{"path": ages.path, "kBps": ages.kilobytes_per_second} for ages in (polled, mjpeg, h264, vp8)]


async def glass_recorded(served: Served, browser: Browser, *, rounds: int, seconds: float) -> list[Row]:
    """What a live viewer sees of a run that is recorded, and while somebody goes back in it; in turns, a run each."""
    query = "fps=20"
    cases = {name: Ages(name) for name in ("not recorded", "recorded", "recorded, and gone back in")}
    for _ in range(rounds):
        for name, ages in cases.items():
            record = "off" if name == "not recorded" else "on"
            run_id = await served.start_watchable(f"/timecode.html?{query}", seconds=600, record=record)
            going_back = asyncio.create_task(_go_back(served, run_id)) if "gone back" in name else None
            await _whep(served, browser, run_id, ages, seconds, codec="H264")
            if going_back is not None:
                await cancel_and_wait(going_back)
            await served.cancel(run_id)
    return [ages.row(query) for ages in cases.values()]


async def _go_back(served: Served, run_id: str) -> None:
    """Reads the recording again and again from its beginning, as somebody does who pulls its bar about."""
    while True:
        async with served.http.get(f"{served.api}/api/tests/{run_id}/recording") as answer:
            await answer.read()
        await asyncio.sleep(1)


def compare(rows: list[Row]) -> list[Row]:
    """What the targets are about, for the page that changes 20 times a second, of the picture on screen."""
    named = {str(row["path"]): row for row in rows}
    floor, polled, jpegs = named[FLOOR], named[POLLING], named[LONG_POLLING]
    return [
        {
            "path": path,
            "p50ToPolling": ratio(row["onScreenP50Ms"], polled["onScreenP50Ms"]),
            "p95ToPolling": ratio(row["onScreenP95Ms"], polled["onScreenP95Ms"]),
            "p50ToFloor": ratio(row["onScreenP50Ms"], floor["onScreenP50Ms"]),
            "p50AboveFloorMs": _difference(row["onScreenP50Ms"], floor["onScreenP50Ms"]),
            "bytesToJpegOfSameRate": ratio(row["kBps"], jpegs["kBps"]),
        }
        for path, row in named.items()
        if path.startswith(("WHEP", "LiveKit"))
    ]


def _difference(value: object, other: object) -> float | None:
    if not isinstance(value, int | float) or not isinstance(other, int | float):
        return None
    return round(value - other, 1)


async def _poll(served: Served, run_id: str, ages: Ages, seconds: float) -> None:
    ages.sit_down()
    started = next_at = time.monotonic()
    decoder = JpegDecoder()
    while time.monotonic() - started < seconds:
        async with served.http.get(f"{served.frames}/stream/{run_id}") as answer:
            if answer.status == 200:
                _look(ages, await answer.read(), decoder)
        next_at += POLL_SECONDS
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    ages.seconds += time.monotonic() - started


async def _long_poll(served: Served, run_id: str, floor: Ages, ages: Ages, seconds: float) -> None:
    floor.sit_down()
    ages.sit_down()
    started, seq, decoder = time.monotonic(), "0", JpegDecoder()
    while time.monotonic() - started < seconds:
        async with served.http.get(f"{served.frames}/stream/{run_id}", params={"after": seq}) as answer:
            here = time.time() * 1000
            if answer.status == 200:
                seq = answer.headers["X-Frame-Seq"]
                floor.note(here, _look(ages, await answer.read(), decoder))
    ages.seconds += time.monotonic() - started


async def _mjpeg(served: Served, run_id: str, ages: Ages, seconds: float) -> None:
    ages.sit_down()
    started, decoder = time.monotonic(), JpegDecoder()
    async with served.http.get(f"{served.frames}/stream/{run_id}.mjpeg") as answer:
        async for jpeg in _parts(answer):
            _look(ages, jpeg, decoder)
            if time.monotonic() - started > seconds:
                break
    ages.seconds += time.monotonic() - started


async def _parts(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body of each part, as soon as its length says that it is whole."""
    while True:
        length = 0
        while (line := (await answer.content.readline()).strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        yield await answer.content.readexactly(length)


async def _whep(
    served: Served, browser: Browser, run_id: str, ages: Ages, seconds: float, *, codec: str, warm_up: int = 10
) -> None:
    """The page notes when each picture was decoded and how old its code was then, after `warm_up` pictures."""
    viewer = await WhepViewer.watch(browser, served.api, run_id, token=served.key, codec=codec)
    await viewer.wait(f"v.pictures > {warm_up}")
    await viewer.ask("(v.ages.length = v.seenAt.length = 0)")
    before, started = await viewer.bytes_received(), time.monotonic()
    await asyncio.sleep(seconds)
    found = await viewer.ask("v.ages.map((age, i) => [v.seenAt[i], v.seenAt[i] - age])")
    ages.seconds += time.monotonic() - started
    ages.bytes_received += await viewer.bytes_received() - before
    ages.shown.append([(at, code) for at, code in found])
    await viewer.page.close()


def _look(ages: Ages, jpeg: bytes, decoder: JpegDecoder) -> int | None:
    """Decoding counts: a person sees a picture, not a JPEG."""
    picture = decoder.decode(jpeg).to_ndarray(format="gray").astype(np.uint8)
    now = time.time() * 1000
    code = decode(picture)
    ages.bytes_received += len(jpeg)
    ages.note(now, code)
    return code
