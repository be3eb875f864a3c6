"""RTP packets of one viewer: the headers differ from viewer to viewer, the payloads are shared."""

import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from media.rtp.header_extensions import HeaderExtensions

HISTORY = 1024
"""Packets kept for retransmission, a power of two: the largest keyframes and some seconds after them."""
MARKER = 0x80
_FIXED = struct.Struct("!BBHLL")


@dataclass(frozen=True, kw_only=True, slots=True)
class RtpParameters:
    """What was negotiated for one video section."""

    ssrc: int
    payload_type: int
    rtx_ssrc: int
    rtx_payload_type: int | None
    """None: packets are sent again as they were."""
    mid: str
    extension_ids: Mapping[str, int]
    """Id of each header extension, by its URI."""


class SentPacket(NamedTuple):
    """A packet that may be asked for again; its payload is shared with all other viewers."""

    number: int
    marker: int
    timestamp: int
    payload: bytes


class RtpPacketizer:
    """Makes the packets of one negotiated video section (RFC 3550 §5.1, RFC 4588, RFC 8285)."""

    def __init__(self, parameters: RtpParameters) -> None:
        self._ssrc, self._type = parameters.ssrc, parameters.payload_type
        self._rtx_ssrc, self._rtx_type = parameters.rtx_ssrc, parameters.rtx_payload_type
        self._extensions = HeaderExtensions(parameters.extension_ids, parameters.mid.encode())
        # The lower half: a number that wraps around before the peer has a packet would break SRTP (RFC 3711 §3.3.1).
        self._next = secrets.randbits(15)
        self._next_rtx = secrets.randbits(15)
        self._timestamp_origin = secrets.randbits(32)
        self._history: list[SentPacket | None] = [None] * HISTORY
        self.timestamp = 0
        """Of the latest frame, in ticks of 1/90000 s from a random origin."""
        self.packets = 0
        """Sent so far, without retransmissions."""
        self.octets = 0
        """Of payload in them."""

    def frame(self, payloads: Sequence[bytes], *, pts: int, keyframe: bool, ends: bool = True) -> list[bytes]:
        """Makes the packets of one frame, stamped as sent now.

        Args:
            payloads: all of the frame's, or some that follow those of the call before.
            ends: these are the last ones; the last of all carries the marker.
        """
        self.timestamp = (self._timestamp_origin + pts) & 0xFFFFFFFF
        extensions = self._extensions.pack(keyframe=keyframe)
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
        """Returns those of the packets that are still kept, as retransmissions where negotiated (RFC 4588 §4)."""
        found = [sent for number in numbers if (sent := self._history[number % HISTORY]) and sent.number == number]
        extensions = self._extensions.pack(keyframe=False)
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
