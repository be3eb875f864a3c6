"""What is kept from viewers' eyes, as it comes out of a server by every way that pictures leave it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest
from numpy.typing import NDArray

from media.frames import Codec
from tests.media.pictures import decoded
from tests.peers import Viewer, loopback
from tests.runner.browser.driver_harness import site
from tests.served import WAIT_SECONDS, Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = {
    "/": """<title>Keys</title><style>
body { margin: 0; height: 700px } input { font: 40px monospace; width: 500px; border: 0; display: block; margin: 40px }
.read { background: #f0f }
@keyframes turn { to { transform: rotate(1turn) } }
#sign { width: 30px; height: 30px; background: #090; margin: 40px; animation: turn 1s infinite linear }
</style>
<input aria-label=Key oninput="this.className = 'read'">
<input aria-label=Note autofocus oninput="this.className = 'read'">
<div id=sign></div>"""
}
SECRET = "correct horse"
WAITS = {"type": "wait", "value": 500_000}


def is_legible(pixels: NDArray[np.int16]) -> bool:
    """Whether a field with text in it can be seen: it is magenta."""
    red, green, blue = np.moveaxis(pixels, 2, 0)
    return int(((red > 190) & (green < 100) & (blue > 190)).sum()) > 50


def shows_page(pixels: NDArray[np.int16]) -> bool:
    """Whether it is the page at all: most of it is white."""
    return float((pixels.min(axis=2) > 230).mean()) > 0.5


def read(jpeg: bytes) -> NDArray[np.int16]:
    return decoded(jpeg).astype(np.int16)


class Watcher:
    """One person who looks at a run by WebRTC, by polling, by MJPEG, and at thumbnails."""

    def __init__(self, server: Served, run_id: str, *, token: str, client: str) -> None:
        self._server = server
        self._run_id = run_id
        self._query = f"token={token}&client={client}"
        self.peer = Viewer(Codec.VP8)
        self.socket: aiohttp.ClientWebSocketResponse
        self._id = 0
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        async with loopback():
            offer = await self.peer.offer()
        headers = {"Content-Type": "application/sdp", "Authorization": ""}
        url = f"{self._server.api}/whep/{self._run_id}?{self._query}"
        async with self._server.http.post(url, data=offer, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            await self.peer.accept(await answer.text())
        url = f"{self._server.api}/ws/test-control?runId={self._run_id}&{self._query}"
        self.socket = await self._server.http.ws_connect(url, headers={"Authorization": ""})
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        await self.socket.close()
        await self.peer.close()

    async def send(self, type: str, **fields: object) -> dict[str, Any]:
        """Sends a command and returns its answer."""
        self._id += 1
        await self.socket.send_json({"type": type, "id": str(self._id), **fields})
        async with asyncio.timeout(WAIT_SECONDS):
            while (answer := await self._answers.get())["id"] != str(self._id):
                pass
        return answer

    async def _read(self) -> None:
        async for message in self.socket:
            if (answer := message.json()).get("id"):
                self._answers.put_nowait(answer)

    async def video(self) -> NDArray[np.int16]:
        return np.asarray((await self.peer.next_picture()).to_ndarray(format="rgb24"), np.int16)

    async def until_video(self, *, legible: bool, page: bool = True) -> None:
        """Looks at the video until it is like this."""
        async with asyncio.timeout(WAIT_SECONDS):
            while (is_legible(pixels := await self.video()), shows_page(pixels)) != (legible, page):
                pass

    async def stills(self) -> list[NDArray[np.int16]]:
        """One picture by each of the ways that are no video."""
        url = f"{self._server.frames}/stream/{self._run_id}"
        found = []
        for address in (f"{url}?{self._query}", f"{url}?width=320&{self._query}"):
            async with self._server.http.get(address, headers={"Authorization": ""}) as answer:
                assert answer.status == 200
                found.append(read(await answer.read()))
        async with self._server.http.get(f"{url}.mjpeg?{self._query}", headers={"Authorization": ""}) as answer:
            await answer.content.readuntil(b"Content-Length: ")
            length = int(await answer.content.readline())
            await answer.content.readuntil(b"\r\n\r\n")
            found.append(read(await answer.content.readexactly(length)))
        return found

    async def step_pictures(self) -> list[NDArray[np.int16]]:
        """The stored pictures of all steps."""
        found = []
        for step in (await self._server.get(f"/api/tests/{self._run_id}/steps"))["steps"]:
            for url in (step["screenshotUrl"], step["beforeScreenshotUrl"]):
                if url:
                    async with self._server.http.get(self._server.api + url) as answer:
                        found.append(read(await answer.read()))
        return found


@asynccontextmanager
async def watched(server: Served, run_id: str, client: str, *, role: str | None = None) -> AsyncIterator[Watcher]:
    """A watcher with a share link of this role; the owner where there is none."""
    token = server.key
    if role is not None:
        status, link = await server.post(f"/api/tests/{run_id}/tokens", {"role": role})
        assert status == 201
        token = link["token"]
    watcher = Watcher(server, run_id, token=token, client=client)
    await watcher.connect()
    try:
        yield watcher
    finally:
        await watcher.close()


async def started(server: Served, base: str, *steps: dict[str, str], **fields: object) -> str:
    """A run on the page, once these steps are done and it waits; it waits on after somebody has interrupted that."""
    run = await server.create({"url": f"{base}/", "steps": [*steps, WAITS, WAITS], "stepTimeoutMs": 20_000, **fields})
    waits = len(steps) + 1
    await server.until(run["id"], lambda m: m["type"] == "test_step" and m["step"]["stepNumber"] == waits)
    return str(run["id"])


@pytest.mark.timeout(180)
async def test_a_secret_is_in_no_picture_until_the_owner_lifts_its_cover(server: Served) -> None:
    fill = {"type": "type", "selector": 'role=textbox[name="Key"]', "value": "{{secret:key}}"}
    async with site(PAGES) as base:
        run_id = await started(server, base, fill, secrets={"key": SECRET})
        async with (
            watched(server, run_id, "owner") as owner,
            watched(server, run_id, "guest", role="controller") as guest,
        ):
            for watcher in (owner, guest):
                await watcher.until_video(legible=False)
                assert not any(map(is_legible, await watcher.stills()))
            pictures = await owner.step_pictures()
            assert len(pictures) >= 2
            assert not any(map(is_legible, pictures))

            assert (await guest.send("lift_covers", lifted=True))["code"] == "forbidden"
            assert (await owner.send("lift_covers", lifted=True))["type"] == "ack"
            await guest.until_video(legible=True)
            assert all(map(is_legible, await guest.stills()))
            assert (await owner.send("lift_covers", lifted=False))["type"] == "ack"
            await guest.until_video(legible=False)
            assert not any(map(is_legible, await guest.stills()))
        audit = (await server.get(f"/api/tests/{run_id}/audit"))["entries"]
        assert [each["detail"] for each in audit if each["action"] == "lifted_covers"] == ["shown", "covered"]
        await server.cancel(run_id)


@pytest.mark.timeout(180)
async def test_a_person_types_behind_the_curtain(server: Served) -> None:
    async with site(PAGES) as base:
        run_id = await started(server, base)
        async with (
            watched(server, run_id, "ada", role="controller") as ada,
            watched(server, run_id, "bob", role="viewer") as bob,
            watched(server, run_id, "eve", role="controller") as eve,
        ):
            await ada.send("take_control")
            assert (await eve.send("set_curtain", closed=True))["code"] == "not_holder"
            assert (await ada.send("set_curtain", closed=True))["type"] == "ack"
            await bob.until_video(legible=False, page=False)
            await ada.send("input", kind="text", text=SECRET)
            await ada.until_video(legible=True)
            assert all(map(is_legible, await ada.stills()))
            for watcher in (bob, eve):
                await watcher.until_video(legible=False, page=False)
                assert not any(shows_page(picture) for picture in await watcher.stills())
            await ada.send("release_control")
            for watcher in (ada, bob, eve):
                await watcher.until_video(legible=False)
                assert all(shows_page(each) and not is_legible(each) for each in await watcher.stills())
            assert not any(map(is_legible, await ada.step_pictures()))
        told = await server.until(run_id, lambda m: m["type"] == "control_changed" and m["holder"] is None)
        assert SECRET not in str(told)
        assert SECRET not in str(await server.get(f"/api/tests/{run_id}"))
        assert [bool(m["closedBy"]) for m in told if m["type"] == "curtain_changed"] == [True]
        await server.cancel(run_id)
