"""The thread of one stream: decodes each picture once, encodes it once per codec."""

import asyncio
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from av.video.frame import VideoFrame

from .encoder import Encoder
from .frames import Codec, EncodedFrame, JpegFrame
from .jpeg import JpegDecoder

THREAD_PREFIX = "jumpseat-stream"


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to encode for the viewers of one codec."""

    picture: JpegFrame
    codec: Codec
    captured_at: float
    """Seconds of `time.time()`; later than the picture's own when a still picture is repeated."""
    keyframe: bool
    bitrate: int
    """Bits per second."""


class Worker:
    """Owns the thread, the decoder and the encoders. Orders are given one at a time, from the event loop."""

    def __init__(self, *, bitrate: int, fps: int) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=THREAD_PREFIX)
        self._bitrate = bitrate
        self._fps = fps
        self._jpeg = JpegDecoder()
        self._decoded: tuple[int, VideoFrame] | None = None
        self._encoders: dict[Codec, Encoder] = {}
        self._decodes = 0
        self.decode_ms = 0.0
        """How long the latest decode took."""
        self.encode_ms = 0.0
        """How long the latest encode took."""

    async def encode(self, order: Order) -> EncodedFrame | None:
        """Does one order in the thread; None when the encoder left the picture out.

        Raises:
            DecodeError, EncodeError
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._work, order)

    def take_decodes(self) -> int:
        """How many pictures have been decoded since the last time this was asked."""
        decodes, self._decodes = self._decodes, 0
        return decodes

    def retain(self, codecs: Collection[Codec]) -> None:
        """Frees the encoders of all other codecs."""
        self._encoders = {codec: encoder for codec, encoder in self._encoders.items() if codec in codecs}

    def close(self) -> None:
        """Ends the thread, which is idle between two orders."""
        self._executor.shutdown(wait=True)
        self._encoders.clear()

    def _work(self, order: Order) -> EncodedFrame | None:
        picture = self._decode(order.picture)
        encoder = self._encoders.get(order.codec)
        if encoder is None:
            encoder = self._encoders[order.codec] = Encoder(codec=order.codec, bitrate=self._bitrate, fps=self._fps)
        encoder.set_bitrate(order.bitrate)
        start = time.perf_counter()
        frame = encoder.encode(picture, captured_at=order.captured_at, keyframe=order.keyframe)
        self.encode_ms = (time.perf_counter() - start) * 1000
        return frame

    def _decode(self, jpeg: JpegFrame) -> VideoFrame:
        if self._decoded is None or self._decoded[0] != jpeg.seq:
            start = time.perf_counter()
            self._decoded = (jpeg.seq, self._jpeg.decode(jpeg.data))
            self._decodes += 1
            self.decode_ms = (time.perf_counter() - start) * 1000
        return self._decoded[1]
