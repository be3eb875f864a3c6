"""A stream of a test's own, with times of its own, and what a recorder makes of it."""

from __future__ import annotations

import asyncio
import io
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media.coding.encoder import Encoder
from media.errors import StreamClosed
from media.frames import Codec, EncodedFrame, LatestFrame
from media.recording.movie import Chapter, compose, playable
from media.recording.recorder import StreamRecorder
from media.recording.segment import Segment

Pixels = NDArray[np.uint8]
BEGAN = 1_700_000_000.0
"""When the first picture was captured, in seconds of `time.time()`."""


class ScriptedFeed:
    """Implements `media.recording.recorder.FrameFeed`: encodes the next picture when it is asked for."""

    def __init__(self, stream: ScriptedStream) -> None:
        self._stream = stream
        self._wants_keyframe = True

    async def recv(self) -> EncodedFrame:
        frame = await self._stream.next(keyframe=self._wants_keyframe)
        self._wants_keyframe = False
        return frame

    def request_keyframe(self) -> None:
        self._stream.keyframes_asked_for += 1
        self._wants_keyframe = True

    def close(self) -> None:
        self._stream.open -= 1


class ScriptedStream:
    """Implements `media.recording.recorder.RecordedStream`: shows each picture at its second, then nothing more."""

    def __init__(self, pictures: Iterable[tuple[float, Pixels]]) -> None:
        """``pictures``: the seconds from the beginning, and RGB; the same array again is no new picture."""
        self.latest = LatestFrame()
        self.open = 0
        self.keyframes_asked_for = 0
        self.ended = asyncio.Event()
        self._pictures = deque(pictures)
        self._shown: Pixels | None = None
        self._encoder = Encoder(codec=Codec.H264)

    def subscribe(self, codec: Codec, *, pinned: bool = False) -> ScriptedFeed:
        assert (codec, pinned) == (Codec.H264, True)
        self.open += 1
        return ScriptedFeed(self)

    async def next(self, *, keyframe: bool) -> EncodedFrame:
        if not self._pictures:
            self.ended.set()
            await asyncio.Event().wait()
        second, pixels = self._pictures.popleft()
        if pixels is not self._shown:
            self.latest.put(b"", width=pixels.shape[1], height=pixels.shape[0], captured_at=BEGAN + second)
        self._shown = pixels
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        frame = self._encoder.encode(picture, captured_at=BEGAN + second, keyframe=keyframe)
        if frame is None:
            raise StreamClosed("the encoder has left a picture out")
        return frame


class MemoryFiles:
    """Implements `media.recording.recorder.SegmentFiles`."""

    def __init__(self, *, refused: Iterable[int] = ()) -> None:
        """``refused``: which attempts to save fail, counted from 0."""
        self.all: dict[int, bytes] = {}
        self._refused = set(refused)
        self._tried = 0

    def save(self, start: int, data: bytes) -> None:
        self._tried += 1
        if self._tried - 1 in self._refused:
            raise OSError("the disk is full")
        self.all[start] = data

    def remove(self, start: int) -> None:
        del self.all[start]


class Recorded:
    """A recording that is over."""

    def __init__(self, stream: ScriptedStream, files: MemoryFiles, recorder: StreamRecorder, lost: list[str]) -> None:
        self.stream = stream
        self.files = files
        self.recorder = recorder
        self.lost = lost

    @property
    def segments(self) -> tuple[Segment, ...]:
        return playable(self.recorder.segments)

    def mp4(self, chapters: Sequence[Chapter] = ()) -> bytes:
        """The whole file, as it is sent."""
        movie = compose(self.segments, chapters)
        data = movie.head + b"".join(self.files.all[segment.start] for segment in movie.segments)
        assert len(data) == movie.size
        return data


async def record(
    pictures: Iterable[tuple[float, Pixels]],
    *,
    refused: Iterable[int] = (),
    most_bytes: int = 100_000_000,
    most_seconds: int | None = None,
) -> Recorded:
    """Records the pictures until there are no more."""
    stream, files, lost = ScriptedStream(pictures), MemoryFiles(refused=refused), list[str]()
    recorder = StreamRecorder(stream, files, most_bytes=most_bytes, most_seconds=most_seconds, on_lost=lost.append)
    work = asyncio.create_task(recorder.work())
    async with asyncio.timeout(120):
        await stream.ended.wait()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return Recorded(stream, files, recorder, lost)


def decode(mp4: bytes) -> list[tuple[float, VideoFrame]]:
    """Every picture with its second; fails where anything of the file is wrong."""
    with av.open(io.BytesIO(mp4), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [(float(frame.time or 0), frame) for frame in container.decode(video=0)]


def shown_at(mp4: bytes, seconds: float) -> VideoFrame:
    """What a player shows that was told to go there."""
    found = [frame for at, frame in decode(mp4) if at <= seconds]
    return found[-1]


def every(seconds: float, count: int, picture: Callable[[int], Pixels]) -> list[tuple[float, Pixels]]:
    """So many pictures, one each so many seconds."""
    return [(number * seconds, picture(number)) for number in range(count)]
