"""What the viewers of a stream see is what its recording shows, in one file that decodes without an error."""

from __future__ import annotations

import io
from itertools import pairwise

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media.frames import CLOCK_RATE
from media.recording.movie import Chapter, compose, playable
from media.recording.segment import UnreadableSegment, read
from tests import timecode
from tests.media.pictures import corners_of, noise, quarters
from tests.media.recording.scripted import BEGAN, decode, every, record

STILL = quarters(320, 240)
WIDE, TALL = quarters(320, 240), quarters(160, 400)


def coded(number: int) -> NDArray[np.uint8]:
    """A page with a time code."""
    grey = np.asarray(timecode.encode(1000 + number, 1280, 240), np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def code_of(frame: VideoFrame) -> int | None:
    return timecode.decode(np.asarray(frame.to_ndarray(format="gray"), np.uint8))


async def test_what_is_recorded_decodes_in_order_and_is_as_long_as_it_took() -> None:
    recorded = await record(every(0.2, 60, coded))
    pictures = decode(recorded.mp4())
    codes = [code_of(frame) for _, frame in pictures]
    assert codes == [1000 + number for number in range(60)]
    assert [round(at, 3) for at, _ in pictures] == [round(0.2 * number, 3) for number in range(60)]
    movie = compose(recorded.segments)
    assert 59 * 0.2 <= movie.duration / CLOCK_RATE < 60 * 0.2 + 0.5
    assert movie.start == round(BEGAN * CLOCK_RATE)
    assert len(recorded.files.all) == 3
    assert (recorded.recorder.lost, recorded.stream.open) == (0, 0)


async def test_a_change_of_size_gives_each_size_a_description_and_still_decodes() -> None:
    pictures = [(number / 2, WIDE if number // 6 % 2 == 0 else TALL) for number in range(24)]
    recorded = await record(pictures)
    mp4 = recorded.mp4()
    shown = [(frame.width, frame.height) for _, frame in decode(mp4)]
    assert shown == [(pixels.shape[1], pixels.shape[0]) for _, pixels in pictures]
    assert compose(recorded.segments).head.count(b"avc1\0\0\0\0") == 2
    with av.open(io.BytesIO(mp4), "r") as container:
        stream = container.streams.video[0]
        assert stream.codec_context.width == 320
        assert stream.sample_aspect_ratio == 1
        assert stream.codec_context.profile == "Constrained Baseline"


async def test_players_get_to_any_place_from_a_keyframe_not_far_before() -> None:
    recorded = await record(every(0.1, 400, lambda number: quarters(64, 48 + 0 * number)))
    keyframes = [at for at, frame in decode(recorded.mp4()) if frame.key_frame]
    assert all(10 <= later - earlier <= 10.5 for earlier, later in pairwise(keyframes))
    assert len(keyframes) == 4


async def test_a_still_page_takes_at_most_a_hundred_megabytes_in_half_an_hour() -> None:
    """Two frames a second for two minutes, of a page that costs as many bits as any: a fifteenth of it."""
    page = noise(1280, 720, 1)
    recorded = await record(every(0.5, 240, lambda _: page))
    assert sum(map(len, recorded.files.all.values())) * 15 < 100_000_000
    assert len([1 for _, frame in decode(recorded.mp4()) if frame.key_frame]) == 4


async def test_chapters_name_what_began_when() -> None:
    recorded = await record(every(0.5, 20, lambda _: STILL))
    titles = ["1 · plan · Go to /cart", "2 · override · Click ‘Pay’", "3 · human · " + "ä" * 600]
    mp4 = recorded.mp4([Chapter(at * CLOCK_RATE, title) for at, title in zip((1, 4, 6), titles, strict=True)])
    with av.open(io.BytesIO(mp4), "r") as container:
        chapters = container.chapters()
    begin = [float(each["start"] * each["time_base"]) for each in chapters]  # type: ignore[operator]
    named = [each["metadata"].get("title", "") for each in chapters]
    assert begin == [0, 1, 4, 6]
    assert named[:3] == ["", *titles[:2]]
    assert titles[2].startswith(named[3])
    assert len(named[3]) > 200
    assert len(decode(mp4)) == 20


async def test_what_could_not_be_written_is_missing_and_counted_and_the_rest_is_there() -> None:
    recorded = await record(every(0.5, 60, coded), refused=(1, 2))
    pictures = decode(recorded.mp4())
    codes = [code_of(frame) for _, frame in pictures]
    numbers = [code - 1000 for code in codes if code is not None]
    assert len(numbers) == len(codes) < 60
    assert [round(at * 2) for at, _ in pictures] == numbers
    assert numbers[-1] == 59
    assert recorded.recorder.lost == 60 - len(numbers)
    assert recorded.lost == ["the disk is full"] * 2


async def test_a_ring_keeps_the_last_minutes_and_begins_where_it_can_be_decoded() -> None:
    recorded = await record(every(0.5, 240, coded), most_seconds=40)
    codes = [code_of(frame) for _, frame in decode(recorded.mp4())]
    assert codes[-1] == 1239
    assert 40 * 2 - 60 < len(codes) <= 46 * 2
    assert codes == list(range(1240 - len(codes), 1240))
    assert set(recorded.files.all) == {segment.start for segment in recorded.recorder.segments}


async def test_a_recording_is_no_larger_than_it_may_be() -> None:
    recorded = await record(every(0.1, 200, lambda number: noise(64, 48, number)), most_bytes=200_000)
    assert sum(map(len, recorded.files.all.values())) < 200_000
    assert len(recorded.files.all) > 1
    assert decode(recorded.mp4())


async def test_samples_say_what_was_new() -> None:
    pages = [quarters(64, 48), quarters(64, 48)]
    recorded = await record([(0, pages[0]), (0.5, pages[0]), (1, pages[1]), (1.5, pages[1])])
    assert recorded.segments[0].fresh == (0, 2)


async def test_a_segment_says_all_of_itself_and_a_part_of_one_is_refused() -> None:
    recorded = await record(every(0.5, 4, lambda _: STILL))
    [(start, data)] = recorded.files.all.items()
    assert read(data, start=start) == recorded.segments[0]
    for part in (b"", data[:100], data[: recorded.segments[0].offset + 50], b"\0" * 500):
        with pytest.raises(UnreadableSegment):
            read(part, start=start)


async def test_a_movie_begins_with_a_keyframe() -> None:
    recorded = await record(every(0.5, 30, lambda _: STILL))
    segments = recorded.recorder.segments
    assert [bool(each.keyframes) for each in segments] == [True, False, False, False]
    assert playable(segments[1:]) == ()
    assert playable(segments) == tuple(segments)


async def test_the_decoder_sees_the_pictures_colours() -> None:
    recorded = await record(every(0.5, 3, lambda _: STILL))
    corners = [corners_of(frame) for _, frame in decode(recorded.mp4())]
    expected = [STILL[60, 80], STILL[60, 240], STILL[180, 80], STILL[180, 240]]
    assert np.abs(np.array(corners[-1]) - np.array(expected)).max() <= 10
