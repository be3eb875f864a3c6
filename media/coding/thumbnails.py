"""Small pictures from big ones."""

from fractions import Fraction

import av
from av.video.frame import VideoFrame

from media.coding.jpeg import PIXELS, JpegDecoder
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
        return _encode(picture.reformat(width=width - width % 2, height=height, format=PIXELS))
    except av.FFmpegError as error:
        raise DecodeError(f"this picture cannot be made smaller: {error}") from error


def _encode(picture: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, PIXELS
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
    picture.pts = 0
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
