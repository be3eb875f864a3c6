"""One MP4 of a recording's segments (ISO/IEC 14496-12): a head that says where in their files each picture is.

The files stay as they are: the movie's data is one of them after the other, with all that is in them, and the head
names the pictures alone. So it is made in milliseconds while the run goes on, plays from any place, and costs no
second copy. Each size of the pictures has a sample description of its own, as `avc1` wants it (ISO/IEC 14496-15
§5.4.2); the parameter sets are in front of the keyframes as well, for players that know one description only.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from media.frames import CLOCK_RATE
from media.recording.segment import Segment

_MOVIE_RATE = 1000
"""Ticks a second of what concerns the whole movie."""
_EPOCH = 2_082_844_800
"""Seconds from 1904, when the time of MP4 begins, to 1970."""
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_COLOURS = b"nclx" + struct.pack(">HHHB", 1, 13, 5, 0x80)
"""As `media.coding.h264` encodes them: primaries, transfer, matrix, full range."""
_SQUARE = struct.pack(">I4sII", 16, b"pasp", 1, 1)
"""Without it FFmpeg takes the track's size for what each size is to be stretched to."""
_PICTURES, _CHAPTERS = 1, 2
_ENABLED = 3
_LONGEST_TITLE = 500


class Chapter(NamedTuple):
    """Where something begins in a movie."""

    at: int
    """Ticks of 1/90000 s from the movie's beginning."""
    title: str


@dataclass(frozen=True, slots=True)
class Movie:
    """An MP4 file that is put together while it is sent: its head, then each segment's file."""

    head: bytes
    segments: tuple[Segment, ...]
    start: int
    """When it begins, in ticks by the clock of the stream."""
    duration: int
    """Ticks."""

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.head) + sum(segment.size for segment in self.segments)


@dataclass(frozen=True, slots=True)
class MovieFile:
    """A movie with the places of its segments' files."""

    movie: Movie
    paths: tuple[Path, ...]
    """One for each segment."""
    is_final: bool
    """Whether the run is over: the same bytes come of it each time."""


class _Sample(NamedTuple):
    duration: int
    size: int


def playable(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Returns the segments from the first on that begins with a keyframe: nothing before it can be decoded."""
    first = next((at for at, each in enumerate(segments) if each.keyframes[:1] == (0,)), len(segments))
    return tuple(segments[first:])


def compose(segments: Sequence[Segment], chapters: Sequence[Chapter] = ()) -> Movie:
    """Puts the segments together.

    Args:
        segments: one or more, in order, as `playable` returns them. Where one is missing between two of them, the last
            picture before it is shown until the next.
        chapters: in order; what is before the first one has no title.
    """
    start, end = segments[0].start, segments[-1].end
    samples = _samples(segments)
    titles = _title_samples(chapters, end - start)
    texts = b"".join(text for _, text in titles)
    size_before = len(_head(segments, samples, titles, base=sum(len(text) for _, text in titles), size=0))
    base = size_before + len(texts)
    size = 16 + len(texts) + sum(segment.size for segment in segments)
    head = _head(segments, samples, titles, base=base, size=size) + texts
    return Movie(head, tuple(segments), start, end - start)


def _samples(segments: Sequence[Segment]) -> list[_Sample]:
    """Returns every picture with how long it is shown: until the next, whatever file that is in."""
    times = [segment.start + time for segment in segments for time in segment.times]
    sizes = [size for segment in segments for size in segment.sizes]
    durations = [after - before for before, after in pairwise([*times, segments[-1].end])]
    return [_Sample(*each) for each in zip(durations, sizes, strict=True)]


def _title_samples(chapters: Sequence[Chapter], duration: int) -> list[tuple[int, bytes]]:
    """Returns how long each title holds, and the title as QuickTime's text sample; none where there is no chapter."""
    inside = [chapter for chapter in chapters if 0 <= chapter.at < duration]
    if not inside:
        return []
    if inside[0].at > 0:
        inside.insert(0, Chapter(0, ""))
    ends = [*(chapter.at for chapter in inside[1:]), duration]
    return [(end - each.at, _text_sample(each.title)) for each, end in zip(inside, ends, strict=True)]


def _text_sample(title: str) -> bytes:
    text = title.encode()[:_LONGEST_TITLE].decode(errors="ignore").encode()
    return struct.pack(">H", len(text)) + text + _box(b"encd", struct.pack(">I", 0x100))


def _head(
    segments: Sequence[Segment],
    samples: Sequence[_Sample],
    titles: Sequence[tuple[int, bytes]],
    *,
    base: int,
    size: int,
) -> bytes:
    """Returns everything in front of the movie's data, of a length that depends on neither base nor size.

    Args:
        base: where the first segment's file begins.
        size: of the box with the data, its own head included.
    """
    duration = segments[-1].end - segments[0].start
    tracks = [_picture_track(segments, samples, duration, base=base, has_chapters=bool(titles))]
    if titles:
        texts = sum(len(text) for _, text in titles)
        tracks.append(_chapter_track(titles, duration, at=base - texts))
    made_at = segments[0].start // CLOCK_RATE + _EPOCH
    header = struct.pack(
        ">QQIQIH10x36s24xI", made_at, made_at, _MOVIE_RATE, _in_movie_time(duration), 0x10000, 0x100, _MATRIX, 3
    )
    return (
        _box(b"ftyp", b"isom" + struct.pack(">I", 0x200) + b"isomiso2avc1mp41")
        + _box(b"moov", _full(b"mvhd", header, version=1), *tracks)
        + struct.pack(">I4sQ", 1, b"mdat", size)
    )


def _picture_track(
    segments: Sequence[Segment], samples: Sequence[_Sample], duration: int, *, base: int, has_chapters: bool
) -> bytes:
    described = list(dict.fromkeys(_description(segment) for segment in segments))
    starts = accumulate((segment.size for segment in segments[:-1]), initial=base)
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", len(described)), *described),
        _durations([sample.duration for sample in samples]),
        _keyframes(segments),
        _chunks([(len(each.sizes), described.index(_description(each)) + 1) for each in segments]),
        _sizes([sample.size for sample in samples]),
        _offsets([start + each.offset for start, each in zip(starts, segments, strict=True)]),
    )
    return _track(
        _PICTURES,
        duration,
        flags=_ENABLED,
        size=(segments[0].width, segments[0].height),
        refers=_box(b"tref", _box(b"chap", struct.pack(">I", _CHAPTERS))) if has_chapters else b"",
        handler=b"vide",
        header=_full(b"vmhd", bytes(8), flags=1),
        table=table,
    )


def _chapter_track(titles: Sequence[tuple[int, bytes]], duration: int, *, at: int) -> bytes:
    described = struct.pack(">6xHII6x8x8xHHBH6xB", 1, 0, 1, 0, 0, 0, 0, 0)
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _box(b"text", described)),
        _durations([held for held, _ in titles]),
        _chunks([(len(titles), 1)]),
        _sizes([len(text) for _, text in titles]),
        _offsets([at]),
    )
    generic = _full(b"gmin", struct.pack(">4HhH", 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    header = _box(b"gmhd", generic, _box(b"text", _MATRIX))
    return _track(_CHAPTERS, duration, flags=0, size=(0, 0), refers=b"", handler=b"text", header=header, table=table)


def _track(
    number: int,
    duration: int,
    *,
    flags: int,
    size: tuple[int, int],
    refers: bytes,
    handler: bytes,
    header: bytes,
    table: bytes,
) -> bytes:
    shown = struct.pack(
        ">QQI4xQ8xHHHxx36sII",
        0, 0, number, _in_movie_time(duration), 0, 0, 0, _MATRIX, size[0] << 16, size[1] << 16,
    )  # fmt: skip
    undetermined = 0x55C4
    media = struct.pack(">QQIQHxx", 0, 0, CLOCK_RATE, duration, undetermined)
    here = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    return _box(
        b"trak",
        _full(b"tkhd", shown, version=1, flags=flags),
        refers,
        _box(
            b"mdia",
            _full(b"mdhd", media, version=1),
            _full(b"hdlr", struct.pack(">4x4s12x", handler) + b"jumpseat\x00"),
            _box(b"minf", header, here, table),
        ),
    )


def _description(segment: Segment) -> bytes:
    """Returns the description of the segment's pictures, by which those of one size are known (§12.1.3)."""
    fields = struct.pack(">6xH16xHHIIIH32xHh", 1, segment.width, segment.height, 0x480000, 0x480000, 0, 1, 0x18, -1)
    return _box(b"avc1", fields, _box(b"avcC", segment.configuration), _box(b"colr", _COLOURS), _SQUARE)


def _durations(durations: Sequence[int]) -> bytes:
    runs = [(len(list(same)), duration) for duration, same in groupby(durations)]
    return _table(b"stts", ">II", runs)


def _keyframes(segments: Sequence[Segment]) -> bytes:
    firsts = accumulate((len(segment.sizes) for segment in segments[:-1]), initial=1)
    numbers = [first + each for first, segment in zip(firsts, segments, strict=True) for each in segment.keyframes]
    return _table(b"stss", ">I", [(number,) for number in numbers])


def _chunks(chunks: Sequence[tuple[int, int]]) -> bytes:
    """Returns how many samples each chunk has, and how they are described."""
    return _table(b"stsc", ">III", [(number, *chunk) for number, chunk in enumerate(chunks, start=1)])


def _sizes(sizes: Sequence[int]) -> bytes:
    return _full(b"stsz", struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes))


def _offsets(offsets: Sequence[int]) -> bytes:
    return _table(b"co64", ">Q", [(offset,) for offset in offsets])


def _table(name: bytes, row: str, rows: Sequence[tuple[int, ...]]) -> bytes:
    return _full(name, struct.pack(">I", len(rows)), b"".join(struct.pack(row, *values) for values in rows))


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def _full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)


def _in_movie_time(ticks: int) -> int:
    return ticks * _MOVIE_RATE // CLOCK_RATE
