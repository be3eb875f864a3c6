"""A real Chromium watches a real run: the picture that arrives is the page's."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.async_api import Browser

from media.coding.jpeg import JpegDecoder
from tests.chromium import WhepViewer
from tests.served import Served
from tests.timecode import decode

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_chromium_reads_the_time_code_from_the_picture(
    server: Served, viewer_browser: Browser, codec: str
) -> None:
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    viewer = await WhepViewer.watch(viewer_browser, server.api, run_id, token=server.key, codec=codec)
    await viewer.wait("v.ages.length >= 10")
    assert await viewer.codec() == f"video/{codec}"
    assert await viewer.ask("[v.width, v.height]") == [1280, 720]
    # Each code is a moment that had passed when its picture arrived, and no relic of an earlier run.
    ages = await viewer.ask("v.ages")
    assert all(0 < age < 30_000 for age in ages)
    await viewer.page.close()
    await server.cancel(run_id)


async def test_a_pause_on_the_data_channel_pauses_the_run_for_everybody(
    server: Served, viewer_browser: Browser
) -> None:
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    viewer = await WhepViewer.watch(viewer_browser, server.api, run_id, token=server.key)
    await viewer.wait("v.messages.some((m) => m.type === 'hello')")
    await viewer.send({"type": "pause", "id": "one"})
    await viewer.wait("v.messages.some((m) => m.type === 'ack' && m.id === 'one')")
    await viewer.wait("v.messages.some((m) => m.type === 'run_state' && m.paused)")
    assert (await server.get(f"/api/tests/{run_id}"))["status"] == "paused"
    await viewer.page.close()
    await server.cancel(run_id)


async def test_polling_and_video_show_the_same_page_from_one_capture(server: Served) -> None:
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    stream = await server.get(f"/api/tests/{run_id}/stream")
    seq, codes = "0", list[int]()
    # The first pictures may be of the page before it has painted its code.
    while not codes and int(seq) < 50:
        async with server.http.get(stream["streamUrl"], params={"after": seq}) as answer:
            assert (answer.status, answer.content_type) == (200, "image/jpeg")
            assert answer.headers["ETag"]
            seq = answer.headers["X-Frame-Seq"]
            picture = JpegDecoder().decode(await answer.read()).to_ndarray(format="gray")
        codes += [code for code in [decode(picture.astype(np.uint8))] if code is not None]
    assert codes
    await server.cancel(run_id)
