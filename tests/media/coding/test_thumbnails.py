"""Small pictures from big ones, by the same guarded decoder as the stream's."""

import pytest

from media.coding.jpeg import JpegDecoder
from media.coding.thumbnails import shrink
from media.errors import DecodeError
from tests.media.pictures import CORNERS, alike, corners_of, jpeg, quarters


def test_a_thumbnail_is_the_same_picture() -> None:
    small = JpegDecoder().decode(shrink(jpeg(quarters(640, 360)), 160))
    assert (small.width, small.height) == (160, 90)
    assert alike(corners_of(small), CORNERS)


@pytest.mark.parametrize("width", [63, 64, 1000])
def test_a_picture_that_is_small_enough_is_left_as_it_is(width: int) -> None:
    picture = jpeg(quarters(63, 48))
    assert shrink(picture, width) is picture


def test_a_header_that_claims_too_much_is_refused() -> None:
    picture = jpeg(quarters(64, 48))
    size = picture.index(b"\xff\xc0") + 5
    claimed = picture[:size] + b"\xff\x00\xff\x00" + picture[size + 4 :]
    with pytest.raises(DecodeError):
        shrink(claimed, 32)
