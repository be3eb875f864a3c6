"""A real server on loopback, with clients for every transport."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from aiortc import RTCDataChannel, RTCPeerConnection

from control.protocol.models import NewRun
from media.frames import Codec
from signaling.config import Config, Limits
from signaling.server import Server
from tests.media.pictures import jpeg, quarters
from tests.peers import Viewer, loopback
from tests.signaling.fakes import FakeAttachments, FakeAuditTrail, FakeRun, FakeRuns, FakeShareLinks

WAIT_SECONDS = 30.0
"""For anything that comes soon; a busy machine takes its time."""
ADA, BOB = "ada-key-0123456789abcdef", "bob-key-0123456789abcdef"
CONFIG = Config(
    api_keys={"ada": ADA, "bob": BOB},
    secret="the secret of these tests",
    port=0,
    frame_port=0,
    ice_addresses=("127.0.0.1",),
    limits=Limits(first_poll_seconds=0.05),
)
"""No `FakeRun` captures a picture because somebody looks: to wait for one is of no use."""


@cache
def first_picture() -> bytes:
    """The picture that every run begins with, as a JPEG."""
    return jpeg(quarters(320, 240))


class ServerHarness:
    """One server, its runs, and an HTTP session to talk to it."""

    def __init__(
        self, config: Config = CONFIG, *, dist: Path = Path("there is none"), trace_viewer: Path | None = None
    ) -> None:
        self.config = config
        self.runs = FakeRuns()
        self.attachments = FakeAttachments()
        self.links = FakeShareLinks(self.runs)
        self.trail = FakeAuditTrail()
        self.server = Server(
            config,
            runs=self.runs,
            attachments=self.attachments,
            links=self.links,
            trail=self.trail,
            dist=dist,
            trace_viewer=trace_viewer,
        )
        self.http: aiohttp.ClientSession

    async def __aenter__(self) -> ServerHarness:
        await self.server.start()
        self.http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.http.close()
        for run in self.runs.all.values():
            await run.end()
        await self.server.aclose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def frames_url(self) -> str:
        return f"http://127.0.0.1:{self.server.frame_port}"

    async def new_run(self, *, owner: str = "ada", picture: bool = True) -> FakeRun:
        """A run whose page is open, with one picture."""
        run = await self.runs.create(NewRun(url="http://shop.test/"), owner=owner)
        run.open()
        if picture:
            run.latest.put(first_picture(), width=320, height=240, captured_at=time.time())
        return run

    async def share(self, run: FakeRun, role: str, *, ttl: int = 600) -> dict[str, Any]:
        """A share token as the API gives it."""
        body = {"role": role, "ttlSeconds": ttl}
        status, answer = await self.call("POST", f"/api/tests/{run.id}/tokens", body=body)
        assert status == 201
        return dict(answer)

    async def token(self, run: FakeRun, role: str) -> str:
        """The owner's key, or a share token of a lesser role."""
        return ADA if role == "owner" else str((await self.share(run, role))["token"])

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = ADA,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and body, decoded where it is JSON; None where there is none."""
        headers = auth(token) | (headers or {})
        async with self.http.request(method, self.url + path, headers=headers, json=body) as response:
            text = await response.text()
            is_json = response.content_type.endswith("json")
            return response.status, json.loads(text) if is_json and text else text or None

    @asynccontextmanager
    async def socket(
        self, run: FakeRun, *, token: str | None = ADA, headers: dict[str, str] | None = None, **query: object
    ) -> AsyncIterator[ControlSocket]:
        """A control WebSocket, with the token in its address."""
        params = {"runId": run.id, **({"token": token} if token is not None else {})}
        params |= {name: str(value) for name, value in query.items()}
        async with self.http.ws_connect(f"{self.url}/ws/test-control", params=params, headers=headers) as ws:
            yield ControlSocket(ws)

    @asynccontextmanager
    async def peer(self, run: FakeRun, *, token: str = ADA, codec: Codec = Codec.VP8) -> AsyncIterator[WhepPeer]:
        """A WHEP viewer with both data channels, connected."""
        peer = WhepPeer(self, run, token, codec)
        try:
            await peer.connect()
            yield peer
        finally:
            await peer.close()


class ControlSocket:
    """One control WebSocket, as a client sees it."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def next(self) -> dict[str, Any]:
        message = await self.ws.receive(timeout=WAIT_SECONDS)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return dict(json.loads(message.data))

    async def until(self, type: str) -> dict[str, Any]:
        """The next message of this type; others are passed over."""
        while True:
            message = await self.next()
            if message["type"] == type:
                return message

    async def send(self, **message: object) -> None:
        await self.ws.send_json(message)

    async def ask(self, **message: object) -> dict[str, Any]:
        """Sends a message with an id and waits for the message that carries it."""
        await self.send(**message)
        while True:
            answer = await self.next()
            if answer.get("id") == message["id"]:
                return answer

    async def close_code(self) -> int | None:
        """Reads to the end."""
        async with asyncio.timeout(WAIT_SECONDS):
            async for _ in self.ws:
                pass
        return self.ws.close_code


class WhepPeer:
    """A real WebRTC viewer of one run, by WHEP."""

    def __init__(self, harness: ServerHarness, run: FakeRun, token: str, codec: Codec) -> None:
        self.harness = harness
        self.run = run
        self.token = token
        self.viewer = Viewer(codec)
        self.control: RTCDataChannel = self.pc.createDataChannel("test-control")
        self.input: RTCDataChannel = self.pc.createDataChannel("test-input", ordered=False, maxRetransmits=0)
        self.resource = ""
        self.headers: Mapping[str, str] = {}
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.control.on("message", lambda text: self.messages.put_nowait(json.loads(text)))
        self.connected = asyncio.Event()
        self.ended = asyncio.Event()
        self.input_open = asyncio.Event()
        """Set once moves may be sent, which may be after the first message on the other channel."""
        self.input.on("open", self.input_open.set)
        self.pc.on("connectionstatechange", self._on_state)

    @property
    def pc(self) -> RTCPeerConnection:
        return self.viewer.pc

    async def connect(self) -> None:
        async with loopback():
            offer = await self.viewer.offer()
        headers = auth(self.token) | {"Content-Type": "application/sdp"}
        url = f"{self.harness.url}/whep/{self.run.id}"
        async with self.harness.http.post(url, data=offer, headers=headers) as response:
            text = await response.text()
            assert response.status == 201, text
            self.headers = response.headers
            self.resource = self.harness.url + response.headers["Location"]
        await self.viewer.accept(text)
        await asyncio.wait_for(self.connected.wait(), WAIT_SECONDS)

    async def until(self, type: str) -> dict[str, Any]:
        while True:
            message = await asyncio.wait_for(self.messages.get(), WAIT_SECONDS)
            if message["type"] == type:
                return message

    async def ask(self, **message: object) -> dict[str, Any]:
        self.control.send(json.dumps(message))
        while True:
            answer = await asyncio.wait_for(self.messages.get(), WAIT_SECONDS)
            if answer.get("id") == message["id"]:
                return answer

    async def close(self) -> None:
        await self.viewer.close()

    def vanish(self) -> None:
        """Goes as a machine does whose network is cut: nothing is said, and nothing is heard."""
        for protocol in self.pc.getTransceivers()[0].receiver.transport.transport._connection._protocols:
            protocol.transport.abort()

    def _on_state(self) -> None:
        if self.pc.connectionState == "connected":
            self.connected.set()
        if self.pc.connectionState in {"closed", "failed"}:
            self.ended.set()


def auth(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
