"""Run by itself: decodes garbage until its input ends, for a crash here must not be one of the tests' own process."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from media.coding.jpeg import MAX_PIXELS, JpegDecoder
from media.errors import DecodeError
from tests.fuzz.pictures import OTHERS, good, mutant


def main(count: int, seed: str) -> None:
    """Prints how many pictures were decoded and refused, and the most memory that was taken, in kB."""
    luck, corpus, decoder = random.Random(seed), good(), JpegDecoder()
    tried = {"decoded": 0, "refused": 0}
    for number in range(count):
        data = OTHERS[number] if number < len(OTHERS) else mutant(luck, luck.choice(corpus))
        try:
            picture = decoder.decode(data)
        except DecodeError:
            tried["refused"] += 1
            continue
        assert picture.width * picture.height <= 2 * MAX_PIXELS
        assert picture.format.name == "yuvj420p"
        tried["decoded"] += 1
    print(json.dumps(tried | {"memory": peak()}))


def peak() -> int:
    """Resident KiB at most, of this program alone: what getrusage(2) tells begins with whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
