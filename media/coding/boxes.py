"""Opaque boxes on pictures, painted before anything else is made of them."""

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

import av
from av.video.frame import VideoFrame

from media.coding.jpeg import PIXELS, JpegDecoder, encode_jpeg, pixels_of
from media.errors import DecodeError

_QUALITY = 4
"""Of FFmpeg's 2 (best) to 31: about what Chromium's 80 looks like."""
_MARGIN = 3
"""Pixels by which a box is larger than what it covers on each side: borders, glow, and rounding."""
_GREY, _NEUTRAL = 72, 128


class Area(NamedTuple):
    """A rectangle in CSS pixels of the viewport."""

    left: float
    top: float
    right: float
    bottom: float


def paint_boxes(jpeg: bytes, areas: Sequence[Area], *, viewport: tuple[int, int]) -> bytes:
    """Returns the picture as JPEG with a grey box over each area; as it was where none of them is in it.

    Args:
        jpeg: a picture of the viewport, in any size.
        areas: what is covered; each box is a little larger.
        viewport: width and height in CSS pixels.

    Raises:
        DecodeError: it cannot be decoded, or claims to be too large to try.
    """
    visible = [area for area in areas if _is_within(area, viewport)]
    if not visible:
        return jpeg
    picture = JpegDecoder().decode_unpadded(jpeg)
    for area in visible:
        _paint(picture, area, picture.width / viewport[0], picture.height / viewport[1])
    try:
        return encode_jpeg(picture, quality=_QUALITY)
    except av.FFmpegError as error:
        raise DecodeError(f"this picture cannot be covered: {error}") from error


def plain_picture(width: int, height: int) -> bytes:
    """Returns a JPEG of one color."""
    picture = VideoFrame(width + width % 2, height + height % 2, PIXELS)
    for number, plane in enumerate(picture.planes):
        pixels_of(plane)[:] = _GREY if number == 0 else _NEUTRAL
    return encode_jpeg(picture, quality=_QUALITY)


def _is_within(area: Area, viewport: tuple[int, int]) -> bool:
    return area.right > 0 and area.bottom > 0 and area.left < viewport[0] and area.top < viewport[1]


def _paint(picture: VideoFrame, area: Area, across: float, down: float) -> None:
    left, top = floor(area.left * across) - _MARGIN, floor(area.top * down) - _MARGIN
    right, bottom = ceil(area.right * across) + _MARGIN, ceil(area.bottom * down) + _MARGIN
    for number, plane in enumerate(picture.planes):
        divisor = 1 if number == 0 else 2
        rows = slice(max(0, top // divisor), max(0, -(-bottom // divisor)))
        columns = slice(max(0, left // divisor), max(0, -(-right // divisor)))
        pixels_of(plane)[rows, columns] = _GREY if number == 0 else _NEUTRAL
