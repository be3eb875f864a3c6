"""JPEG to picture: any size, any chroma, and no harm from garbage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.coding.jpeg import JpegDecoder
from media.errors import DecodeError, MediaError
from tests.media.pictures import CORNERS, alike, corners_of, jpeg, quarters


@pytest.mark.parametrize("pix_fmt", ["yuvj420p", "yuvj422p", "yuvj444p"])
@pytest.mark.parametrize("size", [(64, 48), (65, 48), (64, 49), (1281, 721)])
def test_decodes_to_even_full_range(size: tuple[int, int], pix_fmt: str) -> None:
    picture = JpegDecoder().decode(jpeg(quarters(*size), pix_fmt=pix_fmt))
    assert picture.format.name == "yuvj420p"
    assert (picture.width, picture.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert alike(corners_of(picture), CORNERS)


def test_padding_doubles_the_last_column_and_row() -> None:
    luma = JpegDecoder().decode(jpeg(quarters(33, 17))).to_ndarray(format="gray")
    assert luma.shape == (18, 34)
    assert (luma[:, 33] == luma[:, 32]).all()
    assert (luma[17] == luma[16]).all()


WHOLE = jpeg(quarters(64, 48))
HUGE = WHOLE.replace(b"\xff\xc0\x00\x11\x08\x00\x30\x00\x40", b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff")


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"not a picture", WHOLE[: len(WHOLE) // 2], b"\x89PNG\r\n\x1a\n" + bytes(64), HUGE],
    ids=["empty", "one byte", "text", "cut off", "png", "65535x65535"],
)
def test_garbage_is_refused_and_the_decoder_goes_on(data: bytes) -> None:
    decoder = JpegDecoder()
    with pytest.raises(DecodeError, match="JPEG") as caught:
        decoder.decode(data)
    assert isinstance(caught.value, MediaError)
    assert isinstance(caught.value, ValueError)
    assert alike(corners_of(decoder.decode(WHOLE)), CORNERS)


def test_a_whole_picture_beyond_the_largest_is_refused() -> None:
    with pytest.raises(DecodeError, match="not a JPEG picture"):
        JpegDecoder().decode(jpeg(quarters(7680, 4322)))


@given(st.lists(st.tuples(st.integers(2, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_broken_bytes_give_a_picture_or_a_decode_error(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for position, value in changes:
        data[position] = value
    decoder = JpegDecoder()
    try:
        decoder.decode(bytes(data))
    except DecodeError:
        assert decoder.decode(WHOLE).width == 64
