"""Real WebRTC peers for tests: a viewer that counts what arrives on the wire and decodes it, and whoever serves it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from unittest import mock

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.rtp import RTCP_PSFB_APP, RTCP_PSFB_FIR, RtcpPsfbPacket, RtpPacket, pack_remb_fci
from av.video.frame import VideoFrame

from media.frames import Codec
from media.subscription import Subscription
from media.webrtc.feedback import Feedback
from media.webrtc.sender import replace_sender
from media.webrtc.track import ScreencastTrack

WAIT_SECONDS = 60.0


@asynccontextmanager
async def loopback() -> AsyncIterator[None]:
    """Makes aioice offer 127.0.0.1, which it leaves out of its host candidates, and nothing else."""
    with mock.patch("aioice.ice.get_host_addresses", return_value=["127.0.0.1"]):
        yield


class Viewer:
    """A receiving peer. Offer first, hand the offer to whoever serves, then `accept` the answer."""

    def __init__(self, codec: Codec, *, profile: str = "42e01f") -> None:
        self.codec = codec
        self.pc = RTCPeerConnection()
        self.frames = 0
        """Whole frames that have arrived, counted by their RTP marker; one that was sent twice is one."""
        self.keyframes = 0
        """Keyframes among them, told by their first packet."""
        self.timestamps: list[int] = []
        """RTP timestamps of the frames, in ticks of 1/90000 s."""
        self.pictures = 0
        """Pictures decoded."""
        self.picture: VideoFrame | None = None
        """The latest of them."""
        self._counted: set[int] = set()
        self._profile = profile
        self._changed = asyncio.Condition()
        self._ssrc = 0
        self._fir_number = 0
        self._reading: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        """SDP with one receiving video section for this viewer's codec alone."""
        transceiver = self.pc.addTransceiver("video", direction="recvonly")
        capabilities = RTCRtpReceiver.getCapabilities("video")
        assert capabilities is not None
        transceiver.setCodecPreferences([codec for codec in capabilities.codecs if self._likes(codec)])
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def accept(self, answer: str) -> None:
        receiver = self._receiver
        handle = receiver._handle_rtp_packet

        async def observe(packet: RtpPacket, arrival_time_ms: int) -> None:
            await self._count(packet)
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = observe  # type: ignore[method-assign]
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._reading = asyncio.create_task(self._read())

    async def until(self, condition: Callable[[], bool], *, seconds: float = WAIT_SECONDS) -> None:
        """Waits for `condition`, which is looked at whenever a frame has arrived or been decoded."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def until_frames(self, count: int, *, seconds: float = WAIT_SECONDS) -> None:
        """Waits until `count` frames have arrived since the beginning."""
        await self.until(lambda: self.frames >= count, seconds=seconds)

    async def next_picture(self, count: int = 1) -> VideoFrame:
        """The picture that is the `count`-th decoded from now on."""
        goal = self.pictures + count
        await self.until(lambda: self.pictures >= goal)
        assert self.picture is not None
        return self.picture

    async def send_pli(self) -> None:
        """Picture Loss Indication, RFC 4585 §6.3.1."""
        await self._receiver._send_rtcp_pli(self._ssrc)

    async def send_fir(self) -> None:
        """Full Intra Request, RFC 5104 §4.3.1: its header names no media source."""
        self._fir_number += 1
        entry = struct.pack("!LBxxx", self._ssrc, self._fir_number)
        await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_FIR, ssrc=1, media_ssrc=0, fci=entry))

    async def send_remb(self, bitrate: int) -> None:
        """Receiver Estimated Maximum Bitrate, in bits per second."""
        fci = pack_remb_fci(bitrate, [self._ssrc])
        await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=fci))

    async def close(self) -> None:
        await self.pc.close()
        if self._reading is not None:
            await self._reading

    @property
    def _receiver(self) -> RTCRtpReceiver:
        return next(each.receiver for each in self.pc.getTransceivers() if each.kind == "video")

    async def _send(self, packet: RtcpPsfbPacket) -> None:
        await self._receiver._send_rtcp(packet)

    def _likes(self, codec: RTCRtpCodecCapability) -> bool:
        profile = codec.parameters.get("profile-level-id", self._profile)
        return codec.mimeType == f"video/{self.codec}" and profile == self._profile

    async def _read(self) -> None:
        track = self._receiver.track
        with suppress(MediaStreamError):
            while True:
                picture = await track.recv()
                assert isinstance(picture, VideoFrame)
                async with self._changed:
                    self.pictures += 1
                    self.picture = picture
                    self._changed.notify_all()

    async def _count(self, packet: RtpPacket) -> None:
        self._ssrc = packet.ssrc
        self.keyframes += starts_keyframe(self.codec, packet.payload)
        if packet.marker and packet.timestamp not in self._counted:
            self._counted.add(packet.timestamp)
            async with self._changed:
                self.frames += 1
                self.timestamps.append(packet.timestamp)
                self._changed.notify_all()


def starts_keyframe(codec: Codec, payload: bytes) -> bool:
    """Whether an RTP payload is the first of a keyframe: one with an SPS (RFC 6184 §5.7), or VP8's (RFC 7741 §4.3)."""
    if codec is Codec.H264:
        kind = payload[0] & 0x1F
        return kind == 7 or (kind == 24 and payload[3] & 0x1F == 7)
    first_of_frame = payload[0] & 0x10 and not payload[0] & 0x0F
    descriptor = 4 if payload[0] & 0x80 else 1
    return bool(first_of_frame) and not payload[descriptor] & 0x01


class SendingPeer:
    """The sending side of one viewer, as the WHEP endpoint has it."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.track = ScreencastTrack(subscription)
        self.pc = RTCPeerConnection()
        self.feedback: Feedback | None = None

    async def answer(self, offer: str) -> str:
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        self.pc.addTrack(self.track)
        self.feedback = replace_sender(self.pc.getTransceivers()[0], self.track, offer=offer).feedback
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.pc.localDescription.sdp

    async def close(self) -> None:
        await self.pc.close()
        self.track.stop()


@asynccontextmanager
async def watching(subscription: Subscription, *, profile: str = "42e01f") -> AsyncIterator[tuple[Viewer, SendingPeer]]:
    """A viewer that is connected to the subscription over loopback, both ends in this process."""
    viewer, served = Viewer(subscription.codec, profile=profile), SendingPeer(subscription)
    try:
        async with loopback():
            await viewer.accept(await served.answer(await viewer.offer()))
        yield viewer, served
    finally:
        await viewer.close()
        await served.close()
