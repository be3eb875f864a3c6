import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timecode import BLOCK, Picture, decode, encode

NOW = 1_790_000_000_123

times = st.integers(min_value=0, max_value=2**48 - 1)


def resize(picture: Picture, width: int, height: int) -> Picture:
    frame = av.VideoFrame.from_ndarray(picture, format="gray")
    return np.asarray(frame.reformat(width=width, height=height).to_ndarray(), np.uint8)


@given(times)
def test_what_is_painted_is_read(time: int) -> None:
    assert decode(encode(time)) == time


@given(times, st.sampled_from([(640, 360), (854, 480), (960, 540), (1920, 1080)]))
def test_a_picture_of_another_size_is_read(time: int, size: tuple[int, int]) -> None:
    assert decode(resize(encode(time), *size)) == time


@given(times, st.integers(0, 2**32 - 1))
def test_noise_and_video_range_do_not_matter(time: int, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 12, (720, 1280))
    limited = 16 + encode(time) * (219 / 255) + noise
    assert decode(limited.clip(0, 255).astype(np.uint8)) == time


def test_colour_is_read() -> None:
    assert decode(np.repeat(encode(NOW)[:, :, None], 3, axis=2)) == NOW


def test_the_page_may_be_wider_or_narrower() -> None:
    assert decode(encode(NOW, width=900, height=400), page_width=900) == NOW


@pytest.mark.parametrize("block", range(56))
def test_one_wrong_block_is_noticed(block: int) -> None:
    picture = encode(NOW)
    row, column = divmod(block, 16)
    inside = np.s_[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
    picture[inside] = 255 - picture[inside]
    assert decode(picture) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_a_code_is_none(level: int) -> None:
    assert decode(np.full((720, 1280), level, np.uint8)) is None


def test_a_picture_that_is_too_small_is_none() -> None:
    assert decode(encode(NOW)[:100]) is None
