"""The encoders, by what a decoder makes of their bytes."""

from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import av
import pytest
from av.video.frame import VideoFrame

from media.coding.codecs import check
from media.coding.encoder import Encoder
from media.coding.h264 import level_for
from media.coding.jpeg import JpegDecoder
from media.frames import Codec, EncodedFrame
from tests.media.pictures import CORNERS, alike, corners_of, jpeg, noise, quarters

BOTH = pytest.mark.parametrize("codec", list(Codec))


def picture(width: int = 320, height: int = 240) -> VideoFrame:
    return JpegDecoder().decode(jpeg(quarters(width, height)))


@lru_cache(maxsize=2)
def noises(count: int, width: int, height: int) -> list[VideoFrame]:
    decoder = JpegDecoder()
    return [decoder.decode(jpeg(noise(width, height, seed))) for seed in range(count)]


def encode(encoder: Encoder, frame: VideoFrame, at: float, *, keyframe: bool = False) -> EncodedFrame:
    encoded = encoder.encode(frame, captured_at=at, keyframe=keyframe)
    assert encoded is not None
    return encoded


def decode(frames: list[EncodedFrame]) -> list[VideoFrame]:
    decoder = av.CodecContext.create("h264" if frames[0].codec is Codec.H264 else "libvpx", "r")
    decoded = []
    for frame in frames:
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = frame.pts, Fraction(1, 90_000)
        decoded += decoder.decode(packet)
    return decoded + decoder.decode(None)


def bits(frames: list[EncodedFrame | None]) -> int:
    return sum(len(frame.data) * 8 for frame in frames if frame is not None)


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B stream (ITU-T H.264 annex B)."""
    return [unit.rstrip(b"\x00") for unit in data.split(b"\x00\x00\x01")[1:]]


@BOTH
def test_the_first_frame_is_a_keyframe_and_then_only_on_demand(codec: Codec) -> None:
    encoder = Encoder(codec=codec)
    frames = [encode(encoder, frame, i / 30, keyframe=i == 20) for i, frame in enumerate(noises(40, 160, 120))]
    assert [i for i, frame in enumerate(frames) if frame.keyframe] == [0, 20]


@BOTH
def test_colours_survive(codec: Codec) -> None:
    encoder = Encoder(codec=codec)
    frames = [encode(encoder, picture(), i / 30) for i in range(5)]
    decoded = decode(frames)
    assert len(decoded) == 5
    assert alike(corners_of(decoded[-1]), CORNERS)


@BOTH
def test_a_keyframe_can_be_decoded_without_what_came_before(codec: Codec) -> None:
    encoder = Encoder(codec=codec)
    encode(encoder, picture(), 0)
    assert alike(corners_of(decode([encode(encoder, picture(), 1, keyframe=True)])[0]), CORNERS)


@BOTH
def test_a_new_size_starts_with_a_keyframe_of_that_size(codec: Codec) -> None:
    encoder = Encoder(codec=codec)
    sizes = [(320, 240), (320, 240), (640, 480), (640, 480), (322, 242)]
    frames = [encode(encoder, picture(*size), i / 30) for i, size in enumerate(sizes)]
    assert [frame.keyframe for frame in frames] == [True, False, True, False, True]
    assert [(frame.width, frame.height) for frame in frames] == sizes
    assert [(frame.width, frame.height) for frame in decode(frames)] == sizes
    assert all(earlier.pts < later.pts for earlier, later in pairwise(frames))


@BOTH
@pytest.mark.parametrize("bitrate", [2_500_000, 600_000])
def test_noise_stays_within_the_bit_rate(codec: Codec, bitrate: int) -> None:
    encoder = Encoder(codec=codec, bitrate=bitrate)
    frames = [
        encoder.encode(frame, captured_at=i / 30, keyframe=False) for i, frame in enumerate(noises(120, 480, 360))
    ]
    sent = [frame for frame in frames if frame is not None]
    assert sum(len(frame.data) for frame in sent[:-1]) * 8 <= bitrate * (4 + 1)
    assert len(sent) >= 4


@BOTH
@pytest.mark.parametrize("low", [1_500_000, 500_000])
def test_a_lower_target_is_followed(codec: Codec, low: int) -> None:
    encoder = Encoder(codec=codec, bitrate=2_500_000)
    pictures = noises(30, 320, 240)
    before = [encoder.encode(pictures[i % 30], captured_at=i / 30, keyframe=False) for i in range(60)]
    encoder.set_bitrate(low)
    after = [encoder.encode(pictures[i % 30], captured_at=2 + i / 30, keyframe=False) for i in range(180)]
    assert encoder.bitrate == low
    assert bits(after[60:]) <= low * (4 + 1)
    assert bits(before) / 2 > 1.2 * bits(after[60:]) / 4


@BOTH
def test_never_above_the_ceiling(codec: Codec) -> None:
    encoder = Encoder(codec=codec, bitrate=1_000_000)
    encoder.set_bitrate(5_000_000)
    assert encoder.bitrate == 1_000_000


@BOTH
def test_a_picture_goes_in_and_its_frame_comes_out(codec: Codec) -> None:
    encoder = Encoder(codec=codec)
    times = [100 + i / 30 for i in range(10)]
    frames = [encode(encoder, picture(), at) for at in times]
    assert [frame.captured_at for frame in frames] == times
    assert [frame.pts for frame in frames] == [round(at * 90_000) for at in times]


@pytest.mark.parametrize(("size", "sps"), [((1280, 720), "42e01f"), ((640, 480), "42e01f"), ((1920, 1080), "42e028")])
def test_sps_says_what_sdp_says(size: tuple[int, int], sps: str) -> None:
    encoder = Encoder(codec=Codec.H264, fps=30)
    for keyframe in (encode(encoder, picture(*size), 0), encode(encoder, picture(*size), 1, keyframe=True)):
        units = nal_units(keyframe.data)
        assert units[0][0] & 0x1F == 7
        assert units[0][1:4].hex() == sps
        assert units[1][0] & 0x1F == 8
        assert {unit[0] & 0x1F for unit in units[2:]} <= {5, 6}


def test_h264_says_that_it_is_full_range() -> None:
    decoded = decode([encode(Encoder(codec=Codec.H264), picture(), 0)])[0]
    assert decoded.color_range == 2
    assert decoded.colorspace == 5


@pytest.mark.parametrize(
    ("width", "height", "fps", "level"),
    [(1280, 720, 30, 31), (720, 1280, 30, 31), (1280, 720, 60, 32), (1366, 768, 30, 32), (1920, 1080, 30, 40)],
)
def test_level_is_the_lowest_that_holds_the_picture(width: int, height: int, fps: int, level: int) -> None:
    assert level_for(width, height, fps) == level


def test_codec_check_finds_all_three_working() -> None:
    results = check()
    assert [result.name for result in results] == ["JPEG (mjpeg)", "H264 (libx264)", "VP8 (libvpx)"]
    assert all(result.ok for result in results), results
