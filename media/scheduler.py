"""When which picture of a stream is encoded."""

import asyncio
import time
from typing import NamedTuple

from media.adaptation import Adaptation
from media.curtain import CurtainedFrames
from media.encoding import Encoding
from media.frames import JpegFrame
from media.rate.cpu_pressure import CpuPressure
from media.rate.throttles import CaptureThrottle, EncodeThrottle


class Turn(NamedTuple):
    """A picture whose time has come."""

    picture: JpegFrame
    captured_at: float
    """Seconds of `time.time()`; later than the picture's own when a still picture is repeated."""
    now: float
    """Seconds of the loop's clock."""
    fresh: bool
    """Nobody has been shown this picture yet."""
    behind: bool
    """Only the one viewer may see it for whom the curtain is open."""
    dropped: int
    """Pictures between the one before and this that nobody will see."""


class EncodeScheduler:
    """Waits for whatever is due first: a new picture, a keyframe, or the repetition of a still picture.

    It also decides how many pictures a second the machine can do, and asks capture for no more. All times in seconds of
    the loop's clock.
    """

    def __init__(self, curtain: CurtainedFrames, adaptation: Adaptation, *, fps: int, idle_fps: float) -> None:
        """
        Args:
            curtain: where the pictures come from.
            adaptation: the encodings.
            fps: the most pictures per second to encode.
            idle_fps: how often a second a still picture is repeated.
        """
        self._curtain = curtain
        self._source = curtain.front
        """Where the pictures came from last."""
        self._adaptation = adaptation
        self._idle = 1 / idle_fps
        self._encode_throttle = EncodeThrottle(fps)
        self._capture_throttle = CaptureThrottle(fps)
        self._pressure = CpuPressure()
        self.yields = True
        """Whether capture gives way while the machine is short of CPU."""
        self._alarm: asyncio.Timeout | None = None
        self._seen = 0
        self._picture: JpegFrame | None = None
        self._slot = 0.0
        self._repeat_at = 0.0

    @property
    def fps(self) -> float:
        """Pictures per second that are encoded at most right now."""
        return self._encode_throttle.fps

    def start(self) -> None:
        """Begins with the newest picture that there is."""
        self._source = self._curtain.live
        newest = self._source.newest
        if newest is not None:
            self._picture, self._seen = newest, newest.seq

    def stop(self) -> None:
        """Leaves the capture rate to others: nothing is encoded any more."""
        self._curtain.front.fps = None

    def wake(self) -> None:
        """Looks again at what is due first: something has been asked for, or somebody has left."""
        if self._alarm is not None and not self._alarm.expired():
            self._alarm.reschedule(self._deadline())

    def on_curtain(self) -> None:
        """Has everybody be shown at once what they may see by now: the curtain was closed, or opened."""
        self._repeat_at = _now()
        self._picture = self._curtain.live.newest

    async def next_turn(self) -> Turn | None:
        """Waits for the next picture to encode; None when there is none to show, or nobody to show it to."""
        fresh = await self._next_picture()
        now, behind = _now(), self._curtain.viewer is not None
        self._slot = max(self._slot + 1 / self._encode_throttle.fps, now)
        if fresh is not None:
            dropped, self._seen = fresh.seq - self._seen - 1, fresh.seq
            return Turn(fresh, fresh.captured_at, now, fresh=True, behind=behind, dropped=dropped)
        shown = self._shown()
        return Turn(shown, time.time(), now, fresh=False, behind=behind, dropped=0) if shown is not None else None

    def due(self, turn: Turn) -> list[Encoding]:
        """Returns the encodings that the picture may be for; ask each again when it is its turn, as viewers may leave.

        Keyframes come first: one who goes over to another encoding must not get the same picture from the former, too.
        """
        active = self._adaptation.active()
        repeats = turn.now >= self._repeat_at
        if turn.fresh or repeats:
            self._repeat_at = self._repeat_at if self._curtain.still and not repeats else turn.now + self._idle
            for encoding in active:
                if repeats or encoding.behind or self._curtain.still is None:
                    encoding.mark_pending()
        return sorted(active, key=lambda encoding: not encoding.is_keyframe_due(turn.now))

    def picture_for(self, encoding: Encoding, turn: Turn) -> JpegFrame | None:
        """Returns what the encoding's viewers may see now: the turn's picture, or one in its place."""
        if encoding.behind:
            return turn.picture
        return self._curtain.still or (self._curtain.front.newest if turn.behind else turn.picture)

    def on_encoded(self, turn: Turn) -> None:
        """Records the picture to repeat while no other comes."""
        if turn.behind == (self._curtain.viewer is not None):
            self._picture = turn.picture

    def on_undecodable(self, picture: JpegFrame) -> None:
        """Does not repeat this picture, if it is the one to repeat."""
        if picture is self._picture:
            self._picture = None

    def on_turn_done(self, turn: Turn) -> None:
        """Slows encoding and capture down, or speeds them up, by how long the turn took and how busy the machine is."""
        now = _now()
        self._encode_throttle.on_encoded(now - turn.now, now)
        if (waited := self._pressure.share(now)) is not None:
            self._capture_throttle.on_pressure(waited, now)
        usable = self._encode_throttle.fps
        self._curtain.front.fps = min(usable, self._capture_throttle.fps) if self.yields else usable

    async def _next_picture(self) -> JpegFrame | None:
        await asyncio.sleep(self._slot - _now())
        if self._source is not self._curtain.live:
            self._source = self._curtain.live
            self._seen = self._source.newest.seq - 1 if self._source.newest else 0
        try:
            async with asyncio.timeout_at(self._deadline()) as self._alarm:
                picture = await self._source.after(self._seen)
                return picture if self._source is self._curtain.live else None
        except TimeoutError:
            return None
        finally:
            self._alarm = None

    def _deadline(self) -> float | None:
        """Returns when something must be encoded even without a new picture; None when there is nothing to show."""
        active = self._adaptation.active()
        if not active:
            return _now()
        if self._shown() is None:
            return None
        deadlines = [deadline for encoding in active if (deadline := encoding.deadline()) is not None]
        return min([self._repeat_at, *deadlines])

    def _shown(self) -> JpegFrame | None:
        """Returns the picture to repeat: the last good one, unless its page is gone."""
        return self._picture if self._curtain.live.newest is not None else None


def _now() -> float:
    return asyncio.get_running_loop().time()
