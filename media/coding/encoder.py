"""One encoder: pictures in, H.264 or VP8 frames out, without delay and within a bit rate."""

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange

from media.errors import EncodeError
from media.frames import CLOCK_RATE, Codec, EncodedFrame
from media.rate.rate_control import OvershootGuard
from media.rtp.clock import TIME_BASE, RtpClock

from . import h264, vp8

NEVER = 1 << 30
"""Keyframe interval, in frames: a keyframe is made only when somebody asks for one."""


class Encoder:
    """Encodes pictures of any even size, each into at most one frame.

    Not safe for use by several threads at once; not bound to any one thread.
    """

    def __init__(self, *, codec: Codec, bitrate: int = 2_500_000, fps: int = 30) -> None:
        """
        Args:
            codec: what to encode to.
            bitrate: target and ceiling, in bits per second.
            fps: the highest number of pictures per second to expect.
        """
        self.codec = codec
        self._ceiling = bitrate
        self._bitrate = bitrate
        self._opened_at = bitrate
        self._fps = fps
        self._clock = RtpClock()
        self._overshoot = OvershootGuard()
        self._context: VideoCodecContext | None = None

    @property
    def bitrate(self) -> int:
        """The present target, in bits per second."""
        return self._bitrate

    def set_bitrate(self, bitrate: int) -> None:
        """Moves the target, in bits per second, from the next picture on; never above the ceiling.

        H.264 follows without a keyframe within a factor of two. Beyond that, and for VP8 always, the encoder is
        opened anew: FFmpeg hands libvpx no new rate, and x264 no new bound for its keyframes.
        """
        bitrate = min(bitrate, self._ceiling)
        if bitrate == self._bitrate:
            return
        self._bitrate = bitrate
        if self.codec is Codec.H264 and self._opened_at / 2 <= bitrate <= self._opened_at * 2:
            if self._context is not None:
                self._context.bit_rate = bitrate
        else:
            self.close()

    def encode(
        self, frame: VideoFrame, *, captured_at: float, keyframe: bool, pts: int | None = None
    ) -> EncodedFrame | None:
        """Encodes one picture.

        Args:
            frame: the picture; its timestamps and picture type are overwritten.
            captured_at: seconds of `time.time()`.
            keyframe: make this a keyframe. The first picture, and the first of a new size, always are.
            pts: ticks of 1/90000 s, strictly rising; made from `captured_at` when None.

        Returns:
            The frame, or None when the encoder left the picture out to keep to its rate.

        Raises:
            EncodeError: the encoder could not be opened or failed; the next picture opens a new one.
        """
        if pts is None:
            pts = self._clock.stamp(captured_at)
        if self._overshoot.overspent(pts / CLOCK_RATE, self._bitrate):
            return None
        try:
            packets = self._encode(self._prepare(frame), pts, keyframe)
        except (av.FFmpegError, ValueError) as error:
            self.close()
            raise EncodeError(f"{self.codec} cannot encode {frame.width}x{frame.height}: {error}") from error
        if not packets:
            return None
        data = b"".join(bytes(packet) for packet in packets)
        self._overshoot.spend(len(data) * 8)
        is_key = packets[0].is_keyframe
        if is_key and self.codec is Codec.H264:
            data = h264.constrain(data)
        return EncodedFrame(data, self.codec, is_key, pts, captured_at, frame.width, frame.height)

    def close(self) -> None:
        """Frees the encoder; a further picture opens it again, with a keyframe."""
        self._context = None

    def _encode(self, frame: VideoFrame, pts: int, keyframe: bool) -> "list[av.Packet[av.VideoStream]]":
        context = self._context
        if context is None or (context.width, context.height) != (frame.width, frame.height):
            context = self._context = self._open(frame.width, frame.height)
        frame.pts, frame.time_base = pts, TIME_BASE
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        return context.encode(frame)

    def _open(self, width: int, height: int) -> VideoCodecContext:
        self._opened_at = rate = self._bitrate
        if self.codec is Codec.VP8:
            return vp8.open_vp8(width, height, bitrate=rate, fps=self._fps, gop=NEVER)
        ceiling = min(self._ceiling, 2 * rate)
        return h264.open_h264(width, height, bitrate=rate, ceiling=ceiling, fps=self._fps, gop=NEVER)

    def _prepare(self, frame: VideoFrame) -> VideoFrame:
        if self.codec is Codec.H264:
            return frame.reformat(format=h264.PIXELS, dst_color_range=ColorRange.JPEG)
        return frame.reformat(format=vp8.PIXELS, dst_color_range=ColorRange.MPEG)
