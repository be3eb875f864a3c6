"""Whether this machine's PyAV can do what a stream needs."""

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import av
from av.video.frame import VideoFrame

from media.coding.encoder import Encoder
from media.coding.jpeg import PIXELS, JpegDecoder
from media.errors import EncodeError, MediaError
from media.frames import Codec
from media.rtp.clock import TIME_BASE

LIBRARIES = {Codec.H264: "libx264", Codec.VP8: "libvpx"}


class CodecCheck(NamedTuple):
    name: str
    ok: bool
    detail: str
    """What works, or what went wrong and what to do about it."""


def check() -> list[CodecCheck]:
    """Decodes one JPEG and encodes one picture with each codec, for real; takes some milliseconds."""
    return [
        _attempt("JPEG (mjpeg)", _decode),
        *(_attempt(f"{c} ({lib})", partial(_encode, c)) for c, lib in LIBRARIES.items()),
    ]


def _attempt(name: str, work: Callable[[], str]) -> CodecCheck:
    try:
        return CodecCheck(name, True, work())
    except (MediaError, av.FFmpegError, ValueError) as error:
        return CodecCheck(name, False, f"{error}; install the binary wheel of PyAV: pip install --force-reinstall av")


def _picture() -> VideoFrame:
    picture = VideoFrame(64, 48, PIXELS)
    for plane in picture.planes:
        plane.update(bytes(plane.buffer_size))
    return picture


def _decode() -> str:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, PIXELS
    encoder.time_base = TIME_BASE
    picture = JpegDecoder().decode(b"".join(bytes(packet) for packet in encoder.encode(_picture())))
    return f"decodes ({picture.width}x{picture.height})"


def _encode(codec: Codec) -> str:
    frame = Encoder(codec=codec).encode(_picture(), captured_at=time.time(), keyframe=True)
    if frame is None or not frame.keyframe:
        raise EncodeError("the encoder gave no keyframe for its first picture")
    return f"encodes ({len(frame.data)} bytes)"
