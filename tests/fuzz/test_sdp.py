"""Offers and trickled fragments with mistakes: an answer, or a refusal in one sentence; every peer is closed again."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from media.errors import SdpRejected
from media.frames import Codec
from media.webrtc.sdp import read_fragment, read_offer
from signaling.config import Config
from signaling.problems import Problem
from signaling.watching.viewer import sdp_problem
from tests.fuzz import sdp
from tests.fuzz.command_channels import UNLIMITED, UNLIMITED_CONFIG
from tests.fuzz.example_budget import dice, rounds
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import FRAGMENT, SDP, Answer, ask, gone, offer_of
from tests.signaling.server_harness import ServerHarness

AT_ONCE = 8
IMPATIENT = replace(UNLIMITED_CONFIG, limits=UNLIMITED.model_copy(update={"connect_seconds": 0.5}))
TRICKLED = (
    "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2113937151 127.0.0.1 9 typ host\r\n"
    "a=candidate:2 1 udp 1845501695 127.0.0.1 10 typ srflx raddr 0.0.0.0 rport 0\r\na=end-of-candidates\r\n"
)


@pytest.fixture
def config() -> Config:
    return IMPATIENT


@pytest.fixture
async def offers() -> list[str]:
    """Of real peers."""
    return [*sdp.corpus(), *[await offer_of(codec) for codec in Codec]]


def is_one_sentence(text: str) -> bool:
    return bool(text.strip()) and "\n" not in text and "Traceback" not in text and "Error(" not in text


def check_refusal(problem: Problem) -> None:
    assert problem.status == 400
    assert is_one_sentence(problem.detail)


@pytest.mark.long
async def test_ten_thousand_offers_are_read_or_refused_in_a_sentence(offers: list[str]) -> None:
    luck, taken = dice("offers"), 0
    for _ in rounds(10_000):
        try:
            read_offer(sdp.mutant(luck, luck.choice(offers)))
            taken += 1
        except SdpRejected as error:
            check_refusal(sdp_problem(error))
    assert taken


def test_fragments_are_read_or_refused_in_a_sentence() -> None:
    luck = dice("fragments")
    for _ in rounds(3000):
        try:
            assert len(read_fragment(sdp.mutant(luck, TRICKLED)).candidates) <= 100
        except SdpRejected as error:
            check_refusal(sdp_problem(error))


async def offer(harness: ServerHarness, run: FakeRun, text: str, luck: random.Random) -> Answer:
    """Every other session that comes of it is ended by its viewer; the rest are missed by the server."""
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=text.encode("utf-8", "replace"), headers=SDP)
    if answer.status == 201:
        assert answer.text.startswith("v=0")
        if luck.random() < 0.5:
            ended = await ask(harness, "DELETE", answer.headers["Location"], headers={})
            assert ended.status == 200
    return answer


def check(answer: Answer) -> None:
    assert answer.status in {201, 204, 400, 412, 413, 422}, answer
    if answer.status >= 400:
        assert "problem+json" in answer.headers["Content-Type"]
        assert is_one_sentence(answer.text)


async def test_offers_over_http_leave_no_peer_behind(harness: ServerHarness, run: FakeRun, offers: list[str]) -> None:
    luck, answered = dice("peers"), 0
    for _ in rounds(40):
        texts = [sdp.mutant(luck, luck.choice(offers)) for _ in range(AT_ONCE)]
        answers = await asyncio.gather(*(offer(harness, run, text, luck) for text in texts))
        for answer in answers:
            check(answer)
        answered += sum(answer.status == 201 for answer in answers)
    assert answered
    await gone(harness, run)


@pytest.mark.parametrize("config", [UNLIMITED_CONFIG], ids=["patient"])
async def test_fragments_over_http_leave_the_session_as_it_is(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.peer(run) as peer:
        luck, tag = dice("patches"), {"If-Match": peer.headers["ETag"]}
        session = next(iter(harness.server.apps.whep._sessions.values()))
        fragment = TRICKLED.format(ufrag=session.offer.ufrag, password=session.offer.password)
        for _ in rounds(200):
            text = sdp.mutant(luck, fragment).encode("utf-8", "replace")
            check(await ask(harness, "PATCH", peer.resource, data=text, headers=FRAGMENT | tag))
        assert (await peer.ask(type="ping", id="still there"))["type"] == "pong"
    await gone(harness, run)
