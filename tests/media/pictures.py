"""JPEG pictures with known content, made with PyAV."""

from __future__ import annotations

import io
import time
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media.frames import JpegFrame, LatestFrame

Rgb = tuple[int, int, int]

CORNERS: tuple[Rgb, Rgb, Rgb, Rgb] = ((200, 30, 30), (30, 160, 60), (40, 60, 200), (250, 250, 250))
"""Colours of the top left, top right, bottom left and bottom right quarter."""


def quarters(width: int, height: int, colours: tuple[Rgb, Rgb, Rgb, Rgb] = CORNERS) -> NDArray[np.uint8]:
    """A picture of four flat quarters, shape (height, width, 3)."""
    pixels = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    pixels[:top, :left], pixels[:top, left:], pixels[top:, :left], pixels[top:, left:] = colours
    return pixels


def noise(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """A picture that costs as many bits as any can: smooth noise, another one for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (-(-height // 4), -(-width // 4), 3), np.uint8)
    return coarse.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]


def jpeg(pixels: NDArray[np.uint8], *, pix_fmt: str = "yuvj420p") -> bytes:
    """Encodes an RGB picture of shape (height, width, 3)."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.height, encoder.width = pixels.shape[:2]
    encoder.pix_fmt, encoder.time_base = pix_fmt, Fraction(1, 30)
    encoder.options = {"strict": "unofficial"}
    encoder.qmin = encoder.qmax = 2
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    frame = frame.reformat(format=pix_fmt, dst_colorspace=5, dst_color_range=2)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """What a JPEG file shows, as RGB of shape (height, width, 3)."""
    with av.open(io.BytesIO(jpeg), mode="r", format="mjpeg") as file:
        return np.asarray(next(file.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)


def flat(brightness: int) -> bytes:
    """A small JPEG of one grey."""
    return jpeg(np.full((48, 64, 3), brightness, np.uint8))


def put(latest: LatestFrame, pixels: NDArray[np.uint8]) -> JpegFrame:
    """Captures the picture, now, at a device scale factor of 1."""
    height, width = pixels.shape[:2]
    return latest.put(jpeg(pixels), width=width, height=height, captured_at=time.time())


def corners_of(picture: VideoFrame) -> list[Rgb]:
    """What the four quarters of a decoded picture look like in their middles, as RGB."""
    pixels = picture.to_ndarray(format="rgb24")
    height, width = pixels.shape[:2]
    points = [(y, x) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return [(int(r), int(g), int(b)) for r, g, b in (pixels[y, x] for y, x in points)]


def alike(some: list[Rgb], others: tuple[Rgb, ...] | list[Rgb], tolerance: int = 10) -> bool:
    """Whether all colours are within `tolerance` levels of each other in every channel."""
    return bool(np.abs(np.array(some) - np.array(others)).max() <= tolerance)
