"""RTP header extensions, read back by aiortc."""

import time
from unittest import mock

import pytest
from aiortc.rtp import unpack_header_extensions
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.header_extensions import ABS_SEND_TIME, MID, NO_DELAY, PLAYOUT_DELAY, HeaderExtensions, pack

ELEMENTS = st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=255)), max_size=5)


def unpack(block: bytes) -> list[tuple[int, bytes]]:
    assert len(block) == 4 + 4 * int.from_bytes(block[2:4], "big")
    return list(unpack_header_extensions(int.from_bytes(block[:2], "big"), block[4:]))


@given(ELEMENTS)
def test_elements_arrive_as_they_were(elements: list[tuple[int, bytes]]) -> None:
    block = pack(elements)
    assert (unpack(block) if block else []) == elements


@pytest.mark.parametrize("first", [1, 14, 40])
@pytest.mark.parametrize("mid", [b"0", b"a name of some length"])
def test_keyframes_alone_carry_the_playout_delay(first: int, mid: bytes) -> None:
    extensions = HeaderExtensions({MID: first, ABS_SEND_TIME: first + 1, PLAYOUT_DELAY: first + 2}, mid)
    with mock.patch.object(time, "time", return_value=1.0):
        plain, keyframe = (unpack(extensions.pack(keyframe=keyframe)) for keyframe in (False, True))
    stamp = (first + 1, (1 << 18).to_bytes(3, "big"))
    assert plain == [(first, mid), stamp]
    assert keyframe == [(first, mid), (first + 2, NO_DELAY), stamp]


def test_what_was_not_negotiated_is_left_out() -> None:
    assert HeaderExtensions({}, b"0").pack(keyframe=True) == b""


@pytest.mark.parametrize(("now", "sent"), [(0.0, 0), (1.0, 1 << 18), (64.5, 1 << 17), (1e9, 0)])
def test_send_times_are_seconds_modulo_64(now: float, sent: int) -> None:
    with mock.patch.object(time, "time", return_value=now):
        block = HeaderExtensions({ABS_SEND_TIME: 2}, b"").pack(keyframe=False)
    assert unpack(block) == [(2, sent.to_bytes(3, "big"))]
