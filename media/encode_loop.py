"""The way of a picture through decoding and encoding to its viewers."""

import asyncio
import logging
import time

from media.adaptation import Adaptation
from media.encoding import Encoding
from media.errors import DecodeError, EncodeError
from media.frames import EncodedFrame, JpegFrame
from media.rtp.clock import RtpClock
from media.scheduler import EncodeScheduler, Turn
from media.stats import StreamStats
from media.worker import EncodeJob, EncodeWorker

logger = logging.getLogger(__name__)


class EncodeLoop:
    """Encodes what is due while anybody is subscribed, and hands the frames to the viewers."""

    def __init__(
        self, adaptation: Adaptation, scheduler: EncodeScheduler, stats: StreamStats, *, bitrate: int, fps: int
    ) -> None:
        self._adaptation = adaptation
        self._scheduler = scheduler
        self._stats = stats
        self._bitrate = bitrate
        self._fps = fps
        self._clock = RtpClock()
        self._undecodable = False

    async def run(self) -> None:
        """Runs until the last subscription is closed; closes all of them where it fails."""
        worker = EncodeWorker(bitrate=self._bitrate, fps=self._fps)
        self._scheduler.start()
        try:
            while self._adaptation.active():
                turn = await self._scheduler.next_turn()
                if turn is not None:
                    await self._encode(worker, turn)
        except Exception:
            logger.error("the stream's encoding has failed", exc_info=True)
            for subscription in self._adaptation.subscriptions():
                subscription.close()
        finally:
            self._scheduler.stop()
            worker.close()

    async def _encode(self, worker: EncodeWorker, turn: Turn) -> None:
        self._stats.dropped += turn.dropped
        self._adaptation.settle(turn.now)
        due = self._scheduler.due(turn)
        worker.retain([encoding.key for encoding in due])
        try:
            await self._encode_each(worker, turn, due)
        except DecodeError as error:
            self._on_undecodable(turn.picture, error)
        else:
            self._scheduler.on_encoded(turn)
        self._scheduler.on_turn_done(turn)
        self._stats.fps = self._scheduler.fps

    async def _encode_each(self, worker: EncodeWorker, turn: Turn, encodings: list[Encoding]) -> None:
        pts = self._clock.stamp(turn.captured_at)
        for encoding in encodings:
            picture = self._scheduler.picture_for(encoding, turn)
            if picture is not None and encoding.active and encoding.is_due(turn.now):
                keyframe = encoding.is_keyframe_due(turn.now)
                bitrate = encoding.begin(turn.now, self._adaptation.target(encoding))
                job = EncodeJob(picture, encoding.key, turn.captured_at, pts, keyframe, bitrate)
                await self._encode_one(worker, encoding, job)

    async def _encode_one(self, worker: EncodeWorker, encoding: Encoding, job: EncodeJob) -> None:
        stats = self._stats.of(encoding.key)
        stats.bitrate = job.bitrate
        try:
            frame = await worker.encode(job)
        except EncodeError as error:
            stats.failed += 1
            logger.warning("picture %d left out: %s", job.picture.seq, error)
            encoding.on_failure(_now())
            return
        self._undecodable = False
        self._stats.on_decodes(worker.take_decodes(), worker.decode_ms)
        stats.on_encode(worker.encode_ms)
        if frame is None:
            stats.skipped += 1
        else:
            self._deliver(encoding, frame)

    def _deliver(self, encoding: Encoding, frame: EncodedFrame) -> None:
        stats, now = self._stats.of(encoding.key), _now()
        stats.on_frame(frame, now=time.time())
        if frame.keyframe and (joined := encoding.on_keyframe(now)):
            stats.joins += joined
            self._stats.count_viewers(self._adaptation.viewers())
        self._stats.viewer_dropped += encoding.deliver(frame, now)

    def _on_undecodable(self, picture: JpegFrame, error: DecodeError) -> None:
        self._stats.undecodable += 1
        self._scheduler.on_undecodable(picture)
        if not self._undecodable:
            logger.warning("picture %d and perhaps more left out: %s", picture.seq, error)
        self._undecodable = True


def _now() -> float:
    return asyncio.get_running_loop().time()
