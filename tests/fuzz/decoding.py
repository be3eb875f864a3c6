"""Run by itself: decodes garbage until its input ends, for a crash here must not be one of the tests' own process."""

from __future__ import annotations

import json
import random
import resource
import sys

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
    print(json.dumps(tried | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
