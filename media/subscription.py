"""One viewer's place in a stream."""

import asyncio
import logging
from collections import deque
from typing import Protocol

from media.adaptation import Rendition
from media.errors import StreamClosed
from media.frames import Codec, EncodedFrame
from media.rate.rate_control import BitrateMeter

logger = logging.getLogger(__name__)


class SubscriptionHost(Protocol):
    """What a subscription asks of its stream."""

    def load(self, subscription: "Subscription") -> tuple[int, int]: ...
    def pace(self, subscription: "Subscription") -> float: ...
    def request_keyframe(self, subscription: "Subscription") -> None: ...
    def note_cap(self, subscription: "Subscription", bitrate: int) -> None: ...
    def on_remb(self, subscription: "Subscription", bitrate: int) -> None: ...
    def on_receiver_report(self, subscription: "Subscription", lost: float, round_trip: float | None) -> None: ...
    def unsubscribe(self, subscription: "Subscription") -> None: ...


class Subscription:
    """A bounded queue of encoded frames that always starts, and after a drop starts again, with a keyframe.

    Its frames change their size when the viewer moves to another rendition, at a keyframe; timestamps go on rising.

    Belongs to the event loop's thread, with one reader.
    """

    def __init__(self, host: SubscriptionHost, codec: Codec, *, depth: int) -> None:
        self.codec = codec
        self.rendition = Rendition.FULL
        """What the frames that come are of; its stream sets it."""
        self.meter = BitrateMeter()
        """Of what the viewer is given, whatever the rendition; its stream keeps it."""
        self._host = host
        self._depth = depth
        self._queue: deque[EncodedFrame] = deque()
        self._ready = asyncio.Event()
        self._started = False
        self._broken = True
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many frames this viewer has missed because it was too slow."""
        return self._dropped

    @property
    def closed(self) -> bool:
        return self._closed

    async def recv(self) -> EncodedFrame:
        """The next frame, in order.

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
            self._host.request_keyframe(self)

    @property
    def load(self) -> tuple[int, int]:
        """What this viewer has been given lately and what its encoder aims at, both in bits per second."""
        return self._host.load(self)

    @property
    def pace(self) -> float:
        """How fast a large frame may leave for this viewer, in bits per second.

        Raises:
            StreamClosed: this subscription or its stream has been closed.
        """
        if self._closed:
            raise StreamClosed("the stream has been closed")
        return self._host.pace(self)

    def set_target_bitrate(self, bitrate: int) -> None:
        """Limits how many bits per second this viewer gets; good for ten seconds."""
        if not self._closed:
            self._host.note_cap(self, bitrate)

    def on_remb(self, bitrate: int) -> None:
        """Takes in what this viewer's receiver believes to be able to take (REMB), in bits per second."""
        if not self._closed:
            self._host.on_remb(self, bitrate)

    def on_receiver_report(self, *, lost: float, round_trip: float | None) -> None:
        """Takes in what a receiver report says (RFC 3550 §6.4.2).

        Args:
            lost: share of the packets lost since the report before, 0 to 1.
            round_trip: seconds, as just measured; None when this report has none.
        """
        if not self._closed:
            self._host.on_receiver_report(self, lost, round_trip)

    def close(self) -> None:
        """Leaves the stream; `recv` raises `StreamClosed` from now on. Safe to repeat."""
        if self._closed:
            return
        self._closed = True
        self._queue.clear()
        self._ready.set()
        self._host.unsubscribe(self)

    def offer(self, frame: EncodedFrame) -> int:
        """Takes a frame from the stream; returns how many frames were dropped for it.

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
                self._host.request_keyframe(self)
                return self._drop(lost + 1)
        self._started, self._broken = True, False
        self._queue.append(frame)
        self._ready.set()
        return self._drop(lost)

    def _drop(self, count: int) -> int:
        self._dropped += count
        return count
