"""RTP header extensions of one viewer's packets (RFC 8285)."""

import time
from collections.abc import Mapping, Sequence

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

NO_DELAY = bytes(3)
"""Show each picture as soon as it is decoded: least and most delay, 12 bits each, are 0."""
_ONE_BYTE, _TWO_BYTES = b"\xbe\xde", b"\x10\x00"
"""Which of the two forms follows (RFC 8285 §4.2 and §4.3)."""


class HeaderExtensions:
    """Makes the header extensions of the packets that are sent at one time, of one length for all of them."""

    def __init__(self, ids: Mapping[str, int], mid: bytes) -> None:
        """
        Args:
            ids: the negotiated id of each extension, by its URI.
            mid: the identification tag of the video section (RFC 9143 §15).
        """
        self._stamped = ABS_SEND_TIME in ids
        self._plain = _template(ids, [(MID, mid)])
        self._keyframe = _template(ids, [(MID, mid), (PLAYOUT_DELAY, NO_DELAY)])

    def pack(self, *, keyframe: bool) -> bytes:
        """Returns what follows the fixed header, its own four bytes included; nothing where nothing was negotiated.

        A receiver keeps the playout delay once it has it, so that keyframes alone carry it.
        """
        before, after = self._keyframe if keyframe else self._plain
        return before + _abs_send_time() + after if self._stamped else before


def pack(elements: Sequence[tuple[int, bytes]]) -> bytes:
    """Returns the extension block of these ids (1 to 255) and values (at most 255 bytes); nothing for none."""
    if not elements:
        return b""
    if all(number <= 14 and 1 <= len(value) <= 16 for number, value in elements):
        form, data = _ONE_BYTE, b"".join([bytes((number << 4 | len(value) - 1,)) + value for number, value in elements])
    else:
        form, data = _TWO_BYTES, b"".join([bytes((number, len(value))) + value for number, value in elements])
    words = (len(data) + 3) // 4
    return form + words.to_bytes(2, "big") + data.ljust(words * 4, b"\x00")


def _template(ids: Mapping[str, int], values: Sequence[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """Returns what stands before and after the send time, which is the last element and alone changes."""
    block = pack([(ids[uri], value) for uri, value in [*values, (ABS_SEND_TIME, bytes(3))] if uri in ids])
    if ABS_SEND_TIME not in ids:
        return block, b""
    elements = [value for uri, value in values if uri in ids]
    heads = 1 if block.startswith(_ONE_BYTE) else 2
    end = 4 + sum(heads + len(value) for value in elements) + heads
    return block[:end], block[end + 3 :]


def _abs_send_time() -> bytes:
    """Returns seconds modulo 64 as a 6.18 fixed point number; the epoch of NTP is a multiple of 64 s before Unix's."""
    return (int(time.time() * (1 << 18)) & 0xFFFFFF).to_bytes(3, "big")
