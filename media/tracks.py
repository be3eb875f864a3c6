"""From a subscription to aiortc, and from a viewer's RTCP back to the subscription."""

import time
from dataclasses import dataclass
from typing import cast

import av
from aiortc import RTCRtpSender, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    unpack_remb_fci,
)
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from .clock import TIME_BASE
from .errors import StreamClosed
from .rate import RembGuard
from .subscription import Subscription


class ScreencastTrack(VideoStreamTrack):
    """A video track of already encoded frames, which aiortc's sender only packetises."""

    def __init__(self, subscription: Subscription) -> None:
        super().__init__()
        self.subscription = subscription

    async def recv(self) -> "av.Packet[av.VideoStream]":  # type: ignore[override]  # the sender takes packets too
        """The next frame; its `pts` in ticks of 1/90000 s, strictly rising.

        Raises:
            MediaStreamError: the track has been stopped or its stream has been closed.
        """
        if self.readyState != "live":
            raise MediaStreamError
        try:
            frame = await self.subscription.recv()
        except StreamClosed as error:
            self.stop()
            raise MediaStreamError("the stream has been closed") from error
        packet = cast("av.Packet[av.VideoStream]", av.Packet(frame.data))
        packet.pts, packet.time_base = frame.pts, TIME_BASE
        packet.is_keyframe = frame.keyframe
        return packet

    def stop(self) -> None:
        """Ends the track and leaves the stream. Safe to repeat."""
        super().stop()
        self.subscription.close()


@dataclass(slots=True)
class Feedback:
    """What one viewer's receiver has told through RTCP (RFC 3550 §6.4, RFC 4585, RFC 5104)."""

    heard_at: float | None = None
    """When its latest RTCP packet came, in seconds of `time.monotonic()`; receivers report about once a second."""
    round_trip: float | None = None
    """Seconds, smoothed."""
    fraction_lost: float = 0.0
    """Share of packets lost since the report before, 0 to 1."""
    packets_lost: int = 0
    """Since the beginning."""
    jitter: float = 0.0
    """Interarrival jitter in seconds."""
    plis: int = 0
    firs: int = 0
    bitrate: int | None = None
    """Latest estimate of what it can take (REMB), in bits per second."""


def bridge_feedback(sender: RTCRtpSender, subscription: Subscription) -> Feedback:
    """Makes a viewer's PLI, FIR and REMB reach the shared stream, and keeps its latest reports.

    Call it once per sender, after both descriptions are set: bundling may give the sender another transport before.

    aiortc has no public hook for any of this. Its sender answers PLI and FIR by a private flag and REMB by the rate
    of a private encoder, and neither has an effect on a track of packets; so its handler is wrapped, on this one
    sender. Its router finds the sender by the media source of the packet header, which is 0 in a FIR (RFC 5104
    §4.3.1.2); so 0 leads to this sender, too. Both go away with aiortc's sender, and can go when aiortc has events.
    """
    feedback = Feedback()
    guard = RembGuard()
    handle = sender._handle_rtcp_packet

    async def observe(packet: AnyRtcpPacket) -> None:
        await handle(packet)
        feedback.heard_at = time.monotonic()
        if not isinstance(packet, RtcpPsfbPacket):
            await _note_report(sender, feedback)
        elif packet.fmt == RTCP_PSFB_APP:
            _note_estimate(packet, sender._ssrc, subscription, feedback, guard)
        else:
            _note_loss(packet, sender._ssrc, subscription, feedback)

    sender._handle_rtcp_packet = observe  # type: ignore[method-assign]
    sender.transport._rtp_router.senders.setdefault(0, sender)
    return feedback


def _note_loss(packet: RtcpPsfbPacket, ssrc: int, subscription: Subscription, feedback: Feedback) -> None:
    if packet.fmt == RTCP_PSFB_PLI:
        feedback.plis += 1
        subscription.request_keyframe()
    elif packet.fmt == RTCP_PSFB_FIR and ssrc in _fir_targets(packet.fci):
        feedback.firs += 1
        subscription.request_keyframe()


def _fir_targets(fci: bytes) -> list[int]:
    """The media sources that a FIR is meant for: entries of eight bytes, RFC 5104 §4.3.1.1."""
    return [int.from_bytes(fci[start : start + 4], "big") for start in range(0, len(fci) - 7, 8)]


def _note_estimate(
    packet: RtcpPsfbPacket, ssrc: int, subscription: Subscription, feedback: Feedback, guard: RembGuard
) -> None:
    try:
        estimate, ssrcs = unpack_remb_fci(packet.fci)
    except ValueError:
        return
    if ssrc not in ssrcs:
        return
    feedback.bitrate = estimate
    sent, target = subscription.load
    limit = guard.heard(estimate, sent=sent, target=target)
    if limit is not None:
        subscription.set_target_bitrate(limit)


async def _note_report(sender: RTCRtpSender, feedback: Feedback) -> None:
    stats = await sender.getStats()
    report = stats.get(f"remote-inbound-rtp_{id(sender)}")
    if isinstance(report, RTCRemoteInboundRtpStreamStats):
        feedback.round_trip = report.roundTripTime
        feedback.fraction_lost = report.fractionLost / 256
        feedback.packets_lost = report.packetsLost
        feedback.jitter = report.jitter / 90_000
