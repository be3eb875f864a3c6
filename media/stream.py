"""A run's live picture: decoded once, encoded once per codec and rendition, handed to any number of viewers."""

import asyncio
import time
from collections.abc import Callable

from media.adaptation import Adaptation
from media.curtain import CurtainedFrames
from media.encode_loop import EncodeLoop
from media.frames import Codec, FrameSink, LatestFrame
from media.scheduler import EncodeScheduler
from media.stats import StreamStats
from media.subscription import Subscription
from media.watch_counter import StreamWatch, WatchCounter


class LiveStream:
    """Encodes the newest picture for whoever watches, and does nothing while nobody does.

    Belongs to one event loop's thread; decoding and encoding have a thread of their own, which lives from the first
    subscription to the last.
    """

    def __init__(
        self,
        latest: LatestFrame,
        *,
        fps: int = 30,
        bitrate: int = 2_500_000,
        idle_fps: float = 2.0,
        depth: int = 30,
        linger: float = 2.0,
        on_watched: Callable[[bool], None] | None = None,
    ) -> None:
        """
        Args:
            latest: where the pictures are that everybody may see.
            fps: the most pictures per second to encode.
            bitrate: ceiling of each codec, in bits per second.
            idle_fps: how often a second a still picture is repeated.
            depth: how many frames a viewer may be behind before it is dropped to the next keyframe.
            linger: seconds from the last viewer's leaving to `on_watched(False)`, so that a reconnect costs nothing.
            on_watched: called on the loop with True for the first viewer and False after the last one.
        """
        self._curtain = CurtainedFrames(latest)
        self._depth = depth
        self._stats = StreamStats(fps=fps)
        self._watch_counter = WatchCounter(self._stats, linger=linger, on_watched=on_watched)
        self._adaptation = Adaptation(bitrate=bitrate, fps=fps, on_request=self._wake)
        self._scheduler = EncodeScheduler(self._curtain, self._adaptation, fps=fps, idle_fps=idle_fps)
        self._encode_loop = EncodeLoop(self._adaptation, self._scheduler, self._stats, bitrate=bitrate, fps=fps)
        self._task: asyncio.Task[None] | None = None

    @property
    def stats(self) -> StreamStats:
        """Live figures, not a copy."""
        return self._stats

    @property
    def latest(self) -> LatestFrame:
        """The pictures that everybody may see."""
        return self._curtain.front

    @property
    def sink(self) -> FrameSink:
        """Where captured pictures go, and before which the curtain is closed or open."""
        return self._curtain

    def clear(self) -> None:
        """Forgets all pictures: the page is gone."""
        self._curtain.clear()

    def frames_for(self, viewer: str) -> LatestFrame:
        """Returns where this viewer's pictures are; to be asked again for each."""
        return self._curtain.frames_for(viewer)

    def close_curtain(self, viewer: str, still: bytes, *, width: int, height: int) -> None:
        """Shows everybody but this viewer a still picture from now on; see `media.curtain.CurtainedFrames.close`."""
        self._curtain.close(viewer, still, width=width, height=height, now=time.time())
        self._on_curtain()

    def open_curtain(self) -> None:
        """Shows everybody the page again. Safe to repeat."""
        self._curtain.open(now=time.time())
        self._on_curtain()

    @property
    def yields(self) -> bool:
        """Whether capture gives way while the machine is short of CPU: there is work that must not wait for it."""
        return self._scheduler.yields

    @yields.setter
    def yields(self, yields: bool) -> None:
        self._scheduler.yields = yields

    def subscribe(self, codec: Codec, *, pinned: bool = False, viewer: str | None = None) -> Subscription:
        """Joins the stream; the first frame that comes is a keyframe, at once when there is a picture.

        Args:
            codec: what the viewer decodes.
            pinned: stay on the full rendition, whatever is reported; for one that adapts by itself (LiveKit).
            viewer: who watches, where the curtain may be open for them alone.

        Raises:
            StreamClosed
        """
        self._watch_counter.add()
        subscription = self._adaptation.join(
            codec, depth=self._depth, pinned=pinned, on_close=self._on_subscription_closed, viewer=viewer
        )
        self._stats.count_viewers(self._adaptation.viewers())
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._encode_loop.run())
        subscription.request_keyframe()
        return subscription

    def watch(self) -> StreamWatch:
        """Counts as a viewer without having anything encoded; close it, or use it in a `with` statement.

        Raises:
            StreamClosed
        """
        self._watch_counter.add()
        return StreamWatch(self._watch_counter.remove)

    async def aclose(self) -> None:
        """Closes every subscription and waits for the thread to end. Safe to repeat."""
        self._watch_counter.close()
        for subscription in self._adaptation.subscriptions():
            subscription.close()
        await self.idle()
        self._watch_counter.end()

    async def idle(self) -> None:
        """Waits until nothing is encoded any more and the thread has ended: all subscriptions are closed."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _on_subscription_closed(self, subscription: Subscription) -> None:
        self._adaptation.leave(subscription)
        self._stats.count_viewers(self._adaptation.viewers())
        self._wake()
        self._watch_counter.remove()

    def _on_curtain(self) -> None:
        self._adaptation.set_behind(self._curtain.viewer)
        self._scheduler.on_curtain()
        self._wake()

    def _wake(self) -> None:
        self._scheduler.wake()
