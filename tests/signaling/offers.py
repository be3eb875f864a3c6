"""Offers without a player behind them, and plain WHEP requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from media.frames import Codec
from tests.peers import Viewer, loopback
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, ServerHarness, auth

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


OFFER = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF {numbers}\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n{maps}"
)
VP8_OFFER = OFFER.format(numbers="96", maps="a=rtpmap:96 VP8/90000\r\n")


async def offer_of(codec: Codec = Codec.VP8) -> str:
    """An offer of a peer that does nothing else."""
    viewer = Viewer(codec)
    async with loopback():
        offer = await viewer.offer()
    await viewer.close()
    return offer


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


async def ask(
    harness: ServerHarness,
    method: str,
    url: str,
    *,
    data: str | bytes = "",
    headers: dict[str, str],
    token: str | None = ADA,
) -> Answer:
    if url.startswith("/"):
        url = harness.url + url
    async with harness.http.request(method, url, data=data, headers=auth(token) | headers) as response:
        return Answer(response.status, response.headers, await response.text())


async def gone(harness: ServerHarness, run: FakeRun) -> None:
    """Waits until nothing of any viewer is left."""
    await run.until(lambda: len(run.left) == len(run.joined))
    await harness.server.apps.whep.wait_closed()
    assert len(harness.server.apps.whep) == 0
    assert len(harness.server.apps.connections) == 0
    assert run.stream is not None
    assert run.stream.stats.viewers == 0
    assert run.view().viewers == 0
