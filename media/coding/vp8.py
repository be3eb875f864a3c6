"""VP8 in real time within a bit rate, for screen content (libvpx)."""

from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from media.rtp.clock import TIME_BASE

PIXELS = "yuv420p"
"""Limited range: VP8 has no flag for anything else (RFC 6386 §9.2)."""

BUFFER_SECONDS = 0.5
"""Rate control window: it bounds keyframes, too."""

QMIN, QMAX = 14, 63
"""Finer quantisation than `QMIN` cannot be seen; `QMAX` is the coarsest there is, so that low rates are kept."""


def open_vp8(width: int, height: int, *, bitrate: int, fps: int, gop: int) -> VideoCodecContext:
    """Opens a context of constant `bitrate`, in bits per second.

    Raises:
        av.FFmpegError: libvpx is missing or refuses the size.
    """
    context = av.CodecContext.create("libvpx", "w")
    context.width, context.height = width, height
    context.pix_fmt = PIXELS
    context.time_base = TIME_BASE
    context.framerate = Fraction(fps)
    context.bit_rate = bitrate
    context.gop_size = gop
    context.qmin, context.qmax = QMIN, QMAX
    context.thread_count = 1
    context.options = {
        "deadline": "realtime",
        "cpu-used": "-6",
        "lag-in-frames": "0",
        "auto-alt-ref": "0",
        "minrate": str(bitrate),
        "maxrate": str(bitrate),
        "bufsize": str(int(bitrate * BUFFER_SECONDS)),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "max-intra-rate": "900",
        "static-thresh": "1000",
        "screen-content-mode": "1",
        "error-resilient": "default",
    }
    return context
