"""What a viewer's receiver reports through RTCP, and how it reaches the shared stream."""

import struct
import time
from contextlib import suppress
from dataclasses import dataclass

from aiortc import RTCDtlsTransport
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from media.frames import CLOCK_RATE
from media.subscription import Subscription

REPORT_SECONDS = 0.5
"""The least time that a loss is reported for: Chromium reports with every NACK, at times after one packet or none."""

_SMOOTHING = 0.85
"""Weight of the round trips before the latest one."""


@dataclass(slots=True)
class Feedback:
    """Holds what one viewer's receiver has reported (RFC 3550 §6.4, RFC 4585, RFC 5104)."""

    last_received_at: float | None = None
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


class FeedbackReader:
    """Keeps one viewer's `Feedback`, and passes its requests for keyframes and its estimates to the subscription."""

    def __init__(self, subscription: Subscription, ssrc: int) -> None:
        self.feedback = Feedback()
        self._subscription = subscription
        self._ssrc = ssrc
        self._report_sent: tuple[int, float] | None = None
        self._since: tuple[float, int, int] | None = None
        """When the stream was last given a report, and the highest number and the losses by then."""
        self._round_trip: float | None = None

    def on_sender_report_sent(self, ntp: int) -> None:
        """Remembers the sender report made at `ntp`, a 64-bit NTP time: receivers answer with its middle 32 bits."""
        self._report_sent = (ntp >> 16) & 0xFFFFFFFF, time.monotonic()

    def on_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Reads one RTCP packet that the viewer has sent."""
        self.feedback.last_received_at = time.monotonic()
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._on_report(report)
        elif isinstance(packet, RtcpPsfbPacket):
            self._on_payload_feedback(packet)

    def _on_report(self, report: RtcpReceiverInfo) -> None:
        feedback = self.feedback
        feedback.fraction_lost = report.fraction_lost / 256
        feedback.packets_lost = report.packets_lost
        feedback.jitter = report.jitter / CLOCK_RATE
        if report.dlsr and self._report_sent and report.lsr == self._report_sent[0]:
            latest = max(0.0, time.monotonic() - self._report_sent[1] - report.dlsr / 65536)
            before = feedback.round_trip
            feedback.round_trip = latest if before is None else _SMOOTHING * before + (1 - _SMOOTHING) * latest
            # Further reports about the same sender report say nothing new about the path.
            self._report_sent, self._round_trip = None, latest
        self._report_to_subscription(report)

    def _report_to_subscription(self, report: RtcpReceiverInfo) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since = now, report.highest_sequence, report.packets_lost
        reported_at, highest, lost = self._since
        if now - reported_at < REPORT_SECONDS:
            return
        expected = report.highest_sequence - highest
        share = min(1.0, max(0.0, (report.packets_lost - lost) / expected)) if expected > 0 else 0.0
        self._subscription.on_receiver_report(lost=share, round_trip=self._round_trip)
        self._since, self._round_trip = (now, report.highest_sequence, report.packets_lost), None

    def _on_payload_feedback(self, packet: RtcpPsfbPacket) -> None:
        if packet.fmt == RTCP_PSFB_APP:
            self._on_remb(packet.fci)
        elif packet.fmt == RTCP_PSFB_PLI:
            self.feedback.plis += 1
            self._subscription.request_keyframe()
        elif packet.fmt == RTCP_PSFB_FIR and self._ssrc in _fir_targets(packet.fci):
            self.feedback.firs += 1
            self._subscription.request_keyframe()

    def _on_remb(self, fci: bytes) -> None:
        try:
            estimate, ssrcs = unpack_remb_fci(fci)
        except (ValueError, struct.error):
            return
        if self._ssrc not in ssrcs:
            return
        self.feedback.bitrate = estimate
        self._subscription.on_remb(estimate)


def _fir_targets(fci: bytes) -> list[int]:
    """Returns the media sources that a FIR is meant for: entries of eight bytes, RFC 5104 §4.3.1.1."""
    return [int.from_bytes(fci[start : start + 4], "big") for start in range(0, len(fci) - 7, 8)]


def ignore_malformed_remb(transport: RTCDtlsTransport) -> None:
    """Has a transport pass over a REMB that names fewer sources than it claims to: aiortc's router reads them all, and
    its error would end the connection. Call it once, before anything is sent."""
    handle = transport._handle_rtcp_data

    async def handle_what_can_be_read(data: bytes) -> None:
        with suppress(struct.error):
            await handle(data)

    transport._handle_rtcp_data = handle_what_can_be_read  # type: ignore[method-assign]
