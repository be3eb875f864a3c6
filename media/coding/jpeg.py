"""Decodes JPEG, with a limit on what is believed of its header, and encodes it."""

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation
from numpy.typing import NDArray

from media.errors import DecodeError

MAX_PIXELS = 7680 * 4320
"""A header that claims more is refused before memory is taken for it."""

PIXELS = "yuvj420p"


class JpegDecoder:
    """Decodes one JPEG after the other to full-range 4:2:0. For one thread at a time."""

    def __init__(self) -> None:
        self._context: VideoCodecContext | None = None

    def decode(self, data: bytes) -> VideoFrame:
        """Decodes one file for an encoder.

        An odd width or height is padded to even by doubling the last column or row, so that every pixel of the page
        stays in the picture.

        Raises:
            DecodeError: not a whole JPEG of at most `MAX_PIXELS`.
        """
        return _even(self.decode_unpadded(data))

    def decode_unpadded(self, data: bytes) -> VideoFrame:
        """Decodes one file to a picture of the size that it has.

        Raises:
            DecodeError: not a whole JPEG of at most `MAX_PIXELS`.
        """
        try:
            frames = self._open().decode(av.Packet(data)) if data else []
        except (av.FFmpegError, ValueError) as error:
            self._context = None
            raise DecodeError(f"not a JPEG picture: {error} ({len(data)} bytes)") from error
        if len(frames) != 1 or frames[0].is_corrupt:
            self._context = None
            raise DecodeError(f"not a whole JPEG picture ({len(data)} bytes)")
        return frames[0].reformat(format=PIXELS, dst_color_range=ColorRange.JPEG)

    def _open(self) -> VideoCodecContext:
        if self._context is None:
            self._context = av.CodecContext.create("mjpeg", "r")
            self._context.thread_count = 1
            self._context.options = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}
        return self._context


def half(frame: VideoFrame) -> VideoFrame:
    """Returns the picture at half its width and height, each rounded up to even; every pixel counts: text stays."""
    width, height = (-(-size // 4) * 2 for size in (frame.width, frame.height))
    return frame.reformat(width, height, PIXELS, interpolation=Interpolation.AREA, dst_color_range=ColorRange.JPEG)


def _even(frame: VideoFrame) -> VideoFrame:
    if frame.width % 2 == 0 and frame.height % 2 == 0:
        return frame
    padded = VideoFrame(frame.width + frame.width % 2, frame.height + frame.height % 2, PIXELS)
    padded.color_range = ColorRange.JPEG
    for source, target in zip(frame.planes, padded.planes, strict=True):
        pixels = pixels_of(source)
        rows, columns = target.height - source.height, target.width - source.width
        pixels_of(target)[:] = np.pad(pixels, ((0, rows), (0, columns)), mode="edge")
    return padded


def pixels_of(plane: VideoPlane) -> NDArray[np.uint8]:
    """Returns the plane's own memory, a row for each line of the picture."""
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def encode_jpeg(picture: VideoFrame, *, quality: int) -> bytes:
    """Returns the picture as one JPEG file.

    Args:
        picture: in `PIXELS`.
        quality: FFmpeg's, 2 (best) to 31.

    Raises:
        av.FFmpegError
    """
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, PIXELS
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(quality), "qmax": str(quality)}
    picture.pts = 0
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
