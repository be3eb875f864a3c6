"""Records a stream: the frames that viewers get, in files of some seconds each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import av

from media.aio import Backoff
from media.errors import StreamClosed
from media.frames import CLOCK_RATE, Codec, EncodedFrame, LatestFrame
from media.recording.segment import RecordedFrame, Segment, UnreadableSegment, mux, parameter_sets, read

SEGMENT_SECONDS = 4
"""What is lost at most when the process is killed."""
LEAST_SECONDS = 1
"""A keyframe begins a segment, so that what is left of a ring does, but not each of those that come in a row."""
KEYFRAME_SECONDS, KEYFRAME_FRAMES = 10, 60
"""A keyframe is asked for once both have passed since the last: a player decodes from one to get to where it is told
to go, and on a still page, of two frames a second, a keyframe costs more than all between."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class FrameFeed(Protocol):
    """What is needed of a `media.subscription.Subscription`."""

    async def recv(self) -> EncodedFrame: ...
    def request_keyframe(self) -> None: ...
    def close(self) -> None: ...


class RecordedStream(Protocol):
    """What is needed of a `media.stream.LiveStream`."""

    @property
    def latest(self) -> LatestFrame: ...
    def subscribe(self, codec: Codec, *, pinned: bool = False) -> FrameFeed: ...


class SegmentFiles(Protocol):
    """Where the files go; called in a thread of its own, one call at a time."""

    def save(self, start: int, data: bytes) -> None:
        """Keeps a segment that begins at this tick. Raises OSError."""

    def remove(self, start: int) -> None:
        """Removes it. Raises OSError."""


class StreamRecorder:
    """Takes one viewer's place on the full rendition, and keeps what it gets; the oldest goes where it is too much.

    What cannot be written is lost and counted, and the recording goes on with the next keyframe: a disk that is full
    changes nothing but the recording. Belongs to the event loop's thread.
    """

    def __init__(
        self,
        stream: RecordedStream,
        files: SegmentFiles,
        *,
        most_bytes: int,
        most_seconds: int | None = None,
        on_lost: Callable[[str], None],
    ) -> None:
        """
        Args:
            stream: what to record.
            files: where to.
            most_bytes: of all files together.
            most_seconds: how much is kept of what came last; None: all.
            on_lost: called with the reason when frames could not be kept.
        """
        self._stream = stream
        self._files = files
        self._most_bytes = most_bytes
        self._most_ticks = None if most_seconds is None else most_seconds * CLOCK_RATE
        self._on_lost = on_lost
        self._segments: list[Segment] = []
        self._pending: list[RecordedFrame] = []
        self._began_with = b""
        self._keyframe: EncodedFrame | None = None
        """The last one; None where what comes cannot be decoded before the next."""
        self._since_keyframe = 0
        self._seen = 0
        self._came_at = 0.0
        self._is_paused = False
        self._fit_from: float | None = None
        """Seconds of `time.time()`: pictures from before were captured while it was paused; None: none was."""
        self._sent_from: float | None = None
        """When there was a picture from after that; None: there has not been one."""
        self.lost = 0
        """How many frames could not be kept."""

    @property
    def segments(self) -> Sequence[Segment]:
        """What has been recorded so far and is still there."""
        return tuple(self._segments)

    async def work(self) -> None:
        """Records until the stream is closed or this is cancelled, and writes then what it has."""
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        try:
            while True:
                subscription = self._stream.subscribe(Codec.H264, pinned=True)
                try:
                    await self._record(subscription)
                except StreamClosed:  # its encoding has failed, or it ends: the next attempt tells
                    await self._cut(self._now())
                finally:
                    subscription.close()
                await asyncio.sleep(backoff.next())
        except StreamClosed:
            return
        finally:
            await self._cut(self._now())

    def pause(self) -> None:
        """Keeps nothing of what is captured from now on: it shows what may be seen live, and is not to be stored."""
        self._is_paused = True

    def resume(self) -> None:
        """Goes on with the first picture that is captured from now on. Safe to repeat."""
        if self._is_paused:
            self._is_paused, self._fit_from, self._sent_from = False, time.time(), None

    async def _record(self, subscription: FrameFeed) -> None:
        self._keyframe = None
        while True:
            frame = await subscription.recv()
            if not self._may_keep(frame):
                self._keyframe = None
                continue
            if frame.keyframe or self._keyframe is not None:
                await self._take(frame)
            else:
                self.lost += 1
            if self._keyframe is None or self._wants_keyframe(frame):
                subscription.request_keyframe()

    def _may_keep(self, frame: EncodedFrame) -> bool:
        """Returns whether the frame shows a picture that was captured while recording was not paused.

        A frame does not tell when its picture was captured, as a still one is repeated: but one that was begun after a
        newer picture had come shows none before that.
        """
        if self._is_paused or self._fit_from is None:
            return not self._is_paused
        newest = self._stream.latest.newest
        if self._sent_from is None and newest is not None and newest.captured_at >= self._fit_from:
            self._sent_from = time.time()
        if self._sent_from is None or frame.captured_at < self._sent_from:
            return False
        self._fit_from = None
        return True

    async def _take(self, frame: EncodedFrame) -> None:
        if self._pending and self._ends_before(frame):
            await self._cut(frame.pts)
        if frame.keyframe:
            self._keyframe, self._since_keyframe = frame, 0
        if self._keyframe is None:  # what it needs was lost with the segment before
            self.lost += 1
            return
        if not self._pending:
            self._began_with = self._keyframe.data
        newest = self._stream.latest.newest
        is_fresh = newest is not None and newest.seq != self._seen
        self._seen = newest.seq if newest is not None else 0
        self._pending.append(RecordedFrame(frame, is_fresh))
        self._since_keyframe += 1
        self._came_at = asyncio.get_running_loop().time()

    def _ends_before(self, frame: EncodedFrame) -> bool:
        first = self._pending[0].frame
        seconds = (frame.pts - first.pts) / CLOCK_RATE
        if seconds >= SEGMENT_SECONDS or (frame.width, frame.height) != (first.width, first.height):
            return True
        is_new = frame.keyframe and parameter_sets(frame.data) != parameter_sets(self._began_with)
        return is_new or (frame.keyframe and seconds >= LEAST_SECONDS)

    def _wants_keyframe(self, frame: EncodedFrame) -> bool:
        if self._keyframe is None or self._since_keyframe < KEYFRAME_FRAMES:
            return False
        return frame.pts - self._keyframe.pts >= KEYFRAME_SECONDS * CLOCK_RATE

    def _now(self) -> int:
        """Returns the time in the stream's ticks, as far as its last frame tells."""
        if not self._pending:
            return 0
        passed = asyncio.get_running_loop().time() - self._came_at
        return self._pending[-1].frame.pts + int(passed * CLOCK_RATE)

    async def _cut(self, end: int) -> None:
        """Ends the segment, and waits until it is written: meanwhile the subscription holds what comes, or drops it."""
        frames, self._pending = self._pending, []
        if not frames:
            return
        try:
            segment = await asyncio.to_thread(self._write, frames, end, self._began_with)
        except (OSError, av.FFmpegError, UnreadableSegment) as error:
            self.lost += len(frames)
            self._keyframe = None
            self._on_lost(str(error))
            return
        self._segments.append(segment)
        await asyncio.to_thread(self._remove, self._surplus())

    def _write(self, frames: Sequence[RecordedFrame], end: int, keyframe: bytes) -> Segment:
        data = mux(frames, end=end, keyframe=keyframe)
        start = frames[0].frame.pts
        segment = read(data, start=start)
        self._files.save(start, data)
        return segment

    def _surplus(self) -> list[Segment]:
        """Takes the oldest segments out until the rest is no more than may be kept."""
        found = []
        size = sum(segment.size for segment in self._segments)
        while len(self._segments) > 1 and (size > self._most_bytes or self._is_too_long()):
            oldest = self._segments.pop(0)
            size -= oldest.size
            found.append(oldest)
        return found

    def _is_too_long(self) -> bool:
        """Returns whether enough is left without the oldest."""
        return self._most_ticks is not None and self._segments[-1].end - self._segments[0].end > self._most_ticks

    def _remove(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            try:
                self._files.remove(segment.start)
            except OSError as error:
                self._on_lost(str(error))
