"""The recording of a real page: by HTTP, in a browser, after the run, and after a crash of browser or server."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.async_api import Browser

from tests import timecode
from tests.firefox import Firefox
from tests.media.recording.scripted import decode
from tests.processes import children
from tests.served import WAIT_SECONDS, Served, served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.process]

PAGE = "/timecode.html?fps=10"
PLAY = """async (source) => {
    const video = Object.assign(document.createElement("video"), { muted: true, src: source });
    const happened = (name) => new Promise((resolve, reject) => {
        video.addEventListener(name, resolve, { once: true });
        video.addEventListener("error", () => reject(new Error(video.error.message)), { once: true });
    });
    await happened("loadeddata");
    video.currentTime = video.duration / 2;
    await happened("seeked");
    const at = video.currentTime;
    video.playbackRate = 4;
    await Promise.all([happened("ended"), video.play()]);
    return { at, duration: video.duration, end: video.currentTime, width: video.videoWidth };
}"""
"""Plays what is at an address from its middle to its end, fast."""


async def record(server: Served, steps: list[dict[str, Any]], **body: Any) -> str:  # noqa: ANN401 - fields of a run
    return str((await server.create({"url": PAGE, "steps": steps, "record": "on", **body}))["id"])


async def until_recorded(server: Served, run_id: str, milliseconds: int) -> dict[str, Any]:
    """The timeline once it is so long; files are written without an event."""
    path = f"/api/tests/{run_id}/recording/timeline"
    async with asyncio.timeout(WAIT_SECONDS):
        while (found := await server.get(path))["durationMs"] < milliseconds:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.2)
    return found


def browsers(server: Served) -> list[int]:
    """The main processes of the server's browsers."""
    commands = {each: Path(f"/proc/{each}/cmdline").read_bytes() for each in children(server.process.pid)}
    return [each for each, command in commands.items() if b"chrom" in command and b"--type=" not in command]


async def finish(server: Served, run_id: str) -> None:
    await server.until(run_id, lambda message: message["type"] == "run_finished")


async def download(server: Served, run_id: str) -> bytes:
    async with server.http.get(f"{server.api}/api/tests/{run_id}/recording") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


def times(mp4: bytes) -> list[int]:
    """The time codes of the page, of the pictures that have one."""
    codes = [timecode.decode(np.asarray(frame.to_ndarray(format="gray"), np.uint8)) for _, frame in decode(mp4)]
    return [code for code in codes if code is not None]


def is_rising(codes: list[int]) -> bool:
    return len(codes) > 10 and all(earlier <= later for earlier, later in pairwise(codes))


async def test_a_run_is_recorded_from_its_first_picture_to_its_end(server: Served) -> None:
    steps = [{"type": "wait", "value": 2000}, {"type": "wait", "value": 4500}]
    run_id = await record(server, steps)
    await finish(server, run_id)
    mp4 = await download(server, run_id)
    assert is_rising(times(mp4))
    timeline = await server.get(f"/api/tests/{run_id}/recording/timeline")
    run = await server.get(f"/api/tests/{run_id}")
    lived = datetime.fromisoformat(run["endedAt"]) - datetime.fromisoformat(timeline["startedAt"])
    with av.open(io.BytesIO(mp4), "r") as container:
        stream = container.streams.video[0]
        length = float((stream.duration or 0) * (stream.time_base or 0))
        titles = [each["metadata"]["title"] for each in container.chapters()]
    assert abs(length - lived.total_seconds()) < 0.5
    assert [title[:8] for title in titles if title] == ["1 · plan", "2 · plan"]


async def test_while_it_goes_on_a_browser_plays_it_from_any_place(server: Served, viewer_browser: Browser) -> None:
    run_id = await record(server, [{"type": "wait", "value": 60_000}], stepTimeoutMs=70_000)
    await server.until(run_id, lambda message: message["type"] == "stream_available")
    timeline = await until_recorded(server, run_id, 7000)
    assert timeline["growing"]
    page = await viewer_browser.new_page()
    await page.goto(f"{server.api}/docs")
    until = timeline["durationMs"]
    played = await page.evaluate(PLAY, f"/api/tests/{run_id}/recording?until={until}&token={server.key}")
    await page.close()
    await server.cancel(run_id)
    assert played["width"] == 1280
    assert abs(played["at"] - played["duration"] / 2) < 0.1
    assert abs(played["duration"] * 1000 - until) < 4500
    assert abs(played["end"] - played["duration"]) < 0.5


async def test_once_it_is_finished_firefox_plays_it_too(server: Served, firefox: Firefox) -> None:
    await firefox.open(f"{server.api}/docs")
    if not await firefox.ask("""document.createElement("video").canPlayType('video/mp4; codecs="avc1.42E01E"')"""):
        pytest.skip("this Firefox decodes no H.264 in files: it wants the system's libavcodec")
    run_id = await record(server, [{"type": "wait", "value": 8000}])
    await finish(server, run_id)
    length = (await server.get(f"/api/tests/{run_id}/recording/timeline"))["durationMs"]
    source = f"/api/tests/{run_id}/recording?token={server.key}"
    played = await firefox.ask(f"({PLAY})({json.dumps(source)})")
    assert played["width"] == 1280
    assert abs(played["at"] - played["duration"] / 2) < 0.1
    assert abs(played["duration"] * 1000 - length) < 500
    assert abs(played["end"] - played["duration"]) < 0.5


@pytest.mark.skipif(sys.platform != "linux", reason="finds the browser's processes in /proc")
async def test_it_outlives_the_browser(tmp_path: Path) -> None:
    async with served(log=tmp_path / "log") as server:
        run_id = await record(server, [{"type": "wait", "value": 60_000}], record="on-failure", stepTimeoutMs=70_000)
        await server.until(run_id, lambda message: message["type"] == "stream_available")
        await until_recorded(server, run_id, 3000)
        for process in browsers(server):
            os.kill(process, signal.SIGKILL)
        await finish(server, run_id)
        assert (await server.get(f"/api/tests/{run_id}"))["status"] == "failed"
        assert is_rising(times(await download(server, run_id)))


async def test_it_outlives_the_server(tmp_path: Path) -> None:
    settings = {"JUMPSEAT_DATA_DIR": str(tmp_path), "JUMPSEAT_RECORD": "on-failure"}
    async with served(log=tmp_path / "log", **settings) as server:
        run_id = await record(server, [{"type": "wait", "value": 60_000}], record=None, stepTimeoutMs=70_000)
        await server.until(run_id, lambda message: message["type"] == "stream_available")
        recorded = (await until_recorded(server, run_id, 7000))["durationMs"]
        server.process.kill()
        await server.process.wait()
    async with served(log=tmp_path / "log", **settings) as server:
        assert (await server.get(f"/api/tests/{run_id}"))["status"] == "failed"
        assert (await server.get(f"/api/tests/{run_id}/recording/timeline"))["durationMs"] >= recorded
        assert is_rising(times(await download(server, run_id)))
