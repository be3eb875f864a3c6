"""The one track of a LiveKit room: a screen that was encoded elsewhere."""

import asyncio
import logging

from livekit import rtc
from livekit.rtc.participant import PublishTrackError, UnpublishTrackError

from media.errors import RoomLost
from media.frames import Codec, EncodedFrame

logger = logging.getLogger(__name__)

_LEAVE_SECONDS = 4.0

_NOMINAL_SIZE = (1280, 720)
"""What the track says of itself before its first frame; every frame brings its own size."""


class ScreenTrack:
    """The room's one track: a screen share that was encoded elsewhere."""

    def __init__(self, room: rtc.Room, codec: Codec) -> None:
        self._room = room
        self._codec = rtc.VideoCodec.Value(codec.value)
        self._source = rtc.EncodedVideoSource(*_NOMINAL_SIZE)
        self._track = rtc.LocalVideoTrack.create_video_track("screen", self._source)
        self._sid = ""

    @classmethod
    async def publish(cls, room: rtc.Room, codec: Codec, options: rtc.TrackPublishOptions) -> "ScreenTrack":
        """Raises RoomLost."""
        track = cls(room, codec)
        try:
            track._sid = (await room.local_participant.publish_track(track._track, options)).sid
        except PublishTrackError as error:
            await track._source.aclose()
            raise RoomLost(f"the picture was refused: {error.message}") from None
        return track

    def send(self, frame: EncodedFrame) -> tuple[bool, int | None]:
        """Sends one frame.

        Returns:
            Whether a keyframe is wanted, and the new estimate of the bandwidth, bits per second, if there is one.
        """
        kind = rtc.EncodedFrameType.ENCODED_FRAME_KEY if frame.keyframe else rtc.EncodedFrameType.ENCODED_FRAME_DELTA
        microseconds = frame.pts * 100 // 9
        accepted = self._source.capture_frame(
            rtc.EncodedVideoFrame(frame.data, frame.width, frame.height, self._codec, kind, microseconds)
        )
        feedback = self._source.take_feedback()
        rate = feedback.rate_control
        return feedback.keyframe_requested or not accepted, rate.target_bitrate_bps if rate else None

    async def unpublish(self) -> None:
        try:
            if self._room.isconnected():
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._room.local_participant.unpublish_track(self._sid)
        except (UnpublishTrackError, TimeoutError):
            logger.debug("the track went with its room")
        finally:
            await self._source.aclose()


def publish_options(codec: Codec, *, fps: int, bitrate: int) -> rtc.TrackPublishOptions:
    return rtc.TrackPublishOptions(
        video_codec=rtc.VideoCodec.Value(codec.value),
        video_encoder=rtc.VideoEncoderBackend.ENCODER_BACKEND_PRE_ENCODED,
        video_encoding=rtc.VideoEncoding(max_bitrate=bitrate, max_framerate=fps),
        simulcast=False,
        source=rtc.TrackSource.SOURCE_SCREENSHARE,
    )
