"""H.264 as browsers want it: constrained baseline, no delay, parameter sets in front of every keyframe (x264)."""

from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from media.rtp.clock import TIME_BASE

PIXELS = "yuvj420p"
"""Full range, as JPEG has it: flagged in the bitstream, which saves a conversion of every picture."""

PRESET = "superfast"
"""Costs about 1.5 ms a picture more than `ultrafast` at 1280x720 and makes keyframes a seventh smaller."""

QMIN = 24
"""Finer quantisation than this cannot be seen, and average-rate control would spend the bits of a still page on it."""

BUFFER_SECONDS = 0.5
"""Rate control window: nothing makes the stream fall further behind its bit rate than this."""

SPS_BASELINE = b"\x67\x42\xc0"
SPS_CONSTRAINED = b"\x67\x42\xe0"

LEVELS = ((31, 3600, 108_000), (32, 5120, 216_000), (40, 8192, 245_760), (42, 8704, 522_240), (51, 36_864, 983_040))
"""Level, macroblocks a picture, macroblocks a second: ITU-T H.264 table A-1."""


def level_for(width: int, height: int, fps: int) -> int:
    """Returns the lowest level from 3.1 up that holds such pictures, times ten.

    1280x720 at 30 fps is just within 3.1, which is what SDP says (`42e01f`). A larger picture carries its true level:
    browsers decode it, and making it smaller would blur the text on it.
    """
    blocks = -(-width // 16) * -(-height // 16)
    fitting = (level for level, picture, second in LEVELS if blocks <= picture and blocks * fps <= second)
    return next(fitting, LEVELS[-1][0])


def open_h264(width: int, height: int, *, bitrate: int, ceiling: int, fps: int, gop: int) -> VideoCodecContext:
    """Opens a context whose `bit_rate` may be changed between pictures, up to `ceiling`; both in bits per second.

    The size of a keyframe stays bounded by the `bitrate` that the context was opened with.

    Raises:
        av.FFmpegError: libx264 is missing or refuses the size.
    """
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = width, height
    context.pix_fmt = PIXELS
    context.time_base = TIME_BASE
    context.framerate = Fraction(fps)
    context.bit_rate = bitrate
    context.gop_size = gop
    context.max_b_frames = 0
    context.qmin = QMIN
    context.thread_count = 1
    # sRGB primaries and transfer with JPEG's matrix and range (ITU-T H.264 tables E-3 to E-5). Without the matrix a
    # decoder may guess BT.709 for a picture as large as ours.
    context.color_range, context.color_primaries, context.color_trc, context.colorspace = 2, 1, 13, 5
    context.options = {
        "preset": PRESET,
        "tune": "zerolatency",
        "profile": "baseline",
        "level": str(level_for(width, height, fps)),
        "maxrate": str(ceiling),
        "bufsize": str(int(bitrate * BUFFER_SECONDS)),
        "sc_threshold": "0",
        "forced-idr": "1",
    }
    return context


def constrain(data: bytes) -> bytes:
    """Sets constraint_set2_flag in the SPS of a keyframe, so that it reads 42 e0 as in SDP's profile-level-id.

    x264 leaves the flag unset, though its baseline stream keeps to every rule that the flag stands for (ITU-T H.264
    §7.4.2.1.1): CAVLC, no interlacing with `direct_8x8_inference_flag` unset.
    """
    return data.replace(SPS_BASELINE, SPS_CONSTRAINED, 1)
