"""RTP packets of one viewer: the headers differ from viewer to viewer, the payloads are shared."""

import struct
from collections.abc import Sequence
from typing import NamedTuple, cast

from aiortc.clock import current_ntp_time
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import pack_header_extensions
from aiortc.utils import random16, random32

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

NO_DELAY = bytes(3)
"""Show each picture as soon as it is decoded: least and most delay, 12 bits each, are 0."""
HISTORY = 1024
"""Packets kept for retransmission, a power of two: the largest keyframes and some seconds after them."""
MARKER = 0x80
_FIXED = struct.Struct("!BBHLL")


class SentPacket(NamedTuple):
    """A packet that may be asked for again; its payload is shared with all other viewers."""

    number: int
    marker: int
    timestamp: int
    payload: bytes


class RtpPacketizer:
    """Makes the packets of one negotiated video section (RFC 3550 §5.1, RFC 4588, RFC 8285)."""

    def __init__(self, parameters: RTCRtpSendParameters, *, ssrc: int, rtx_ssrc: int) -> None:
        self._ssrc = ssrc
        self._rtx_ssrc = rtx_ssrc
        self._type = cast(int, parameters.codecs[0].payloadType)
        self._rtx_type = _rtx_type(parameters)
        self._ids = {extension.uri: extension.id for extension in parameters.headerExtensions}
        self._mid = parameters.muxId.encode()
        # The lower half: a number that wraps around before the peer has a packet would break SRTP (RFC 3711 §3.3.1).
        self._next = random16() // 2
        self._next_rtx = random16() // 2
        self._timestamp_origin = random32()
        self._history: list[SentPacket | None] = [None] * HISTORY
        self.timestamp = 0
        """Of the latest frame, in ticks of 1/90000 s from a random origin."""
        self.packets = 0
        """Sent so far, without retransmissions."""
        self.octets = 0
        """Of payload in them."""

    def frame(self, payloads: Sequence[bytes], *, pts: int, keyframe: bool, ends: bool = True) -> list[bytes]:
        """Packets of one frame, stamped as sent now.

        Args:
            payloads: all of the frame's, or some that follow those of the call before.
            ends: these are the last ones; the last of all carries the marker.
        """
        self.timestamp = (self._timestamp_origin + pts) & 0xFFFFFFFF
        extensions = self._extensions(keyframe)
        end = len(payloads) - 1 if ends else None
        packets = []
        for index, payload in enumerate(payloads):
            sent = SentPacket(self._next, MARKER if index == end else 0, self.timestamp, payload)
            self._next = (self._next + 1) & 0xFFFF
            self._history[sent.number % HISTORY] = sent
            packets.append(self._header(self._type, sent.number, self._ssrc, sent, extensions) + payload)
            self.octets += len(payload)
        self.packets += len(packets)
        return packets

    @property
    def next_number(self) -> int:
        """Sequence number of the packet that is made next."""
        return self._next

    def retransmit(self, numbers: Sequence[int]) -> list[bytes]:
        """Those of the packets that are still kept, as retransmissions where these were negotiated (RFC 4588 §4)."""
        found = [sent for number in numbers if (sent := self._history[number % HISTORY]) and sent.number == number]
        extensions = self._extensions(False)
        return [self._retransmission(sent, extensions) for sent in found]

    def _retransmission(self, sent: SentPacket, extensions: bytes) -> bytes:
        if self._rtx_type is None:
            return self._header(self._type, sent.number, self._ssrc, sent, extensions) + sent.payload
        number, self._next_rtx = self._next_rtx, (self._next_rtx + 1) & 0xFFFF
        header = self._header(self._rtx_type, number, self._rtx_ssrc, sent, extensions)
        return header + sent.number.to_bytes(2, "big") + sent.payload

    def _header(self, payload_type: int, number: int, ssrc: int, sent: SentPacket, extensions: bytes) -> bytes:
        start = 0x90 if extensions else 0x80
        return _FIXED.pack(start, sent.marker | payload_type, number, sent.timestamp, ssrc) + extensions

    def _extensions(self, keyframe: bool) -> bytes:
        """Of one length for all packets that are sent at the same time.

        A receiver keeps the playout delay once it has it, so that keyframes alone carry it.
        """
        values = {MID: self._mid, ABS_SEND_TIME: _abs_send_time()}
        if keyframe:
            values[PLAYOUT_DELAY] = NO_DELAY
        known = [(self._ids[uri], value) for uri, value in values.items() if uri in self._ids]
        if not known:
            return b""
        profile, data = pack_header_extensions(known)
        return struct.pack("!HH", profile, len(data) // 4) + data


def _rtx_type(parameters: RTCRtpSendParameters) -> int | None:
    first = parameters.codecs[0].payloadType
    types = [codec.payloadType for codec in parameters.codecs if is_rtx(codec) and codec.parameters["apt"] == first]
    return types[0] if types else None


def _abs_send_time() -> bytes:
    """Seconds modulo 64 as 6.18 fixed point numbers."""
    return ((current_ntp_time() >> 14) & 0xFFFFFF).to_bytes(3, "big")
