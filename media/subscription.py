"""One viewer's place in a stream."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from media.errors import StreamClosed
from media.frames import Codec, EncodedFrame
from media.rate.rate_control import BitrateMeter
from media.renditions import Rendition
from media.rtp.bandwidth import BandwidthEstimator

logger = logging.getLogger(__name__)


class FrameSource(Protocol):
    """What a subscription needs of the encoding whose frames it gets."""

    @property
    def rendition(self) -> Rendition: ...
    @property
    def behind(self) -> bool: ...
    @property
    def bitrate(self) -> int: ...
    def request_keyframe(self) -> None: ...
    def remove(self, subscription: "Subscription") -> None: ...


class Subscription:
    """A bounded queue of encoded frames that always starts, and after a drop starts again, with a keyframe.

    Its frames change their size when the viewer moves to another rendition, at a keyframe; timestamps go on rising.

    Belongs to the event loop's thread, with one reader.
    """

    def __init__(
        self,
        source: FrameSource,
        codec: Codec,
        *,
        bitrate: int,
        depth: int,
        on_close: Callable[["Subscription"], None],
        viewer: str | None = None,
    ) -> None:
        """
        Args:
            source: the encoding to start with.
            codec: what the viewer decodes.
            bitrate: the most that the viewer is ever sent, in bits per second.
            depth: how many frames may wait before the viewer is dropped to the next keyframe.
            on_close: called once, when the viewer leaves.
            viewer: who watches, where the curtain may be open for them alone.
        """
        self.codec = codec
        self.viewer = viewer
        self.source = source
        """The encoding whose frames come; its stream sets another one."""
        self.meter = BitrateMeter()
        """Of what the viewer is given, whatever the rendition; its encoding keeps it."""
        self.bandwidth = BandwidthEstimator(bitrate)
        """Of the path to the viewer."""
        self._depth = depth
        self._on_close = on_close
        self._queue: deque[EncodedFrame] = deque()
        self._ready = asyncio.Event()
        self._started = False
        self._broken = True
        self._closed = False
        self._dropped = 0

    @property
    def rendition(self) -> Rendition:
        """What the frames that come are of."""
        return self.source.rendition

    @property
    def dropped(self) -> int:
        """How many frames this viewer has missed because it was too slow."""
        return self._dropped

    @property
    def closed(self) -> bool:
        """Whether the viewer or the stream has closed it."""
        return self._closed

    async def recv(self) -> EncodedFrame:
        """Waits for the next frame, in order.

        Raises:
            StreamClosed: this subscription or its stream has been closed.
        """
        while not self._queue:
            if self._closed:
                raise StreamClosed("the stream has been closed")
            self._ready.clear()
            await self._ready.wait()
        return self._queue.popleft()

    def request_keyframe(self) -> None:
        """Asks for a keyframe soon: this viewer's picture is broken (PLI, FIR)."""
        if not self._closed:
            self.source.request_keyframe()

    @property
    def load(self) -> tuple[int, int]:
        """What this viewer has been given in the last two seconds and what its encoder aims at, in bits per second."""
        return self.meter.rate(_now()), self.source.bitrate

    @property
    def pace(self) -> float:
        """How fast a large frame may leave for this viewer, in bits per second.

        Raises:
            StreamClosed: this subscription or its stream has been closed.
        """
        if self._closed:
            raise StreamClosed("the stream has been closed")
        return self.bandwidth.pace

    def set_target_bitrate(self, bitrate: int) -> None:
        """Limits how many bits per second this viewer gets; good for ten seconds."""
        self.bandwidth.set_cap(bitrate, _now())

    def on_remb(self, bitrate: int) -> None:
        """Takes in what this viewer's receiver believes to be able to take (REMB), in bits per second."""
        sent, target = self.load
        self.bandwidth.on_remb(bitrate, sent=sent, target=target, now=_now())

    def on_receiver_report(self, *, lost: float, round_trip: float | None) -> None:
        """Takes in what a receiver report says (RFC 3550 §6.4.2).

        Args:
            lost: share of the packets lost since the report before, 0 to 1.
            round_trip: seconds, as just measured; None when this report has none.
        """
        sent, target = self.load
        self.bandwidth.on_receiver_report(lost=lost, round_trip=round_trip, sent=sent, target=target, now=_now())

    def restart(self, source: FrameSource) -> None:
        """Gets another encoding's frames from its next keyframe on, and nothing more of what still waits."""
        self.source, self._broken = source, True
        self._queue.clear()
        source.request_keyframe()

    def close(self) -> None:
        """Leaves the stream; `recv` raises `StreamClosed` from now on. Safe to repeat."""
        if self._closed:
            return
        self._closed = True
        self._queue.clear()
        self._ready.set()
        self._on_close(self)

    def offer(self, frame: EncodedFrame) -> int:
        """Takes a frame from the encoding; returns how many frames were dropped for it.

        A keyframe takes the place of all that still waits: who is behind is up to date again with it.
        """
        if self._broken and not frame.keyframe:
            return self._drop(1 if self._started else 0)
        lost = 0
        if frame.keyframe or len(self._queue) >= self._depth:
            lost = len(self._queue)
            self._queue.clear()
            if not frame.keyframe:
                self._broken = True
                self.source.request_keyframe()
                return self._drop(lost + 1)
        self._started, self._broken = True, False
        self._queue.append(frame)
        self._ready.set()
        return self._drop(lost)

    def _drop(self, count: int) -> int:
        self._dropped += count
        return count


def _now() -> float:
    return asyncio.get_running_loop().time()
