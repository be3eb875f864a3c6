"""JPEG files with mistakes in them."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from tests.media.pictures import jpeg, noise, quarters

START_OF_FRAME = b"\xff\xc0"


def good() -> list[bytes]:
    """Of every size and sampling that a browser may send, and some that it does not."""
    sizes = [(64, 48), (33, 17), (1, 1), (8, 640)]
    sampled = [jpeg(quarters(64, 48), pix_fmt=pix_fmt) for pix_fmt in ("yuvj444p", "yuvj422p")]
    return [jpeg(quarters(*size)) for size in sizes] + sampled + [jpeg(noise(160, 120, 1))]


def mutant(luck: random.Random, picture: bytes) -> bytes:
    data = bytearray(picture)
    for _ in range(luck.choice((1, 1, 2, 4))):
        luck.choice(MUTATIONS)(luck, data)
    return bytes(data)


def _truncate(luck: random.Random, data: bytearray) -> None:
    del data[luck.randrange(len(data) + 1) :]


def _flip(luck: random.Random, data: bytearray) -> None:
    for _ in range(luck.randrange(1, 8)):
        if data:
            data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)


def _header(luck: random.Random, data: bytearray) -> None:
    for _ in range(luck.randrange(1, 8)):
        if data:
            data[luck.randrange(min(len(data), 700))] = luck.randrange(256)


def _size(luck: random.Random, data: bytearray) -> None:
    """Height and width as they stand in the frame header (ITU-T T.81 §B.2.2)."""
    start = data.find(START_OF_FRAME)
    sides = [luck.choice((0, 1, 7, 4096, 32767, 65500, 65535)) for _ in range(2)]
    if 0 <= start < len(data) - 9:
        data[start + 5 : start + 9] = struct.pack("!HH", *sides)


def _kind(luck: random.Random, data: bytearray) -> None:
    """Progressive, lossless, arithmetic; 12 bits; one or four components."""
    start = data.find(START_OF_FRAME)
    if 0 <= start < len(data) - 10:
        data[start + 1] = luck.choice((0xC1, 0xC2, 0xC3, 0xC9, 0xCA))
        data[start + 4] = luck.choice((8, 12, 16, 0))
        data[start + 9] = luck.choice((0, 1, 2, 3, 4, 255))


def _cut_out(luck: random.Random, data: bytearray) -> None:
    start = luck.randrange(len(data) + 1)
    del data[start : start + luck.randrange(40)]


def _repeat(luck: random.Random, data: bytearray) -> None:
    start = luck.randrange(len(data) + 1)
    data[start:start] = data[luck.randrange(len(data) + 1) :][:200]


def _rotate(luck: random.Random, data: bytearray) -> None:
    """EXIF that says which way is up, and garbage in its place."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([luck.randrange(16)]) + bytes(6)
    exif = luck.choice((exif, luck.randbytes(30)))
    data[2:2] = b"\xff\xe1" + struct.pack("!H", luck.choice((len(exif) + 2, 0, 65535))) + exif


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _truncate,
    _flip,
    _header,
    _size,
    _kind,
    _cut_out,
    _repeat,
    _rotate,
)

OTHERS: list[bytes] = [
    b"",
    b"\0",
    b"\xff\xd8",
    b"\xff\xd8\xff\xd9",
    b"\xff\xd8\xff\xe0fake\xff\xd9",
    b"\x89PNG\r\n\x1a\n" + bytes(100),
    b"GIF89a" + bytes(100),
    b"RIFF\x24\0\0\0WEBPVP8 " + bytes(100),
    b"BM" + bytes(100),
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b"\0\0\0\x18ftypavif" + bytes(100),
    b"%PDF-1.7",
    b"\xff" * 10_000,
    bytes(100_000),
]
"""No JPEG, or hardly one."""
