"""A subscription as a track of aiortc's."""

from typing import cast

import av
from aiortc import VideoStreamTrack
from aiortc.mediastreams import MediaStreamError

from media.errors import StreamClosed
from media.rtp.clock import TIME_BASE
from media.subscription import Subscription


class ScreencastTrack(VideoStreamTrack):
    """A video track of already encoded frames, which a sender only packetizes.

    Any sender of aiortc's takes them by `recv`; `media.webrtc.sender.SharedSender` takes the frames themselves.
    """

    def __init__(self, subscription: Subscription) -> None:
        super().__init__()
        self.subscription = subscription

    async def recv(self) -> "av.Packet[av.VideoStream]":  # type: ignore[override]  # the sender takes packets too
        """Returns the next frame as a packet; its `pts` in ticks of 1/90000 s, strictly rising.

        Raises:
            MediaStreamError: the track has been stopped or its stream has been closed.
        """
        if self.readyState != "live":
            raise MediaStreamError
        try:
            frame = await self.subscription.recv()
        except StreamClosed as error:
            self.stop()
            raise MediaStreamError("the stream has been closed") from error
        packet = cast("av.Packet[av.VideoStream]", av.Packet(frame.data))
        packet.pts, packet.time_base = frame.pts, TIME_BASE
        packet.is_keyframe = frame.keyframe
        return packet

    def stop(self) -> None:
        """Ends the track and leaves the stream. Safe to repeat."""
        super().stop()
        self.subscription.close()
