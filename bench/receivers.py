"""Light viewers in a process of their own: ICE, DTLS and SRTP are complete, frames are counted and not decoded.

``python -m bench.receivers URL TOKEN`` reads one command a line from stdin and answers with a line of JSON: ``join N``
connects N more viewers, ``count SECONDS`` tells what each of them has received in that time.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from tests.peers import loopback

REPORT_SECONDS = 1.0
"""How often a viewer sends a receiver report, as browsers do."""
CONNECT_SECONDS = 60.0
AT_ONCE = 5
"""Viewers that connect at the same time."""


@dataclass(slots=True)
class Count:
    """What one viewer has received so far."""

    frames: int = 0
    """Whole frames: every packet up to the marker, in order."""
    broken: int = 0
    """Frames with a packet missing."""
    bytes: int = 0
    """Of RTP packets, with their headers."""


class Receiver:
    """One viewer. Order of calls: `connect`, then read `count`, then `close`."""

    def __init__(self) -> None:
        self.count = Count()
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._first = asyncio.Event()
        self._ssrc = 0
        self._expected: int | None = None
        self._whole = False
        self._reporting: asyncio.Task[None] | None = None

    async def connect(self, http: aiohttp.ClientSession, url: str) -> None:
        """Returns once the first packet is here."""
        transceiver = self._pc.addTransceiver("video", direction="recvonly")
        known = RTCRtpReceiver.getCapabilities("video")
        assert known
        transceiver.setCodecPreferences([codec for codec in known.codecs if codec.mimeType == "video/H264"])
        await self._pc.setLocalDescription(await self._pc.createOffer())
        offer = self._pc.localDescription.sdp
        async with http.post(url, data=offer, headers={"Content-Type": "application/sdp"}) as answer:
            body = await answer.text()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status} {body}")
        # Frames are counted where SRTP ends: what aiortc does after it would cost more than what is measured.
        transceiver.receiver.transport._handle_rtp_data = self._count  # type: ignore[method-assign]
        await self._pc.setRemoteDescription(RTCSessionDescription(body, "answer"))
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._first.wait()
        self._reporting = asyncio.create_task(self._report())

    async def close(self) -> None:
        if self._reporting is not None:
            self._reporting.cancel()
            with suppress(asyncio.CancelledError):
                await self._reporting
        await self._pc.close()

    async def _count(self, data: bytes, arrival_time_ms: int) -> None:
        number = int.from_bytes(data[2:4], "big")
        self.count.bytes += len(data)
        self._whole = self._whole and number == self._expected
        self._expected = (number + 1) & 0xFFFF
        if data[1] & 0x80:
            self.count.frames += self._whole
            self.count.broken += not self._whole
            self._whole = True
        if not self._ssrc:
            self._ssrc = int.from_bytes(data[8:12], "big")
            self._first.set()

    async def _report(self) -> None:
        transport = self._pc.getReceivers()[0].transport
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            info = RtcpReceiverInfo(self._ssrc, 0, 0, self._expected or 0, 0, 0, 0)
            await transport._send_rtp(bytes(RtcpRrPacket(ssrc=1, reports=[info])))


class Receivers:
    """All viewers of this process."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._receivers: list[Receiver] = []

    async def join(self, count: int) -> None:
        for start in range(0, count, AT_ONCE):
            some = [Receiver() for _ in range(min(AT_ONCE, count - start))]
            self._receivers += some
            await asyncio.gather(*(receiver.connect(self._http, self._url) for receiver in some))

    async def count(self, seconds: float) -> list[dict[str, int]]:
        before = [asdict(receiver.count) for receiver in self._receivers]
        await asyncio.sleep(seconds)
        after = [asdict(receiver.count) for receiver in self._receivers]
        return [{key: b[key] - a[key] for key in a} for a, b in zip(before, after, strict=True)]

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))


async def obey(url: str, token: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    headers = {"Authorization": f"Bearer {token}"}
    async with loopback(), aiohttp.ClientSession(headers=headers) as http:
        receivers = Receivers(http, url)
        while line := (await reader.readline()).decode().split():
            if line[0] == "join":
                await receivers.join(int(line[1]))
                print(json.dumps([]), flush=True)
            else:
                print(json.dumps(await receivers.count(float(line[1]))), flush=True)
        await receivers.close()


class Crowd:
    """The process, seen from the one that started it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.size = 0

    async def grow_to(self, size: int) -> None:
        """Connects as many viewers as are missing; returns when the last one has its first packet."""
        await self._ask(f"join {size - self.size}")
        self.size = size

    async def count(self, seconds: float) -> list[Count]:
        return [Count(**each) for each in await self._ask(f"count {seconds}")]

    def vanish(self) -> None:
        """All of them at once, without a goodbye."""
        self._process.kill()

    async def _ask(self, command: str) -> list[dict[str, int]]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{command}\n".encode())
        answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the receivers have ended; their reason stands above")
        return list(json.loads(answer))


@asynccontextmanager
async def crowd(url: str, token: str) -> AsyncIterator[Crowd]:
    """Starts the process; ends it with its viewers."""
    command = (sys.executable, "-m", "bench.receivers", url, token)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
    try:
        yield Crowd(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(obey(*sys.argv[1:3]))
