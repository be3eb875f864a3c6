"""What a viewer's receiver may send that makes no sense: the picture goes on, and keyframes stay two a second."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
)
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error as SrtpError

from media.frames import Codec, LatestFrame
from media.stream import LiveStream
from media.webrtc.feedback import FeedbackReader
from tests.fuzz.example_budget import dice, inputs, rounds
from tests.fuzz.resource_census import no_traceback, nothing_left
from tests.media.pictures import put, quarters
from tests.peers import SendingPeer, Viewer, watching

OURS = 0x01020304
WORDS = st.integers(0, 0xFFFFFFFF)
SOURCES = st.one_of(st.just(OURS), WORDS)
FORMATS = st.sampled_from([RTCP_PSFB_APP, RTCP_PSFB_FIR, RTCP_PSFB_PLI, 2, 31])
REMB = st.tuples(st.integers(0, 255), WORDS, st.integers(0, 255)).map(
    lambda parts: b"REMB" + struct.pack("!BBHL", parts[2], parts[0], parts[1] & 0xFFFF, OURS)
)
INFOS = st.builds(
    RtcpReceiverInfo,
    ssrc=SOURCES,
    fraction_lost=st.integers(0, 255),
    packets_lost=st.integers(-(1 << 23), (1 << 23) - 1),
    highest_sequence=WORDS,
    jitter=WORDS,
    lsr=WORDS,
    dlsr=WORDS,
)
PACKETS: st.SearchStrategy[AnyRtcpPacket] = st.one_of(
    st.builds(RtcpPsfbPacket, fmt=FORMATS, ssrc=WORDS, media_ssrc=SOURCES, fci=st.binary(max_size=40) | REMB),
    st.builds(RtcpRrPacket, ssrc=WORDS, reports=st.lists(INFOS, max_size=31)),
)


@pytest.fixture
async def stream() -> AsyncIterator[LiveStream]:
    with no_traceback():
        async with nothing_left():
            latest = LatestFrame()
            put(latest, quarters(64, 48))
            stream = LiveStream(latest, idle_fps=20, linger=0)
            yield stream
            await stream.aclose()


@inputs(500)
@given(st.lists(PACKETS, min_size=1, max_size=5))
async def test_any_report_and_wish_is_heard(stream: LiveStream, packets: list[AnyRtcpPacket]) -> None:
    subscription = stream.subscribe(Codec.VP8)
    reader = FeedbackReader(subscription, OURS)
    reader.on_sender_report_sent(0x1234_5678_9ABC_DEF0)
    for packet in packets:
        reader.on_rtcp(packet)
    assert 0 <= reader.feedback.fraction_lost <= 1
    subscription.close()


@inputs(1000)
@given(st.binary(max_size=200))
def test_bytes_are_rtcp_or_refused(data: bytes) -> None:
    """aiortc's transport passes over what raises ValueError; anything else would end the connection."""
    start = bytes([0x80 | data[0] & 0x3F, 200 + data[1] % 8]) if len(data) > 1 else b""
    for each in (data, start + data[2:]):
        try:
            RtcpPacket.parse(each)
        except ValueError:
            continue


async def send(viewer: Viewer, data: bytes) -> None:
    """Through the peer's own SRTP session; what that cannot protect is no RTCP at all and goes nowhere."""
    try:
        await viewer.pc.getReceivers()[0].transport._send_rtp(data)
    except SrtpError:
        return


def garbage(sender: int) -> list[bytes]:
    """RTCP, compound and alone, that says nonsense about the sender's packets."""
    luck = dice("rtcp")
    found = [bytes([luck.choice((0x80, 0xA0, 0x81, 0x9F)), luck.randrange(192, 224)]) for _ in rounds(400)]
    found = [head + struct.pack("!H", luck.randrange(20)) + luck.randbytes(4 * luck.randrange(20)) for head in found]
    everything = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=sender, lost=list(range(5000)))
    nobody = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=sender ^ 1, lost=list(range(100)))
    estimates = [
        b"REMB" + struct.pack("!BBHL", count, high, low, sender)
        for count, high, low in ((1, 0, 0), (1, 0xFF, 0xFFFF), (0, 0, 0), (255, 0xFF, 0xFFFF), (1, 0, 1))
    ]
    wishes = [RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=fci) for fci in estimates]
    entries = [struct.pack("!LBxxx", sender, number % 256) for number in range(100)]
    floods = [RtcpPsfbPacket(fmt=RTCP_PSFB_FIR, ssrc=1, media_ssrc=0, fci=b"".join(entries))]
    floods += [RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=sender)] * 200
    packets: list[RtcpRtpfbPacket | RtcpPsfbPacket] = [everything, nobody, *wishes, *floods]
    whole = [bytes(packet) for packet in packets]
    return [*found, *whole, *(data[: luck.randrange(4, len(data))] for data in whole)]


@pytest.mark.parametrize("codec", list(Codec))
async def test_a_connected_peer_that_talks_nonsense_still_sees_the_picture(stream: LiveStream, codec: Codec) -> None:
    async with watching(stream.subscribe(codec)) as (viewer, served):
        await viewer.until_frames(1)
        loop = asyncio.get_running_loop()
        start, keyframes = loop.time(), viewer.keyframes
        for number, data in enumerate(garbage(sending(served))):
            await send(viewer, data)
            if number % 25 == 0:  # what is not read in time is lost, wishes too
                await viewer.until_frames(viewer.frames + 1)
        plis = 200
        await viewer.until(lambda: served.feedback is not None and served.feedback.plis >= plis)
        await viewer.until_frames(viewer.frames + 5)
        # One more at the start, and one that was on its way by then.
        assert viewer.keyframes - keyframes <= 2 * (loop.time() - start) + 2
        assert served.pc.connectionState == "connected"


def sending(served: SendingPeer) -> int:
    """The number of the source that the server sends as."""
    return served.pc.getSenders()[0]._ssrc
