"""A run's live picture: decoded once, encoded once per codec, handed to any number of viewers."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from .errors import DecodeError, EncodeError, StreamClosed
from .frames import Codec, EncodedFrame, JpegFrame, LatestFrame
from .rate import KeyframeGate, Meter, RateControl
from .subscription import Subscription
from .worker import Order, Worker

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class StreamStats:
    """What a stream has done since it was made; every figure only grows unless its text says otherwise."""

    viewers: int = 0
    """Subscriptions and watches right now."""
    decoded: int = 0
    """JPEG pictures decoded."""
    undecodable: int = 0
    """JPEG pictures that could not be decoded."""
    dropped: int = 0
    """JPEG pictures that were replaced by a newer one before they could be encoded."""
    encoded: Counter[Codec] = field(default_factory=Counter)
    """Frames encoded."""
    keyframes: Counter[Codec] = field(default_factory=Counter)
    """Those of them that are keyframes."""
    skipped: Counter[Codec] = field(default_factory=Counter)
    """Pictures that the encoder left out to keep to its rate."""
    failed: Counter[Codec] = field(default_factory=Counter)
    """Pictures that the encoder failed on."""
    viewer_dropped: int = 0
    """Encoded frames that single viewers missed because they were too slow, all viewers together."""
    bitrate: dict[Codec, int] = field(default_factory=dict)
    """The latest target of each codec, in bits per second."""
    decode_ms: float = 0.0
    """How long the latest decode took."""
    encode_ms: dict[Codec, float] = field(default_factory=dict)
    """How long the latest encode of each codec took."""


class Watch:
    """Somebody who looks at the pictures before they are encoded (frame server); counts as a viewer until closed."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        self._on_close: Callable[[], None] | None = on_close

    def close(self) -> None:
        """Safe to repeat."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


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
            latest: where the pictures come from.
            fps: the most pictures per second to encode.
            bitrate: ceiling of each codec, in bits per second.
            idle_fps: how often a second a still picture is repeated.
            depth: how many frames a viewer may be behind before it is dropped to the next keyframe.
            linger: seconds from the last viewer's leaving to `on_watched(False)`, so that a reconnect costs nothing.
            on_watched: called on the loop with True for the first viewer and False after the last one.
        """
        self._latest = latest
        self._fps = fps
        self._bitrate = bitrate
        self._idle = 1 / idle_fps
        self._depth = depth
        self._linger = linger
        self._on_watched = on_watched
        self._stats = StreamStats()
        self._subscriptions: dict[Codec, list[Subscription]] = {}
        self._gates = {codec: KeyframeGate() for codec in Codec}
        self._rates = {codec: RateControl(bitrate) for codec in Codec}
        self._meters = {codec: Meter() for codec in Codec}
        self._watched = False
        self._unwatch: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._alarm: asyncio.Timeout | None = None
        self._closed = False
        self._seen = 0
        self._refused = False
        self._picture: JpegFrame | None = None
        self._slot = 0.0
        self._repeat_at = 0.0

    @property
    def stats(self) -> StreamStats:
        """Live figures, not a copy."""
        return self._stats

    @property
    def latest(self) -> LatestFrame:
        return self._latest

    def subscribe(self, codec: Codec) -> Subscription:
        """Joins the stream; the first frame that comes is a keyframe, at once when there is a picture.

        Raises:
            StreamClosed
        """
        self._enter()
        subscription = Subscription(self, codec, depth=self._depth)
        self._subscriptions.setdefault(codec, []).append(subscription)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        self.request_keyframe(codec)
        return subscription

    def watch(self) -> Watch:
        """Counts as a viewer without having anything encoded; close it, or use it in a `with` statement.

        Raises:
            StreamClosed
        """
        self._enter()
        return Watch(self._leave)

    async def aclose(self) -> None:
        """Closes every subscription and waits for the thread to end. Safe to repeat."""
        self._closed = True
        self._close_subscriptions()
        await self.idle()
        self._set_watched(False)

    async def idle(self) -> None:
        """Waits until nothing is encoded any more and the thread has ended: all subscriptions are closed."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def request_keyframe(self, codec: Codec) -> None:
        """Has a keyframe made as soon as the limit of two a second allows."""
        self._gates[codec].request()
        self._wake()

    def load(self, codec: Codec) -> tuple[int, int]:
        """What the codec's encoder has made in the last two seconds and what it aims at, in bits per second."""
        return self._meters[codec].rate(_now()), self._stats.bitrate.get(codec, self._bitrate)

    def report_bitrate(self, subscription: Subscription, bitrate: int) -> None:
        """Notes what one viewer can take; see `Subscription.set_target_bitrate`."""
        self._rates[subscription.codec].report(subscription, bitrate, _now())

    def unsubscribe(self, subscription: Subscription) -> None:
        """Called by `Subscription.close`."""
        others = self._subscriptions[subscription.codec]
        others.remove(subscription)
        if not others:
            del self._subscriptions[subscription.codec]
            self._wake()
        self._rates[subscription.codec].forget(subscription)
        self._leave()

    def _enter(self) -> None:
        if self._closed:
            raise StreamClosed("the stream has been closed")
        self._stats.viewers += 1
        self._set_watched(True)

    def _leave(self) -> None:
        self._stats.viewers -= 1
        if self._stats.viewers == 0 and not self._closed:
            loop = asyncio.get_running_loop()
            self._unwatch = loop.call_later(self._linger, self._set_watched, False)

    def _set_watched(self, watched: bool) -> None:
        if self._unwatch is not None:
            self._unwatch.cancel()
            self._unwatch = None
        if watched != self._watched:
            self._watched = watched
            if self._on_watched is not None:
                self._on_watched(watched)

    def _close_subscriptions(self) -> None:
        for subscription in [s for subscriptions in self._subscriptions.values() for s in subscriptions]:
            subscription.close()

    def _wake(self) -> None:
        if self._alarm is not None and not self._alarm.expired():
            self._alarm.reschedule(self._deadline())

    async def _run(self) -> None:
        worker = Worker(bitrate=self._bitrate, fps=self._fps)
        if self._latest.newest is not None:
            self._picture, self._seen = self._latest.newest, self._latest.newest.seq
        try:
            while self._subscriptions:
                await self._encode(worker, await self._next_picture())
        except Exception:
            logger.error("the stream's encoding has failed", exc_info=True)
            self._close_subscriptions()
        finally:
            worker.close()

    async def _next_picture(self) -> JpegFrame | None:
        """Waits for whatever is due first: a new picture, a keyframe, or the repetition of a still picture."""
        await asyncio.sleep(self._slot - _now())
        try:
            async with asyncio.timeout_at(self._deadline()) as self._alarm:
                return await self._latest.after(self._seen)
        except TimeoutError:
            return None
        finally:
            self._alarm = None

    def _deadline(self) -> float | None:
        """When something must be encoded even if no new picture comes; None when there is nothing to show."""
        if not self._subscriptions:
            return _now()
        if self._shown() is None:
            return None
        dues = [due for codec in self._subscriptions if (due := self._gates[codec].due()) is not None]
        return min([self._repeat_at, *dues])

    def _shown(self) -> JpegFrame | None:
        """The picture to repeat: the last good one, unless its page is gone."""
        return self._picture if self._latest.newest is not None else None

    async def _encode(self, worker: Worker, fresh: JpegFrame | None) -> None:
        start = _now()
        self._slot = max(self._slot + 1 / self._fps, start)
        captured_at = time.time()
        if fresh is not None:
            self._stats.dropped += fresh.seq - self._seen - 1
            self._seen = fresh.seq
            captured_at = fresh.captured_at
        picture = fresh or self._shown()
        if picture is None:
            return
        everybody = fresh is not None or start >= self._repeat_at
        if everybody:
            self._repeat_at = start + self._idle
        worker.retain(self._subscriptions)
        try:
            for codec in list(self._subscriptions):
                due = self._gates[codec].due()
                keyframe = due is not None and due <= start
                if everybody or keyframe:
                    bitrate = self._stats.bitrate[codec] = self._rates[codec].target(start)
                    await self._do(worker, Order(picture, codec, captured_at, keyframe, bitrate))
        except DecodeError as error:
            self._refuse(picture, error)
        else:
            self._picture = picture

    def _refuse(self, picture: JpegFrame, error: DecodeError) -> None:
        self._stats.undecodable += 1
        if picture is self._picture:
            self._picture = None
        if not self._refused:
            logger.warning("picture %d and perhaps more left out: %s", picture.seq, error)
        self._refused = True

    async def _do(self, worker: Worker, order: Order) -> None:
        gate = self._gates[order.codec]
        try:
            frame = await worker.encode(order)
        except EncodeError as error:
            self._stats.failed[order.codec] += 1
            logger.warning("picture %d left out: %s", order.picture.seq, error)
            gate.sent(_now())
            gate.request()
            return
        self._refused = False
        self._stats.decoded += worker.take_decodes()
        self._stats.decode_ms = worker.decode_ms
        self._stats.encode_ms[order.codec] = worker.encode_ms
        if frame is None:
            self._stats.skipped[order.codec] += 1
        else:
            self._deliver(frame)

    def _deliver(self, frame: EncodedFrame) -> None:
        self._stats.encoded[frame.codec] += 1
        self._meters[frame.codec].add(len(frame.data) * 8, _now())
        if frame.keyframe:
            self._stats.keyframes[frame.codec] += 1
            self._gates[frame.codec].sent(_now())
        for subscription in self._subscriptions.get(frame.codec, ()):
            self._stats.viewer_dropped += subscription.offer(frame)


def _now() -> float:
    return asyncio.get_running_loop().time()
