"""WHEP with real peers: its whole life, what it refuses, and that nothing of it is left behind."""

from __future__ import annotations

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import aiohttp
import pytest

from media.frames import Codec
from signaling.config import Limits
from tests import timecode
from tests.chromium import WhepViewer, chromium
from tests.media.pictures import CORNERS, alike, corners_of, put
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import FRAGMENT, OFFER, SDP, VP8_OFFER, ask, gone, offer_of
from tests.signaling.server_harness import ADA, BOB, CONFIG, WAIT_SECONDS, ServerHarness, auth


@pytest.mark.parametrize("codec", list(Codec))
async def test_the_whole_life_of_a_viewer(harness: ServerHarness, run: FakeRun, codec: Codec) -> None:
    async with harness.peer(run, codec=codec) as peer:
        assert re.fullmatch(rf"/whep/{run.id}/[\w-]{{20,}}", peer.headers["Location"])
        assert re.fullmatch(r'"[\w-]+"', peer.headers["ETag"])
        assert peer.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
        assert peer.headers["Content-Type"].startswith("application/sdp")
        picture = await peer.viewer.next_picture()
        assert alike(corners_of(picture), CORNERS)
        assert run.watched == [True]
        assert len(harness.server.apps.whep) == 1
        assert (await ask(harness, "DELETE", peer.resource, headers={})).status == 200
        await asyncio.wait_for(peer.ended.wait(), WAIT_SECONDS)
        assert (await ask(harness, "DELETE", peer.resource, headers={})).status == 200
        assert (await ask(harness, "PATCH", peer.resource, headers=FRAGMENT)).status == 404
    await gone(harness, run)


@pytest.mark.browser
@pytest.mark.parametrize("codec", list(Codec))
async def test_chromium_watches_and_steers(harness: ServerHarness, run: FakeRun, codec: Codec) -> None:
    put(run.latest, timecode.encode(1_700_000_000_123)[:, :, None].repeat(3, axis=2))
    async with chromium() as browser:
        watching = await WhepViewer.watch(browser, harness.url, run.id, token=ADA, codec=codec.value)
        await watching.wait("v.lastCode === 1700000000123")
        assert await watching.codec() == f"video/{codec.value}"
        await watching.wait("v.messages.some((m) => m.type === 'hello')")
        await watching.send({"type": "pause", "id": "p"})
        await watching.wait("v.messages.some((m) => m.type === 'ack' && m.id === 'p')")
        assert run.view().paused
        await watching.page.close()
    await run.until(lambda: bool(run.left))
    await gone(harness, run)


ORDERS = [
    (["video/VP8", "video/H264"], "VP8"),
    (["video/H264", "video/VP8"], "H264"),
    (["video/H264"], "H264"),
    (["video/VP8"], "VP8"),
]


@pytest.mark.parametrize(("offered", "chosen"), ORDERS)
async def test_the_codec_is_the_first_that_the_viewer_offers(
    harness: ServerHarness, run: FakeRun, offered: list[str], chosen: str
) -> None:
    offer = await offer_of(Codec(offered[0].removeprefix("video/")))
    if len(offered) > 1:
        offer = _both_codecs(offered)
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)
    assert answer.status == 201, answer.text
    assert set(re.findall(r"a=rtpmap:\d+ (\w+)/", answer.text)) - {"rtx"} == {chosen}
    if chosen == "H264":
        assert "profile-level-id=42e01f" in answer.text


def _both_codecs(order: list[str]) -> str:
    """What a browser offers: several codecs, with fingerprints and credentials that nobody will use."""
    numbers = {"video/VP8": "96", "video/H264": "102 104 106"}
    maps = {
        "video/VP8": "a=rtpmap:96 VP8/90000\r\n",
        "video/H264": (
            "a=rtpmap:104 H264/90000\r\na=fmtp:104 packetization-mode=0;profile-level-id=42e01f\r\n"
            "a=rtpmap:106 H264/90000\r\na=fmtp:106 packetization-mode=1;profile-level-id=64001f\r\n"
            "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42e034\r\n"
        ),
    }
    return OFFER.format(numbers=" ".join(numbers[each] for each in order), maps="".join(maps[each] for each in order))


BAD_OFFERS = {
    "nothing": "",
    "garbage": "hello",
    "half": "v=0\r\nm=video",
    "no media": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
    "audio only": VP8_OFFER.replace("m=video", "m=audio").replace("VP8/90000", "opus/48000/2"),
    "no codec of ours": VP8_OFFER.replace("VP8", "VP9"),
    "sends only": VP8_OFFER.replace("recvonly", "sendonly"),
    "no ICE credentials": VP8_OFFER.replace("a=ice-ufrag:abcd\r\n", ""),
    "no fingerprint": re.sub("a=fingerprint.*\r\n", "", VP8_OFFER),
    "a fingerprint of no known kind": VP8_OFFER.replace("sha-256", "crc-32"),
    "no number": VP8_OFFER.replace("m=video 9", "m=video x"),
    "unknown kind": VP8_OFFER + VP8_OFFER[VP8_OFFER.index("m=video") :].replace("m=video", "m=text"),
}


@pytest.mark.parametrize("offer", BAD_OFFERS.values(), ids=BAD_OFFERS.keys())
async def test_an_offer_that_cannot_be_answered_gets_a_reason_and_leaves_nothing(
    harness: ServerHarness, run: FakeRun, offer: str
) -> None:
    assert (await ask(harness, "OPTIONS", f"/whep/{run.id}", headers={})).status == 204
    before = _tasks()
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)
    assert answer.status == 400, answer.text
    assert "application/problem+json" in answer.headers["Content-Type"]
    assert len(answer.text) > 60
    await gone(harness, run)
    assert _tasks() <= before


def _tasks() -> set[str]:
    """What is under way, without the connections that clients keep open for their next request."""
    return {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]


async def test_other_requests_that_are_refused(harness: ServerHarness, run: FakeRun) -> None:
    path = f"/whep/{run.id}"
    assert (await ask(harness, "POST", path, data=VP8_OFFER, headers={"Content-Type": "text/plain"})).status == 415
    assert (await ask(harness, "POST", path, data=b"v=0\xff", headers=SDP)).status == 400
    assert (await ask(harness, "POST", path, data="v" * 200_000, headers=SDP)).status == 413
    assert (await ask(harness, "POST", "/whep/nothing", data=VP8_OFFER, headers=SDP)).status == 404
    assert (await ask(harness, "POST", path, data=VP8_OFFER, headers=SDP, token=None)).status == 401
    assert (await ask(harness, "POST", path, data=VP8_OFFER, headers=SDP, token=BOB)).status == 404
    assert (await ask(harness, "GET", path, headers={})).status == 405
    await gone(harness, run)


async def test_options_says_what_may_be_sent(harness: ServerHarness, run: FakeRun) -> None:
    answer = await ask(harness, "OPTIONS", f"/whep/{run.id}", headers={}, token=None)
    assert (answer.status, answer.headers["Accept-Post"]) == (204, "application/sdp")


async def test_a_run_without_a_picture_is_a_conflict_that_may_pass(harness: ServerHarness) -> None:
    run = await harness.new_run()
    stream, run.stream = run.stream, None
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
    assert (answer.status, answer.headers["Retry-After"]) == (409, "1")
    run.stream = stream
    await run.end()
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
    assert answer.status == 409
    assert "Retry-After" not in answer.headers
    assert "cancelled" in answer.text


async def test_without_streaming_the_stream_addresses_say_so() -> None:
    async with ServerHarness(replace(CONFIG, streaming=False)) as harness:
        run = await harness.new_run()
        for method, url in (
            ("POST", f"/whep/{run.id}"),
            ("GET", f"/api/tests/{run.id}/stream"),
            ("GET", f"{harness.frames_url}/stream/{run.id}"),
            ("GET", f"{harness.frames_url}/stream/{run.id}.mjpeg"),
        ):
            answer = await ask(harness, method, url, data=VP8_OFFER, headers=SDP)
            assert answer.status == 404
            assert "ENABLE_STREAMING" in answer.text


async def test_no_more_viewers_than_there_may_be() -> None:
    async with ServerHarness(replace(CONFIG, limits=Limits(max_viewers=1))) as harness:
        run = await harness.new_run()
        token = await harness.token(run, "viewer")
        async with harness.peer(run):
            answer = await ask(harness, "POST", f"/whep/{run.id}", data=await offer_of(), headers=SDP, token=token)
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert len(harness.server.apps.whep) == 1


async def test_a_credential_in_the_address_goes_on_into_the_session(harness: ServerHarness, run: FakeRun) -> None:
    """A player that cannot set a header resolves Location, and sends no header there either."""
    url = f"/whep/{run.id}?token={ADA}"
    answer = await ask(harness, "POST", url, data=VP8_OFFER, headers=SDP, token=None)
    assert (await ask(harness, "DELETE", answer.headers["Location"], headers={}, token=None)).status == 200
    await gone(harness, run)


async def test_the_end_of_the_run_ends_the_picture_and_leaves_control(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.peer(run) as peer:
        await peer.until("hello")
        await peer.viewer.next_picture()
        await run.end()
        assert (await peer.until("run_finished"))["status"] == "cancelled"
        assert (await peer.ask(type="ping", id="1"))["type"] == "pong"


async def test_a_message_that_is_too_long_for_the_peer_ends_control_alone(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.peer(run) as peer:
        await peer.until("hello")
        closed = asyncio.Event()
        peer.control.on("close", closed.set)
        run.say("x" * 300_000)
        await asyncio.wait_for(closed.wait(), WAIT_SECONDS)
        await peer.viewer.next_picture()
        async with harness.socket(run) as socket:
            assert (await socket.ask(type="ping", id="1"))["type"] == "pong"


async def test_stopping_the_server_says_goodbye_to_everybody() -> None:
    harness = ServerHarness()
    async with harness:
        run = await harness.new_run()
        stream = f"{harness.frames_url}/stream/{run.id}.mjpeg"
        async with (
            harness.socket(run) as socket,
            harness.peer(run) as peer,
            harness.http.get(stream, headers=auth(ADA)) as mjpeg,
        ):
            await peer.until("hello")
            await peer.viewer.next_picture()
            poll = harness.http.get(f"{harness.frames_url}/stream/{run.id}?after=99", headers=auth(ADA))
            async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as tasks:
                polled = tasks.create_task(_status(poll))
                code = tasks.create_task(socket.close_code())
                await run.until(lambda: 99 in run.waited)
                tasks.create_task(harness.server.aclose())
                tasks.create_task(harness.server.aclose())
            assert (code.result(), polled.result()) == (1001, 304)
            await asyncio.wait_for(peer.ended.wait(), WAIT_SECONDS)
            assert (await mjpeg.content.read()).startswith(b"--frame")
        await gone(harness, run)
        assert len(run.joined) == 3


async def _status(request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> int:
    async with request as response:
        return response.status
