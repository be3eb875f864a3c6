"""One segment of a recording: some seconds of encoded frames as a fragmented MP4 file of its own (ISO/IEC 14496-12)."""

from __future__ import annotations

import io
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import av
from av.video.stream import VideoStream

from media.errors import MediaError
from media.frames import EncodedFrame
from media.rtp.clock import TIME_BASE
from media.rtp.payload import nal_units

PARAMETER_SETS = (7, 8)
"""NAL unit types of sequence and picture parameter sets (ITU-T H.264 table 7-1)."""
_START_CODE = b"\x00\x00\x00\x01"
_NO_PROBING = {"probesize": "32", "analyzeduration": "0"}
_FRESH = "fresh"
"""How the comment of a file begins that names the samples with a new picture."""


class UnreadableSegment(MediaError):
    """The file is no segment of a recording, or only a part of one."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """An encoded frame as it came, and what the recorder knew of it then."""

    frame: EncodedFrame
    is_fresh: bool
    """Whether the page had changed since the frame before."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Where everything is in one segment's file; the pictures themselves stay in it. Times in ticks of 1/90000 s."""

    start: int
    """Of the first picture; by the clock of the stream, whose zero is that of `time.time()`."""
    width: int
    height: int
    configuration: bytes
    """The decoder's configuration record (ISO/IEC 14496-15 §5.3.3.1)."""
    offset: int
    """Where the first sample begins in the file; the others follow without a gap."""
    sizes: array[int]
    """Of each sample in bytes."""
    times: array[int]
    """When each sample is shown, counted from ``start``."""
    duration: int
    keyframes: tuple[int, ...]
    """Samples that decode by themselves, counted from 0."""
    fresh: tuple[int, ...]
    """Samples that show something new, counted from 0."""
    size: int
    """Of the whole file in bytes."""

    @property
    def end(self) -> int:
        return self.start + self.duration


def parameter_sets(keyframe: bytes) -> bytes:
    """Returns the parameter sets of a keyframe as they stand in it (Annex B)."""
    return b"".join(_START_CODE + unit for unit in nal_units(keyframe) if unit[0] & 0x1F in PARAMETER_SETS)


def mux(frames: Sequence[RecordedFrame], *, end: int, keyframe: bytes) -> bytes:
    """Returns a segment's file.

    Args:
        frames: one or more of one size, in order; the first need not be a keyframe.
        end: when the last one is no longer shown, in ticks.
        keyframe: the last one up to the first frame, whose parameter sets the frames need.

    Raises:
        av.FFmpegError
    """
    file, origin = io.BytesIO(), frames[0].frame.pts
    options = {"movflags": "frag_custom+empty_moov+default_base_moof"}
    ends = [*(each.frame.pts for each in frames[1:]), max(end, frames[-1].frame.pts + 1)]
    with (
        av.open(io.BytesIO(keyframe), "r", format="h264", options=_NO_PROBING) as template,
        av.open(file, "w", format="mp4", options=options) as container,
    ):
        fresh = ",".join(str(number) for number, each in enumerate(frames) if each.is_fresh)
        container.metadata["comment"] = f"{_FRESH} {fresh}"
        stream = container.add_stream_from_template(template.streams.video[0])
        stream.time_base = TIME_BASE
        for each, until in zip(frames, ends, strict=True):
            container.mux(_packet(each.frame, stream, origin=origin, end=until))
    return file.getvalue()


def _packet(frame: EncodedFrame, stream: VideoStream, *, origin: int, end: int) -> av.Packet[av.stream.Stream]:
    packet = av.Packet(frame.data)
    packet.stream, packet.time_base = stream, TIME_BASE
    packet.pts = packet.dts = frame.pts - origin
    packet.duration = end - frame.pts
    packet.is_keyframe = frame.keyframe
    return packet


def read(data: bytes, *, start: int) -> Segment:
    """Returns what is in a segment's file.

    Args:
        data: the whole file.
        start: of its first picture, which its name tells.

    Raises:
        UnreadableSegment
    """
    try:
        with av.open(io.BytesIO(data), "r", format="mp4") as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            context = stream.codec_context
            width, height, configuration = context.width, context.height, bytes(context.extradata or b"")
            comment = container.metadata.get("comment", "")
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise UnreadableSegment(f"not a segment of a recording: {error}") from error
    sizes = array("I", [packet.size for packet in packets])
    if not packets or not configuration or not _is_whole(packets, len(data)):
        raise UnreadableSegment("a segment of a recording is not whole")
    times = array("Q", [packet.pts or 0 for packet in packets])
    return Segment(
        start=start,
        width=width,
        height=height,
        configuration=configuration,
        offset=packets[0].pos or 0,
        sizes=sizes,
        times=times,
        duration=times[-1] + (packets[-1].duration or 1),
        keyframes=tuple(number for number, packet in enumerate(packets) if packet.is_keyframe),
        fresh=_fresh(comment),
        size=len(data),
    )


def _is_whole(packets: Sequence[Any], size: int) -> bool:
    """Returns whether each sample begins where the one before ends, and all of them are in the file."""
    ends = accumulate((packet.size for packet in packets), initial=packets[0].pos or 0)
    places = [*(packet.pos for packet in packets), None]
    return all(place in {end, None} for end, place in zip(ends, places, strict=True)) and (
        packets[-1].pos + packets[-1].size <= size and not any(packet.is_corrupt for packet in packets)
    )


def _fresh(comment: str) -> tuple[int, ...]:
    name, _, numbers = comment.partition(" ")
    if name != _FRESH:
        return ()
    return tuple(int(number) for number in numbers.split(",") if number.isdigit())
