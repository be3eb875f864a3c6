"""The frame server: the newest picture, long polls, MJPEG, thumbnails."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace

import aiohttp
import av
import pytest

from signaling.config import Limits
from tests.chromium import chromium
from tests.media.pictures import CORNERS, Rgb, alike, corners_of, put, quarters
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, BOB, CONFIG, WAIT_SECONDS, ServerHarness, auth

OTHERS: tuple[Rgb, Rgb, Rgb, Rgb] = ((10, 10, 10), (90, 90, 90), (160, 160, 160), (230, 230, 230))


def picture(jpeg: bytes) -> list[Rgb]:
    return corners_of(av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))[0])


async def poll(
    harness: ServerHarness, run: FakeRun, query: str = "", *, headers: dict[str, str] | None = None
) -> tuple[aiohttp.ClientResponse, bytes]:
    url = f"{harness.frames_url}/stream/{run.id}{query}"
    async with harness.http.get(url, headers=auth(ADA) | (headers or {})) as response:
        return response, await response.read()


async def fresh(harness: ServerHarness, run: FakeRun) -> None:
    """Has the stream watched, so that the newest picture is taken for the present one."""
    await poll(harness, run, "?after=0")


async def test_the_newest_picture_with_its_number_and_time(harness: ServerHarness, run: FakeRun) -> None:
    before = time.time() * 1000
    frame = put(run.latest, quarters(320, 240, OTHERS))
    await fresh(harness, run)
    response, body = await poll(harness, run)
    assert response.status == 200
    assert response.content_type == "image/jpeg"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Frame-Seq"] == str(frame.seq) == "2"
    assert before - 1 <= int(response.headers["X-Frame-Time"]) <= time.time() * 1000
    assert alike(picture(body), OTHERS)


async def test_one_who_has_it_already_is_told_so(harness: ServerHarness, run: FakeRun) -> None:
    await fresh(harness, run)
    response, _ = await poll(harness, run)
    known = {"If-None-Match": response.headers["ETag"]}
    response, body = await poll(harness, run, headers=known)
    assert (response.status, body) == (304, b"")
    put(run.latest, quarters(320, 240, OTHERS))
    response, _ = await poll(harness, run, headers=known)
    assert response.status == 200


async def test_after_waits_for_a_newer_picture(harness: ServerHarness, run: FakeRun) -> None:
    waiting = asyncio.create_task(poll(harness, run, "?after=1"))
    await run.until(lambda: 1 in run.waited)
    put(run.latest, quarters(320, 240, OTHERS))
    response, body = await waiting
    assert response.headers["X-Frame-Seq"] == "2"
    assert alike(picture(body), OTHERS)


async def test_after_ends_with_304_where_nothing_comes(
    harness: ServerHarness, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.watching.frame_server.MAX_POLL_WAIT", 0.05)
    response, body = await poll(harness, run, "?after=1")
    assert (response.status, response.headers["X-Frame-Seq"], body) == (304, "1", b"")


async def test_polling_has_the_page_captured_and_stops_it_soon_after(
    harness: ServerHarness, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.watching.frame_server._KEEPALIVE", 0.05)
    away = asyncio.Event()
    viewers: list[int] = []
    stream = run.stream
    assert stream is not None

    def note(watched: bool) -> None:
        viewers.append(stream.stats.viewers)
        if not watched:
            away.set()

    stream._watch_counter._on_watched = note
    await fresh(harness, run)
    await asyncio.wait_for(away.wait(), WAIT_SECONDS)
    assert viewers == [1, 0]


async def test_the_first_look_is_not_answered_with_what_an_earlier_viewer_left() -> None:
    async with ServerHarness(replace(CONFIG, limits=Limits(first_poll_seconds=WAIT_SECONDS))) as harness:
        run = await harness.new_run()
        waiting = asyncio.create_task(poll(harness, run))
        await run.until(lambda: 1 in run.waited)
        put(run.latest, quarters(320, 240, OTHERS))
        response, _ = await waiting
        assert response.headers["X-Frame-Seq"] == "2"


async def test_a_still_page_is_answered_with_what_there_is(harness: ServerHarness, run: FakeRun) -> None:
    response, _ = await poll(harness, run)
    assert (response.status, response.headers["X-Frame-Seq"]) == (200, "1")


async def test_thumbnails_are_small_and_of_the_same_picture(harness: ServerHarness, run: FakeRun) -> None:
    put(run.latest, quarters(1280, 720))
    await fresh(harness, run)
    _, whole = await poll(harness, run)
    response, body = await poll(harness, run, "?width=320")
    frame = av.CodecContext.create("mjpeg", "r").decode(av.Packet(body))[0]
    assert (frame.width, frame.height) == (320, 180)
    assert alike(picture(body), CORNERS)
    assert len(body) < len(whole) / 3
    again, _ = await poll(harness, run, "?width=320", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304
    _, unchanged = await poll(harness, run, "?width=1920")
    assert unchanged == whole


async def test_a_picture_that_cannot_be_decoded_has_no_thumbnail(harness: ServerHarness, run: FakeRun) -> None:
    run.latest.put(b"\xff\xd8 no picture", width=1, height=1, captured_at=time.time())
    await fresh(harness, run)
    response, _ = await poll(harness, run, "?width=320")
    assert response.status == 409


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?width=1", "?width=99999", "?width=1.5"])
async def test_a_bad_query_is_named(harness: ServerHarness, run: FakeRun, query: str) -> None:
    response, body = await poll(harness, run, query)
    assert response.status == 422
    assert query[1:6].encode() in body


@pytest.mark.parametrize("suffix", ["", ".mjpeg"])
async def test_who_may_look(harness: ServerHarness, run: FakeRun, suffix: str) -> None:
    url = f"{harness.frames_url}/stream/{run.id}{suffix}"
    other = await harness.new_run()
    for token, status in ((None, 401), ("x", 401), (BOB, 404), (await harness.token(other, "viewer"), 404)):
        async with harness.http.get(url, headers=auth(token)) as response:
            assert response.status == status
    async with harness.http.get(url, params={"token": await harness.token(run, "viewer")}) as response:
        assert response.status == 200
    async with harness.http.get(f"{harness.frames_url}/stream/nothing{suffix}", headers=auth(ADA)) as response:
        assert response.status == 404


@pytest.mark.parametrize("suffix", ["", ".mjpeg"])
async def test_a_run_without_a_picture(harness: ServerHarness, suffix: str) -> None:
    run = await harness.new_run()
    stream, run.stream = run.stream, None
    url = f"{harness.frames_url}/stream/{run.id}{suffix}"
    async with harness.http.get(url, headers=auth(ADA)) as response:
        assert (response.status, response.headers["Retry-After"]) == (409, "1")
    run.stream = stream
    await run.end()
    async with harness.http.get(url, headers=auth(ADA)) as response:
        assert response.status == 409
        assert "Retry-After" not in response.headers


async def parts(response: aiohttp.ClientResponse, count: int) -> list[tuple[int, bytes]]:
    """Number and picture of that many parts, each read to the boundary that ends it."""
    assert await response.content.readuntil(b"--frame\r\n") == b"--frame\r\n"
    found = []
    for _ in range(count):
        head = await asyncio.wait_for(response.content.readuntil(b"\r\n\r\n"), WAIT_SECONDS)
        length, seq = re.search(rb"Content-Length: (\d+)", head), re.search(rb"X-Frame-Seq: (\d+)", head)
        assert length
        assert seq
        found.append((int(seq[1]), await response.content.readexactly(int(length[1]))))
        assert (
            await asyncio.wait_for(response.content.readuntil(b"\r\n--frame\r\n"), WAIT_SECONDS) == b"\r\n--frame\r\n"
        )
    return found


async def test_mjpeg_repeats_a_still_picture_and_goes_on_with_the_next(
    harness: ServerHarness, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.watching.frame_server._REPEAT_INTERVAL", 0.1)
    async with harness.http.get(f"{harness.frames_url}/stream/{run.id}.mjpeg", headers=auth(ADA)) as response:
        assert response.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
        assert run.view().viewers == 1
        first, second = await parts(response, 2)
        assert first == second
        assert first[0] == 1
        assert alike(picture(first[1]), CORNERS)
        assert run.watched == [True]
    await run.until(lambda: bool(run.left))
    assert run.view().viewers == 0


async def test_mjpeg_ends_with_the_run(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.http.get(f"{harness.frames_url}/stream/{run.id}.mjpeg", headers=auth(ADA)) as response:
        await parts(response, 1)
        await run.end()
        assert await asyncio.wait_for(response.content.read(), WAIT_SECONDS) is not None
    await run.until(lambda: bool(run.left))


@pytest.mark.browser
async def test_chromium_shows_a_still_picture_by_mjpeg(harness: ServerHarness, run: FakeRun) -> None:
    """A part is shown only once the next one begins: without a repetition the page would stay empty."""
    put(run.latest, quarters(320, 240, OTHERS))
    token = await harness.token(run, "viewer")
    address = f"{harness.frames_url}/stream/{run.id}.mjpeg?token={token}"
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 320, "height": 240})
        await page.goto(f"{harness.url}/docs")
        html = f"<body style='margin:0'><img src='{address}' style='display:block'>"
        await page.evaluate("html => { document.documentElement.innerHTML = html; }", html)
        await page.wait_for_function("() => document.querySelector('img').naturalWidth === 320")
        shot = await page.screenshot(type="jpeg", quality=95)
        assert alike(picture(shot), OTHERS)
        await page.close()
    await run.until(lambda: bool(run.left))
