"""Small pictures from big ones."""

import av

from media.coding.jpeg import PIXELS, JpegDecoder, encode_jpeg
from media.errors import DecodeError

_QUALITY = 6
"""Of FFmpeg's 2 (best) to 31: a 320 pixel wide page takes about 8 kB."""


def shrink(jpeg: bytes, width: int) -> bytes:
    """Returns the picture as JPEG, `width` pixels wide where it was wider, else as it was.

    Raises:
        DecodeError: it cannot be decoded, or claims to be too large to try.
    """
    picture = JpegDecoder().decode_unpadded(jpeg)
    if picture.width <= width:
        return jpeg
    height = max(2, round(picture.height * width / picture.width / 2) * 2)
    try:
        return encode_jpeg(picture.reformat(width=width - width % 2, height=height, format=PIXELS), quality=_QUALITY)
    except av.FFmpegError as error:
        raise DecodeError(f"this picture cannot be made smaller: {error}") from error
