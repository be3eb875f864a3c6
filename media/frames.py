"""The shapes that pictures travel in, and the mailbox between capture and everybody who looks."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from media.rtp.payload import h264_payloads, vp8_payloads

CLOCK_RATE = 90_000
"""Ticks per second of `EncodedFrame.pts`, the RTP clock of every video codec (RFC 3551 §5)."""


class Codec(StrEnum):
    """A video codec, by its name in SDP."""

    H264 = "H264"
    VP8 = "VP8"


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """One captured picture of the page, as Chromium made it."""

    data: bytes
    """A whole JPEG file."""
    seq: int
    """Counts up from 1 within one `LatestFrame`; never reused."""
    captured_at: float
    """When the picture was taken, in seconds of `time.time()`."""
    width: int
    """Width of the viewport in CSS pixels, the page's coordinate space; not the JPEG's own size."""
    height: int
    """Height of the viewport in CSS pixels."""


@dataclass(frozen=True)
class EncodedFrame:
    """One encoded picture, shared unchanged by every viewer of its codec."""

    data: bytes
    """H.264: Annex B, with SPS and PPS in front of every keyframe. VP8: one frame."""
    codec: Codec
    keyframe: bool
    pts: int
    """Presentation time in ticks of 1/90000 s; strictly rising within one stream and codec."""
    captured_at: float
    """When the page looked like this, in seconds of `time.time()`."""
    width: int
    """Width of the picture in pixels, always even."""
    height: int
    """Height of the picture in pixels, always even."""

    @cached_property
    def payloads(self) -> tuple[bytes, ...]:
        """The frame as RTP payloads, which are made for the first viewer that is sent it and shared by all others."""
        return h264_payloads(self.data) if self.codec is Codec.H264 else vp8_payloads(self.data)


class FrameSink(Protocol):
    """Where capture puts its pictures."""

    @property
    def fps(self) -> float | None:
        """The most pictures a second that are of use right now; None: as many as were asked for."""
        ...

    def put(self, data: bytes, *, width: int, height: int, captured_at: float) -> object: ...


class LatestFrame:
    """A mailbox of depth one: the newest picture wins, and what nobody took in time is counted.

    Belongs to one event loop's thread. Any number of readers may wait at the same time, each with the number of the
    last frame that it has seen.

    The newest picture stays when capture stops: it is what the page looked like when somebody last watched, and its
    `captured_at` says when that was. Call `clear` once the page itself is gone.
    """

    def __init__(self) -> None:
        self._newest: JpegFrame | None = None
        self._seq = 0
        self._taken = True
        self._dropped = 0
        self._changed = asyncio.Event()
        self.fps: float | None = None
        """The most pictures a second that whoever encodes them keeps up with; None while nobody encodes."""

    @property
    def newest(self) -> JpegFrame | None:
        """The newest picture, or None before the first one and after `clear`."""
        return self._newest

    @property
    def dropped(self) -> int:
        """How many pictures were replaced before any reader took them with `after`."""
        return self._dropped

    def put(self, data: bytes, *, width: int, height: int, captured_at: float) -> JpegFrame:
        """Replaces the newest picture and wakes the readers.

        Args:
            data: a JPEG file; it is not looked at here.
            width: viewport width in CSS pixels.
            height: viewport height in CSS pixels.
            captured_at: seconds of `time.time()`.
        """
        self._dropped += not self._taken
        self._taken = False
        self._seq += 1
        self._newest = JpegFrame(data, self._seq, captured_at, width, height)
        self._changed.set()
        self._changed = asyncio.Event()
        return self._newest

    async def after(self, seq: int) -> JpegFrame:
        """Waits for a picture that is newer than number `seq`; 0 takes whatever is there."""
        while (frame := self._newest) is None or frame.seq <= seq:
            await self._changed.wait()
        self._taken = True
        return frame

    def skip_to(self, other: "LatestFrame") -> None:
        """Goes on counting from where the other is, so that whoever goes over from it waits for nothing twice."""
        self._seq = max(self._seq, other._seq)

    def clear(self) -> None:
        """Forgets the picture, because the page that it shows is gone; numbers go on from where they were."""
        self._newest = None
        self._taken = True
