"""Encoded frames as RTP payloads, read back by aiortc's depayloaders."""

import pytest
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.payload import PAYLOAD_MAX, h264_payloads, vp8_payloads

START = b"\x00\x00\x00\x01"

UNITS = st.lists(
    st.tuples(st.sampled_from([0x67, 0x68, 0x06, 0x65, 0x41]), st.integers(1, 5000)).map(
        lambda unit: bytes([unit[0]]) + bytes([0xA7]) * unit[1]
    ),
    min_size=1,
    max_size=12,
)


@given(UNITS, st.sampled_from([START, START[1:]]))
def test_h264_units_arrive_as_they_were(units: list[bytes], code: bytes) -> None:
    payloads = h264_payloads(b"".join(code + unit for unit in units))
    assert all(len(payload) <= PAYLOAD_MAX for payload in payloads)
    assert b"".join(map(h264_depayload, payloads)) == b"".join(START + unit for unit in units)


@given(st.integers(1, 10_000))
def test_vp8_frames_arrive_as_they_were(size: int) -> None:
    data = bytes(number * 31 % 256 for number in range(size))
    payloads = vp8_payloads(data)
    assert all(len(payload) <= PAYLOAD_MAX for payload in payloads)
    assert b"".join(map(vp8_depayload, payloads)) == data
    assert [payload[0] for payload in payloads] == [0x10, *[0x00] * (len(payloads) - 1)]


def test_small_units_travel_together() -> None:
    sps, pps, picture = b"\x67" + bytes([1]) * 10, b"\x28" + bytes([2]) * 4, b"\x65" + bytes([3]) * 3000
    first, *rest = h264_payloads(START + sps + START + pps + START + picture)
    assert first[0] & 0x1F == 24
    assert first[0] & 0x60 == 0x60
    assert [payload[0] & 0x1F for payload in rest] == [28, 28, 28]
    assert [payload[1] >> 6 for payload in rest] == [2, 0, 1]


@pytest.mark.parametrize("payloads", [h264_payloads(START + b"\x41" + bytes([9]) * 4000), vp8_payloads(bytes(4000))])
def test_the_parts_of_a_frame_are_of_one_size_but_for_the_last(payloads: tuple[bytes, ...]) -> None:
    *full, last = map(len, payloads)
    assert set(full) == {PAYLOAD_MAX}
    assert last <= PAYLOAD_MAX


def test_nothing_makes_no_packet() -> None:
    assert h264_payloads(b"") == h264_payloads(START) == vp8_payloads(b"") == ()
