"""People who look at every run of an attach session: by WHEP, or as a controller that sends no command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import aiohttp

from jumpseat.client import Client, ClientError
from media.frames import Codec
from tests.peers import Viewer, loopback

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class SessionPage:
    """The address that `attach` prints, in its parts."""

    server: str
    session: str
    key: str

    @classmethod
    def of(cls, watch_url: str) -> SessionPage:
        parts = urlsplit(watch_url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.rpartition("/")[2], parse_qs(parts.query)["token"][0])


@dataclass
class Onlookers:
    """What they have seen."""

    runs: set[str] = field(default_factory=set)
    """Runs that somebody has joined."""
    frames: int = 0
    """Frames of the picture that have arrived."""
    messages: int = 0
    """Control messages that have arrived."""


Look = Callable[[Client, SessionPage, str, Onlookers], Awaitable[None]]


async def watch(client: Client, page: SessionPage, run_id: str, seen: Onlookers) -> None:
    """Plays the run's picture with a share token that may only watch, until the run ends."""
    token = await client.share(run_id, role="viewer")
    viewer = Viewer(Codec.VP8)
    try:
        async with loopback():
            offer = await viewer.offer()
        headers = {"Authorization": f"Bearer {token.token}", "Content-Type": "application/sdp"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{page.server}/whep/{run_id}", data=offer, headers=headers) as answer,
        ):
            if answer.status != 201:
                return  # the run is over already
            await viewer.accept(await answer.text())
        async with Client(page.server, key=token.token) as watcher:  # the owner's key would be there to steer
            async for _ in watcher.follow(run_id):
                seen.messages += 1
    finally:
        await viewer.close()
        seen.frames += viewer.frames


async def control(client: Client, page: SessionPage, run_id: str, seen: Onlookers) -> None:
    """Is connected with the right to steer, and sends no command."""
    async for _ in client.follow(run_id):
        seen.messages += 1


@asynccontextmanager
async def looking(watch_url: str, look: Look) -> AsyncIterator[Onlookers]:
    """Somebody joins each run of the session as soon as it is listed, and stays until it ends."""
    page, seen = SessionPage.of(watch_url), Onlookers()

    async def join(client: Client, run_id: str) -> None:
        with suppress(ClientError, aiohttp.ClientError):  # it may end at any moment, and the server with the last one
            await look(client, page, run_id, seen)

    async def follow() -> None:
        async with Client(page.server, key=page.key) as client, asyncio.TaskGroup() as joined:
            while True:
                try:
                    runs = await client.list_runs(session=page.session)
                except (ClientError, aiohttp.ClientError):
                    return
                for run in runs.runs:
                    if run.id not in seen.runs and not run.status.final:
                        seen.runs.add(run.id)
                        joined.create_task(join(client, run.id))
                await asyncio.sleep(POLL_SECONDS)  # lists send no events

    following = asyncio.create_task(follow())
    try:
        yield seen
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
