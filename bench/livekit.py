"""What further viewers in a LiveKit room cost jumpseat: they should cost LiveKit, not us."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.usage import cpu_seconds
from tests.livekit_client import Participant
from tests.livekit_server import LiveKitServer, ServerMissing, find_here
from tests.served import Served, served

SETTLE_SECONDS = 4.0
"""Time for the joiners' keyframes and announcements to be over."""


async def livekit_tax(*, seconds: float, sizes: tuple[int, ...] = (1, 10)) -> list[dict[str, object]]:
    """CPU of the jumpseat process, without its browser, by viewers of one run; nothing where there is no LiveKit."""
    try:
        executable = find_here()
    except ServerMissing as missing:
        print(missing, file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        async with LiveKitServer(executable, Path(folder)) as livekit, _server(livekit) as server:
            run_id = await server.start_watchable("/timecode.html?fps=20", seconds=600)
            loads = [(size, await _load(server, run_id, size, seconds)) for size in sizes]
    first = loads[0][1]
    return [
        {
            "viewers": size,
            "cpuPercent": round(load * 100, 1),
            "comparedToFirst": f"{(load / first - 1) * 100:+.1f} %",
        }
        for size, load in loads
    ]


@asynccontextmanager
async def _server(livekit: LiveKitServer) -> AsyncIterator[Served]:
    keys = {"LIVEKIT_API_KEY": livekit.key, "LIVEKIT_API_SECRET": livekit.secret}
    async with served(log=None, LIVEKIT_URL=livekit.url, **keys) as server:
        yield server


async def _load(server: Served, run_id: str, viewers: int, seconds: float) -> float:
    """Share of one core. The viewers live in another process: decoding for ten must not take jumpseat's cores away."""
    streams = [await server.get(f"/api/tests/{run_id}/stream?client={number}") for number in range(viewers)]
    command = (sys.executable, "-m", "bench.livekit", streams[0]["livekitUrl"])
    environment = os.environ | {"BENCH_TOKENS": " ".join(stream["token"] for stream in streams)}
    crowd = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        assert crowd.stdout
        assert await crowd.stdout.readline() == b"watching\n"
        await asyncio.sleep(SETTLE_SECONDS)
        before = cpu_seconds(server.process.pid)
        await asyncio.sleep(seconds)
        return (cpu_seconds(server.process.pid) - before) / seconds
    finally:
        crowd.kill()
        await crowd.wait()


async def _crowd(url: str, tokens: list[str]) -> None:
    """Watches until it is killed. Pictures are received, and not decoded where nobody reads them."""
    viewers = [Participant(reads=False) for _ in tokens]
    for viewer, token in zip(viewers, tokens, strict=True):
        await viewer.room.connect(url, token)
    for viewer in viewers:
        await viewer.until(lambda viewer=viewer: viewer.tracks > 0)  # type: ignore[misc]
    print("watching", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_crowd(sys.argv[1], os.environ["BENCH_TOKENS"].split()))
