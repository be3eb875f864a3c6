"""Garbage in place of pictures: a picture or a DecodeError, bounded memory, and the stream goes on with the next."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest

from media.frames import Codec
from media.stream import LiveStream
from tests.fuzz.example_budget import dice, rounds
from tests.fuzz.pictures import OTHERS, good, mutant
from tests.fuzz.resource_census import no_traceback, nothing_left
from tests.media.pictures import jpeg, quarters
from tests.signaling.fakes import NotedFrames
from tests.signaling.server_harness import WAIT_SECONDS

ROOT = Path(__file__).parents[2]
MOST_MEMORY = 400_000
"""kB, of which a picture of the largest size that is taken would need about 100 000, decoded and converted."""


@pytest.mark.process
async def test_the_decoder_survives_in_a_process_of_its_own() -> None:
    command = (sys.executable, "-m", "tests.fuzz.decoding", str(len(rounds(20_000))), "garbage")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    found = json.loads(output)
    assert found["decoded"] > 0
    assert found["refused"] > 0
    assert found["memory"] < MOST_MEMORY


class Seen:
    """Tells when the stream has done with a picture: it waits for a newer one then."""

    def __init__(self) -> None:
        self.latest = NotedFrames(self._note)
        self._number = 0
        self._changed = asyncio.Event()

    async def put(self, data: bytes) -> None:
        number = self.latest.put(data, width=64, height=48, captured_at=time.time()).seq
        async with asyncio.timeout(WAIT_SECONDS):
            while self._number < number:
                self._changed.clear()
                await self._changed.wait()

    def _note(self, number: int) -> None:
        self._number = number
        self._changed.set()


async def test_a_stream_goes_on_after_garbage() -> None:
    luck, corpus, seen = dice("stream"), good(), Seen()
    with no_traceback():
        async with nothing_left():
            stream = LiveStream(seen.latest, fps=1000, idle_fps=1 / 60, linger=0)
            subscription = stream.subscribe(Codec.VP8, pinned=True)
            for _ in rounds(20):
                for _ in range(15):
                    await seen.put(luck.choice((luck.choice(OTHERS), mutant(luck, luck.choice(corpus)))))
                size = 2 * luck.randrange(16, 64)
                await seen.put(jpeg(quarters(size, 48)))
                async with asyncio.timeout(WAIT_SECONDS):
                    while (await subscription.recv()).width != size:
                        pass
            assert stream.stats.undecodable
            await stream.aclose()
