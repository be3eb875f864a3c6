"""A run's live picture: decoded once, encoded once per codec and rendition, handed to any number of viewers."""

import asyncio
import logging
import time
from collections.abc import Callable
from types import TracebackType

from media.adaptation import Ladder, Rendition
from media.encoding import Encoding, EncodingKey
from media.errors import DecodeError, EncodeError, StreamClosed
from media.frames import Codec, EncodedFrame, JpegFrame, LatestFrame
from media.rate.cpu_pressure import CpuPressure
from media.rate.throttles import CaptureThrottle, EncodeThrottle
from media.rtp.clock import RtpClock
from media.stats import StreamStats
from media.subscription import Subscription
from media.worker import EncodeJob, EncodeWorker

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 0.25
"""How often viewers are given their renditions: receivers report about once a second."""


class StreamWatch:
    """Somebody who looks at the pictures before they are encoded (frame server); counts as a viewer until closed."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        self._on_close: Callable[[], None] | None = on_close

    def close(self) -> None:
        """Safe to repeat."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __enter__(self) -> "StreamWatch":
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
        self._encode_throttle = EncodeThrottle(fps)
        self._capture_throttle = CaptureThrottle(fps)
        self.yields = True
        """Whether capture gives way while the machine is short of CPU: there is work that must not wait for it."""
        self._pressure = CpuPressure()
        self._clock = RtpClock()
        self._bitrate = bitrate
        self._idle = 1 / idle_fps
        self._depth = depth
        self._linger = linger
        self._on_watched = on_watched
        self._stats = StreamStats(fps=fps)
        self._ladders: dict[Codec, Ladder[Subscription]] = {codec: Ladder(bitrate) for codec in Codec}
        keys = [EncodingKey(codec, rendition) for codec in Codec for rendition in Rendition]
        self._encodings = {key: Encoding(key, bitrate=bitrate, fps=fps) for key in keys}
        self._settle_at = 0.0
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

    def subscribe(self, codec: Codec, *, pinned: bool = False) -> Subscription:
        """Joins the stream; the first frame that comes is a keyframe, at once when there is a picture.

        Args:
            codec: what the viewer decodes.
            pinned: stay on the full rendition, whatever is reported; for one that adapts by itself (LiveKit).

        Raises:
            StreamClosed
        """
        self._enter()
        subscription = Subscription(self, codec, depth=self._depth)
        subscription.rendition = self._ladders[codec].join(subscription, pinned=pinned)
        self._encoding_of(subscription).viewers.append(subscription)
        self._count_viewers()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        self.request_keyframe(subscription)
        return subscription

    def watch(self) -> StreamWatch:
        """Counts as a viewer without having anything encoded; close it, or use it in a `with` statement.

        Raises:
            StreamClosed
        """
        self._enter()
        return StreamWatch(self._leave)

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

    def request_keyframe(self, subscription: Subscription) -> None:
        """Has a keyframe made as soon as the limit of two a second allows."""
        self._encoding_of(subscription).keyframe_gate.request()
        self._wake()

    def load(self, subscription: Subscription) -> tuple[int, int]:
        """What the viewer has been given in the last two seconds and what its encoder aims at, in bits per second."""
        target = self._stats.of(self._encoding_of(subscription).key).bitrate
        return subscription.meter.rate(_now()), target or self._bitrate

    def pace(self, subscription: Subscription) -> float:
        """See `Subscription.pace`."""
        return self._ladders[subscription.codec].path(subscription).pace

    def note_cap(self, subscription: Subscription, bitrate: int) -> None:
        """See `Subscription.set_target_bitrate`."""
        self._ladders[subscription.codec].cap(subscription, bitrate, _now())

    def on_remb(self, subscription: Subscription, bitrate: int) -> None:
        """See `Subscription.on_remb`."""
        sent, target = self.load(subscription)
        path = self._ladders[subscription.codec].path(subscription)
        path.on_remb(bitrate, sent=sent, target=target, now=_now())

    def on_receiver_report(self, subscription: Subscription, lost: float, round_trip: float | None) -> None:
        """See `Subscription.on_receiver_report`."""
        sent, target = self.load(subscription)
        path = self._ladders[subscription.codec].path(subscription)
        path.on_receiver_report(lost=lost, round_trip=round_trip, sent=sent, target=target, now=_now())

    def unsubscribe(self, subscription: Subscription) -> None:
        """Called by `Subscription.close`."""
        for rendition in Rendition:
            self._encodings[EncodingKey(subscription.codec, rendition)].remove(subscription)
        self._ladders[subscription.codec].leave(subscription)
        self._count_viewers()
        self._wake()
        self._leave()

    def _encoding_of(self, subscription: Subscription) -> Encoding:
        return self._encodings[EncodingKey(subscription.codec, subscription.rendition)]

    def _active(self) -> list[Encoding]:
        return [encoding for encoding in self._encodings.values() if encoding.active]

    def _count_viewers(self) -> None:
        for encoding in self._encodings.values():
            if encoding.active or encoding.key in self._stats.renditions:
                self._stats.of(encoding.key).viewers = len(encoding.viewers)

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
        for subscription in [
            subscription for encoding in self._encodings.values() for subscription in encoding.viewers
        ]:
            subscription.close()

    def _wake(self) -> None:
        if self._alarm is not None and not self._alarm.expired():
            self._alarm.reschedule(self._deadline())

    async def _run(self) -> None:
        worker = EncodeWorker(bitrate=self._bitrate, fps=self._fps)
        if self._latest.newest is not None:
            self._picture, self._seen = self._latest.newest, self._latest.newest.seq
        try:
            while self._active():
                await self._encode(worker, await self._next_picture())
        except Exception:
            logger.error("the stream's encoding has failed", exc_info=True)
            self._close_subscriptions()
        finally:
            self._latest.fps = None
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
        active = self._active()
        if not active:
            return _now()
        if self._shown() is None:
            return None
        dues = [due for encoding in active if (due := encoding.deadline()) is not None]
        return min([self._repeat_at, *dues])

    def _shown(self) -> JpegFrame | None:
        """The picture to repeat: the last good one, unless its page is gone."""
        return self._picture if self._latest.newest is not None else None

    async def _encode(self, worker: EncodeWorker, fresh: JpegFrame | None) -> None:
        start = _now()
        self._slot = max(self._slot + 1 / self._encode_throttle.fps, start)
        captured_at = time.time()
        if fresh is not None:
            self._stats.dropped += fresh.seq - self._seen - 1
            self._seen = fresh.seq
            captured_at = fresh.captured_at
        picture = fresh or self._shown()
        if picture is None:
            return
        self._settle(start)
        if fresh is not None or start >= self._repeat_at:
            self._repeat_at = start + self._idle
            for encoding in self._active():
                encoding.mark_pending()
        worker.retain([encoding.key for encoding in self._active()])
        try:
            await self._encode_due(worker, picture, captured_at, start)
        except DecodeError as error:
            self._refuse(picture, error)
        else:
            self._picture = picture
        self._encode_throttle.on_encoded(_now() - start, _now())
        if (waited := self._pressure.share(_now())) is not None:
            self._capture_throttle.on_pressure(waited, _now())
        self._stats.fps = self._encode_throttle.fps
        self._latest.fps = (
            min(self._encode_throttle.fps, self._capture_throttle.fps) if self.yields else self._encode_throttle.fps
        )

    async def _encode_due(self, worker: EncodeWorker, picture: JpegFrame, captured_at: float, now: float) -> None:
        """Keyframes first: one who goes over to another encoding must not get the same picture from the former, too."""
        pts = self._clock.stamp(captured_at)
        for encoding in sorted(self._active(), key=lambda encoding: not encoding.is_keyframe_due(now)):
            if encoding.active and encoding.is_due(now):
                bitrate = encoding.rate_control.target(
                    self._ladders[encoding.key.codec].target(encoding.key.rendition), now
                )
                self._stats.of(encoding.key).bitrate = bitrate
                job = EncodeJob(picture, encoding.key, captured_at, pts, encoding.is_keyframe_due(now), bitrate)
                encoding.mark_encoded(now)
                await self._do(worker, encoding, job)

    def _settle(self, now: float) -> None:
        if now < self._settle_at:
            return
        self._settle_at = now + SETTLE_SECONDS
        for codec, ladder in self._ladders.items():
            for subscription, rendition in ladder.settle(now):
                self._move(subscription, self._encodings[EncodingKey(codec, rendition)])

    def _move(self, subscription: Subscription, to: Encoding) -> None:
        """The viewer keeps its present rendition until the keyframe of the new one is there."""
        for rendition in Rendition:
            joining = self._encodings[EncodingKey(subscription.codec, rendition)].joining
            if subscription in joining:
                joining.remove(subscription)
        if subscription not in to.viewers:
            to.joining.append(subscription)
            to.keyframe_gate.request()

    def _refuse(self, picture: JpegFrame, error: DecodeError) -> None:
        self._stats.undecodable += 1
        if picture is self._picture:
            self._picture = None
        if not self._refused:
            logger.warning("picture %d and perhaps more left out: %s", picture.seq, error)
        self._refused = True

    async def _do(self, worker: EncodeWorker, encoding: Encoding, job: EncodeJob) -> None:
        stats = self._stats.of(encoding.key)
        try:
            frame = await worker.encode(job)
        except EncodeError as error:
            stats.failed += 1
            logger.warning("picture %d left out: %s", job.picture.seq, error)
            encoding.keyframe_gate.on_sent(_now())
            encoding.keyframe_gate.request()
            return
        self._refused = False
        decodes = worker.take_decodes()
        self._stats.decoded += decodes
        self._stats.decode_ms = worker.decode_ms
        self._stats.decode_seconds += decodes * worker.decode_ms / 1000
        stats.encode_ms = worker.encode_ms
        stats.encode_seconds += worker.encode_ms / 1000
        if frame is None:
            stats.skipped += 1
        else:
            self._deliver(encoding, frame)

    def _deliver(self, encoding: Encoding, frame: EncodedFrame) -> None:
        stats = self._stats.of(encoding.key)
        stats.encoded += 1
        stats.age_seconds += max(0.0, time.time() - frame.captured_at)
        stats.width, stats.height = frame.width, frame.height
        if frame.keyframe:
            stats.keyframes += 1
            encoding.keyframe_gate.on_sent(_now())
            self._promote_joining(encoding)
        bits, now = len(frame.data) * 8, _now()
        for subscription in encoding.viewers:
            subscription.meter.add(bits, now)
            self._stats.viewer_dropped += subscription.offer(frame)

    def _promote_joining(self, encoding: Encoding) -> None:
        for subscription in encoding.joining:
            self._encoding_of(subscription).remove(subscription)
            subscription.rendition = encoding.key.rendition
            self._stats.of(encoding.key).joins += 1
        if encoding.promote_joining():
            self._count_viewers()


def _now() -> float:
    return asyncio.get_running_loop().time()
