"""Encoded frames as RTP payloads. They are the same for every viewer: only the packet headers differ."""

from collections.abc import Iterator

PAYLOAD_MAX = 1180
"""Bytes. With 48 of IPv6 and UDP, 28 of RTP header and extensions, and 16 of SRTP a packet stays below the 1280 that
every IPv6 path carries (RFC 8200 §5)."""

STAP_A, FU_A = 24, 28
"""NAL unit types of RTP alone: several units in one packet, one unit in several (RFC 6184 §5.2)."""
FU_START, FU_END = 0x80, 0x40
_START_CODE = b"\x00\x00\x01"


def vp8_payloads(data: bytes) -> tuple[bytes, ...]:
    """Splits one frame, with the one-byte descriptor of RFC 7741 §4.2: no picture id, as receivers count packets.

    All payloads are of the same size, but for the last, which may be shorter.
    """
    size = PAYLOAD_MAX - 1
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return tuple((b"\x00" if index else b"\x10") + part for index, part in enumerate(parts))


def h264_payloads(data: bytes) -> tuple[bytes, ...]:
    """Splits one frame in Annex B for packetization-mode 1 (RFC 6184 §6.3).

    The parts of a unit that needs several packets are of the same size, but for the last, which may be shorter.
    """
    payloads: list[bytes] = []
    small: list[bytes] = []
    for unit in nal_units(data):
        if small and _size(small) + 2 + len(unit) > PAYLOAD_MAX:
            payloads.append(_together(small))
            small = []
        if len(unit) > PAYLOAD_MAX:
            payloads += _fragments(unit)
        else:
            small.append(unit)
    if small:
        payloads.append(_together(small))
    return tuple(payloads)


def nal_units(data: bytes) -> Iterator[bytes]:
    """Yields the NAL units between the start codes of three or four bytes (ITU-T H.264 annex B)."""
    start = data.find(_START_CODE)
    while start >= 0:
        start += len(_START_CODE)
        end = data.find(_START_CODE, start)
        unit = data[start : end if end >= 0 else None].rstrip(b"\x00")
        if unit:
            yield unit
        start = end


def _size(units: list[bytes]) -> int:
    """Returns the bytes of the STAP-A that holds them."""
    return 1 + sum(2 + len(unit) for unit in units)


def _together(units: list[bytes]) -> bytes:
    """Returns a packet with one unit or, as STAP-A, several; their highest F and NRI lead (RFC 6184 §5.7.1)."""
    if len(units) == 1:
        return units[0]
    importance = max(unit[0] & 0x60 for unit in units)
    header = max(unit[0] & 0x80 for unit in units) | importance | STAP_A
    return bytes([header]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def _fragments(unit: bytes) -> list[bytes]:
    """Returns the FU-A packets of a unit that is too large for one (RFC 6184 §5.8)."""
    size = PAYLOAD_MAX - 2
    indicator, kind = unit[0] & 0xE0 | FU_A, unit[0] & 0x1F
    parts = [unit[at : at + size] for at in range(1, len(unit), size)]
    flags = [FU_START, *[0] * (len(parts) - 2), FU_END]
    return [bytes([indicator, flag | kind]) + part for flag, part in zip(flags, parts, strict=True)]
