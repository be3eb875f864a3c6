"""Small pictures from big ones, each made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from fractions import Fraction

import av
from av.video.frame import VideoFrame

from media.frames import JpegFrame

SMALLEST, LARGEST = 16, 1920
_KEPT = 64
_QUALITY = 6
"""Of FFmpeg's 2 (best) to 31: a 320 pixel wide page takes about 8 kB."""


class Thumbnails:
    """Scales pictures, one at a time and outside the event loop's thread, and keeps the latest results."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._lock = asyncio.Lock()

    async def get(self, run_id: str, frame: JpegFrame, width: int) -> bytes:
        """A JPEG at most ``width`` pixels wide. Raises ValueError for a picture that cannot be decoded."""
        key = (run_id, frame.seq, width)
        async with self._lock:
            if key not in self._kept:
                self._kept[key] = await asyncio.to_thread(shrink, frame.data, width)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return self._kept.get(key, frame.data)


def shrink(jpeg: bytes, width: int) -> bytes:
    """The picture, ``width`` pixels wide where it was wider. Raises ValueError."""
    try:
        picture = _decode(jpeg)
        if picture.width <= width:
            return jpeg
        height = max(2, round(picture.height * width / picture.width / 2) * 2)
        return _encode(picture.reformat(width=width - width % 2, height=height, format="yuvj420p"))
    except av.FFmpegError as error:
        raise ValueError(f"this picture cannot be decoded: {error}") from error


def _decode(jpeg: bytes) -> VideoFrame:
    frames = av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))
    if not frames:
        raise ValueError("there is no picture in this JPEG")
    return frames[0]


def _encode(picture: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
    picture.pts = 0
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
