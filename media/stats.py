"""What a stream has done."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from media.frames import Codec, EncodedFrame
from media.renditions import EncodingKey


@dataclass(slots=True)
class RenditionStats:
    """What one rendition in one codec has done; every figure only grows unless its text says otherwise."""

    viewers: int = 0
    """Who gets it right now."""
    joins: int = 0
    """Viewers that have moved to it from another rendition."""
    encoded: int = 0
    """Frames encoded."""
    keyframes: int = 0
    """Those of them that are keyframes."""
    skipped: int = 0
    """Pictures that the encoder left out to keep to its rate."""
    failed: int = 0
    """Pictures that the encoder failed on."""
    bitrate: int = 0
    """The latest target, in bits per second."""
    encode_ms: float = 0.0
    """How long the latest encode took."""
    encode_seconds: float = 0.0
    """How long all of them took."""
    age_seconds: float = 0.0
    """How old its frames were when they were handed to the viewers, all together."""
    width: int = 0
    """Of the latest frame, in pixels."""
    height: int = 0
    """Of the latest frame, in pixels."""

    def on_frame(self, frame: EncodedFrame, *, now: float) -> None:
        """Counts a frame that is about to be delivered; `now` in seconds of `time.time()`."""
        self.encoded += 1
        self.age_seconds += max(0.0, now - frame.captured_at)
        self.width, self.height = frame.width, frame.height
        self.keyframes += frame.keyframe

    def on_encode(self, milliseconds: float) -> None:
        """Counts the time that an encode took."""
        self.encode_ms = milliseconds
        self.encode_seconds += milliseconds / 1000


@dataclass(slots=True)
class StreamStats:
    """What a stream has done since it was made; every figure only grows unless its text says otherwise."""

    viewers: int = 0
    """Subscriptions and watches right now."""
    decoded: int = 0
    """JPEG pictures decoded."""
    undecodable: int = 0
    """JPEG pictures that could not be decoded."""
    dropped: int = 0
    """JPEG pictures that were replaced by a newer one before they could be encoded."""
    viewer_dropped: int = 0
    """Encoded frames that single viewers missed because they were too slow, all viewers together."""
    decode_ms: float = 0.0
    """How long the latest decode took."""
    decode_seconds: float = 0.0
    """How long all of them took."""
    fps: float = 0.0
    """Pictures per second that are encoded at most right now: fewer than asked for when the machine is short of CPU."""
    renditions: dict[EncodingKey, RenditionStats] = field(default_factory=dict)
    """Of each codec and rendition that somebody has been on."""

    def on_decodes(self, count: int, milliseconds: float) -> None:
        """Counts pictures that were decoded, and the time that the latest of them took."""
        self.decoded += count
        self.decode_ms = milliseconds
        self.decode_seconds += count * milliseconds / 1000

    def count_viewers(self, viewers: Mapping[EncodingKey, int]) -> None:
        """Sets who gets what: viewers by the encoding that they are on."""
        for key, count in viewers.items():
            if count or key in self.renditions:
                self.of(key).viewers = count

    def of(self, key: EncodingKey) -> RenditionStats:
        """Returns the live figures of one encoding."""
        return self.renditions.setdefault(key, RenditionStats())

    @property
    def encoded(self) -> Counter[Codec]:
        """Frames encoded, all renditions together."""
        return self._sum("encoded")

    @property
    def keyframes(self) -> Counter[Codec]:
        return self._sum("keyframes")

    @property
    def skipped(self) -> Counter[Codec]:
        return self._sum("skipped")

    @property
    def failed(self) -> Counter[Codec]:
        return self._sum("failed")

    @property
    def bitrate(self) -> dict[Codec, int]:
        """The latest target of each codec's best rendition that has been encoded, in bits per second."""
        worst_first = sorted(self.renditions.items(), reverse=True, key=_rank)
        return {key.codec: stats.bitrate for key, stats in worst_first if stats.bitrate}

    def _sum(self, name: str) -> Counter[Codec]:
        total: Counter[Codec] = Counter()
        for key, stats in self.renditions.items():
            total[key.codec] += getattr(stats, name)
        return +total


def _rank(item: tuple[EncodingKey, RenditionStats]) -> int:
    return list(type(item[0].rendition)).index(item[0].rendition)
