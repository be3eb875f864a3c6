"""Reads and paints the time code of the shop's `/timecode.html`; its layout is documented in `timecode.js` there.

`tests/timecode.js` is the same reader for a page that receives the picture.
"""

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(height, width) grey or (height, width, 3) RGB, or the luma plane of a video frame."""

COLUMNS, ROWS, BLOCK = 16, 4, 40
_KNOWN = [1, 0, 1, 0, 1, 0, 1, 0]
_LEAST_CONTRAST = 64


def decode(picture: Picture, page_width: int = 1280) -> int | None:
    """The time in ms since 1970 that is painted in a picture, or None where no whole code can be read.

    `page_width` is the viewport's width in CSS pixels: the picture may show it at any size.
    """
    scale = picture.shape[1] / page_width
    if picture.shape[0] < ROWS * BLOCK * scale:
        return None
    levels = _levels(picture.astype(np.float32) if picture.ndim == 2 else picture.mean(axis=2, dtype=np.float32), scale)
    white, black = levels[-8::2].min(), levels[-7::2].max()
    if white - black < _LEAST_CONTRAST:
        return None
    bits = [int(level > (white + black) / 2) for level in levels]
    data = bits[:48]
    return _number(data) if _number(bits[48:56]) == _check(data) else None


def encode(time: int, width: int = 1280, height: int = 720) -> Picture:
    """A grey picture of a page of that size with the code of `time` (ms since 1970) on white."""
    data = _bits(time, 48)
    blocks = np.array([*data, *_bits(_check(data), 8), *_KNOWN], np.uint8).reshape(ROWS, COLUMNS) * 255
    picture = np.full((height, width), 255, np.uint8)
    picture[: ROWS * BLOCK, : COLUMNS * BLOCK] = blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    return picture


def _levels(grey: npt.NDArray[np.float32], scale: float) -> npt.NDArray[np.float32]:
    """The mean brightness of the middle half of each block: the edges belong to the encoder's blur."""
    side = BLOCK * scale
    middles = [
        grey[_middle(row, side), _middle(column, side)].mean() for row in range(ROWS) for column in range(COLUMNS)
    ]
    return np.array(middles, np.float32)


def _middle(index: int, side: float) -> slice:
    start = int((index + 0.25) * side)
    return slice(start, max(start + 1, int((index + 0.75) * side)))


def _bits(value: int, width: int) -> list[int]:
    return [value >> shift & 1 for shift in reversed(range(width))]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def _check(bits: list[int]) -> int:
    crc = 0
    for bit in bits:
        crc = (crc << 1 & 0xFF) ^ (0x07 if crc >> 7 ^ bit else 0)
    return crc
