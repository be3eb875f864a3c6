"""Sends the shared frames to one viewer."""

import asyncio
import logging
import random
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from aiortc import RTCRtpSender, RTCRtpTransceiver
from aiortc.clock import current_datetime, current_ntp_time
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)
from aiortc.stats import RTCOutboundRtpStreamStats, RTCStatsReport

from media.errors import StreamClosed
from media.frames import EncodedFrame
from media.rtp.header_extensions import PLAYOUT_DELAY
from media.rtp.pacer import Pacer
from media.rtp.packetizer import RtpPacketizer, RtpParameters
from media.rtp.retransmission import RetransmissionBudget
from media.webrtc.feedback import Feedback, FeedbackReader, ignore_malformed_remb
from media.webrtc.srtp_transport import SrtpTransport
from media.webrtc.track import ScreencastTrack

_SLOWEST_SECONDS = 0.5
"""No frame takes longer to leave: what the path takes may be much more than is known."""

logger = logging.getLogger(__name__)

_OFFERED_DELAY = re.compile(rf"^a=extmap:(\d+)(?:/\w+)? {re.escape(PLAYOUT_DELAY)}\s*$", re.MULTILINE)


class SharedSender(RTCRtpSender):
    """Stands in for aiortc's sender on a track whose frames many viewers share.

    aiortc's packetizes each frame anew for each viewer, builds, protects and sends each packet in a task step of its
    own, answers PLI and FIR by a private flag and REMB by the rate of a private encoder. Here the payloads are made
    once per frame for all viewers, a frame leaves at once, and what the receiver reports reaches the stream.
    """

    def __init__(self, former: RTCRtpSender, track: ScreencastTrack) -> None:
        """Takes the place of `former`, whose names in SDP it keeps."""
        super().__init__(track, former.transport)
        self._ssrc, self._rtx_ssrc = former._ssrc, former._rtx_ssrc
        self._stream_id, self._track_id = former._stream_id, former._track_id
        self._enabled = former._enabled
        self._reader = FeedbackReader(track.subscription, self._ssrc)
        self._subscription = track.subscription
        self._cname = ""
        self._packetizer: RtpPacketizer | None = None
        self._srtp: SrtpTransport | None = None
        self._pacer = Pacer()
        self._retransmissions = RetransmissionBudget()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def feedback(self) -> Feedback:
        """What the viewer's receiver has reported."""
        return self._reader.feedback

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Starts sending; aiortc calls it once the transport is connected. Safe to repeat."""
        if self._packetizer is not None:
            return
        self._cname = parameters.rtcp.cname or ""
        self._packetizer = RtpPacketizer(self._rtp_parameters(parameters))
        self._srtp = SrtpTransport(self.transport)
        ignore_malformed_remb(self.transport)
        self.transport._register_rtp_sender(self, parameters)
        # The header of a FIR names no media source (RFC 5104 §4.3.1.2): 0 leads here, too.
        self.transport._rtp_router.senders.setdefault(0, self)
        self._tasks = [asyncio.create_task(self._send_frames()), asyncio.create_task(self._send_reports())]

    def _rtp_parameters(self, negotiated: RTCRtpSendParameters) -> RtpParameters:
        payload_type = cast(int, negotiated.codecs[0].payloadType)
        rtx_types = [c.payloadType for c in negotiated.codecs if is_rtx(c) and c.parameters["apt"] == payload_type]
        return RtpParameters(
            ssrc=self._ssrc,
            payload_type=payload_type,
            rtx_ssrc=self._rtx_ssrc,
            rtx_payload_type=rtx_types[0] if rtx_types else None,
            mid=negotiated.muxId,
            extension_ids={extension.uri: extension.id for extension in negotiated.headerExtensions},
        )

    async def stop(self) -> None:
        """Says BYE and leaves the stream. Safe to repeat."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        if tasks:
            self.transport._unregister_rtp_sender(self)
            await self._send_rtcp([RtcpByePacket(sources=[self._ssrc])])
        if self._srtp is not None:
            self._srtp.close()

    async def getStats(self) -> RTCStatsReport:
        """Returns what has been sent; what the receiver has reported is in `feedback`."""
        report = RTCStatsReport()
        report.add(
            RTCOutboundRtpStreamStats(
                timestamp=current_datetime(),
                type="outbound-rtp",
                id=f"outbound-rtp_{id(self)}",
                ssrc=self._ssrc,
                kind=self.kind,
                transportId=self.transport._stats_id,
                packetsSent=self._packetizer.packets if self._packetizer else 0,
                bytesSent=self._packetizer.octets if self._packetizer else 0,
                trackId=self._track_id,
            )
        )
        report.update(self.transport._get_stats())
        return report

    async def _send_frames(self) -> None:
        try:
            while True:
                await self._transmit(await self._subscription.recv())
        except (ConnectionError, StreamClosed):
            pass
        except Exception:
            logger.error("sending to a viewer has failed", exc_info=True)
        finally:
            self.track.stop()

    async def _transmit(self, frame: EncodedFrame) -> None:
        assert self._packetizer
        left = frame.payloads if self._enabled else ()
        if frame.keyframe:
            self._retransmissions.on_keyframe(self._packetizer.next_number, len(frame.payloads))
        while left:
            pace = max(self._subscription.pace, len(frame.data) * 8 / _SLOWEST_SECONDS)
            count = self._pacer.take(left, pace, time.monotonic())
            some, left = left[:count], left[count:]
            self._send_some(frame, some, ends=not left)
            if left:
                await asyncio.sleep(self._pacer.wait(left, pace))

    def _send_some(self, frame: EncodedFrame, payloads: Sequence[bytes], *, ends: bool) -> None:
        assert self._packetizer
        assert self._srtp
        if payloads:
            packets = self._packetizer.frame(payloads, pts=frame.pts, keyframe=frame.keyframe, ends=ends)
            self._srtp.send(packets)
            self._retransmissions.on_sent(len(packets))

    async def _send_reports(self) -> None:
        """Sends sender reports, at intervals that vary as RFC 3550 §6.3.1 wants it."""
        while True:
            await asyncio.sleep(random.uniform(0.5, 1.5))
            await self._send_rtcp([self._report(), self._description()])

    def _report(self) -> RtcpSrPacket:
        assert self._packetizer
        now = current_ntp_time()
        self._reader.on_sender_report_sent(now)
        info = RtcpSenderInfo(
            ntp_timestamp=now,
            rtp_timestamp=self._packetizer.timestamp,
            packet_count=self._packetizer.packets & 0xFFFFFFFF,
            octet_count=self._packetizer.octets & 0xFFFFFFFF,
        )
        return RtcpSrPacket(ssrc=self._ssrc, sender_info=info)

    def _description(self) -> RtcpSdesPacket:
        return RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])])

    async def _send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        with suppress(ConnectionError):
            await self.transport._send_rtp(b"".join(bytes(packet) for packet in packets))

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        """Is called by aiortc's transport for each RTCP packet that is about this sender."""
        self._reader.on_rtcp(packet)
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            self._on_nack(packet.lost)

    def _on_nack(self, missing: Sequence[int]) -> None:
        if not self._packetizer or not self._srtp:
            return
        if self._retransmissions.is_outage(missing):
            self._subscription.request_keyframe()
            return
        lost = self._retransmissions.choose(missing, round_trip=self.feedback.round_trip, now=time.monotonic())
        packets = self._packetizer.retransmit(lost)
        self._pacer.spend(sum(map(len, packets)))
        with suppress(ConnectionError):
            self._srtp.send(packets)


def replace_sender(transceiver: RTCRtpTransceiver, track: ScreencastTrack, *, offer: str) -> SharedSender:
    """Makes a transceiver send the track's shared frames; call it between the two descriptions.

    aiortc makes its senders itself and cannot be given one, so the transceiver's private attribute is set; and it
    knows no playout delay, so where `offer` (SDP) has that header extension, it is added to those agreed on.
    """
    sender = SharedSender(transceiver.sender, track)
    transceiver._RTCRtpTransceiver__sender = sender  # type: ignore[attr-defined]
    offered = _OFFERED_DELAY.search(offer)
    if offered:
        extension = RTCRtpHeaderExtensionParameters(id=int(offered[1]), uri=PLAYOUT_DELAY)
        transceiver._headerExtensions = [*transceiver._headerExtensions, extension]
    return sender
