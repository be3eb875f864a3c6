"""The thread of one stream: decodes each picture once, scales it once per size, encodes it once per encoding."""

import asyncio
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from av.video.frame import VideoFrame

from media.coding.encoder import Encoder
from media.coding.jpeg import JpegDecoder, half
from media.frames import EncodedFrame, JpegFrame
from media.renditions import EncodingKey

THREAD_PREFIX = "jumpseat-stream"


@dataclass(frozen=True, slots=True)
class EncodeJob:
    """One picture to encode for the viewers of one encoding."""

    picture: JpegFrame
    key: EncodingKey
    captured_at: float
    """Seconds of `time.time()`; later than the picture's own when a still picture is repeated."""
    pts: int
    """The same in ticks of 1/90000 s, strictly rising from picture to picture and one for all encodings."""
    keyframe: bool
    bitrate: int
    """Bits per second."""


class EncodeWorker:
    """Owns the thread, the decoder and the encoders. Jobs are given one at a time, from the event loop."""

    def __init__(self, *, bitrate: int, fps: int) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=THREAD_PREFIX)
        self._bitrate = bitrate
        self._fps = fps
        self._jpeg = JpegDecoder()
        self._decoded: tuple[JpegFrame, VideoFrame] | None = None
        self._halved: tuple[JpegFrame, VideoFrame] | None = None
        self._encoders: dict[EncodingKey, Encoder] = {}
        self._decodes = 0
        self.decode_ms = 0.0
        """How long the latest decode took."""
        self.encode_ms = 0.0
        """How long the latest encode took."""

    async def encode(self, job: EncodeJob) -> EncodedFrame | None:
        """Does one job in the thread; None when the encoder left the picture out.

        Raises:
            DecodeError, EncodeError
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, job)

    def take_decodes(self) -> int:
        """Returns how many pictures have been decoded since the last call."""
        decodes, self._decodes = self._decodes, 0
        return decodes

    def retain(self, keys: Collection[EncodingKey]) -> None:
        """Frees the encoders of all other encodings."""
        self._encoders = {key: encoder for key, encoder in self._encoders.items() if key in keys}

    def close(self) -> None:
        """Ends the thread, which is idle between two jobs."""
        self._executor.shutdown(wait=True)
        self._encoders.clear()

    def _run(self, job: EncodeJob) -> EncodedFrame | None:
        picture = self._picture(job)
        encoder = self._encoders.get(job.key)
        if encoder is None:
            encoder = self._encoders[job.key] = self._new_encoder(job.key)
        encoder.set_bitrate(job.bitrate)
        start = time.perf_counter()
        try:
            return encoder.encode(picture, captured_at=job.captured_at, pts=job.pts, keyframe=job.keyframe)
        finally:
            self.encode_ms = (time.perf_counter() - start) * 1000

    def _new_encoder(self, key: EncodingKey) -> Encoder:
        bitrate, fps = key.rendition.ceiling(self._bitrate), key.rendition.fps(self._fps)
        return Encoder(codec=key.codec, bitrate=bitrate, fps=fps)

    def _picture(self, job: EncodeJob) -> VideoFrame:
        full = self._decode(job.picture)
        if job.key.rendition.divisor == 1:
            return full
        if self._halved is None or self._halved[0] is not job.picture:
            self._halved = (job.picture, half(full))
        return self._halved[1]

    def _decode(self, jpeg: JpegFrame) -> VideoFrame:
        if self._decoded is None or self._decoded[0] is not jpeg:
            start = time.perf_counter()
            self._decoded = (jpeg, self._jpeg.decode(jpeg.data))
            self._decodes += 1
            self.decode_ms = (time.perf_counter() - start) * 1000
        return self._decoded[1]
