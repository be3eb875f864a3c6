"""Where an attach session is: at a server that runs already, or at one that is loaded while the command starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from control.protocol.attach import NewAttachSession
from jumpseat.loading import loading
from jumpseat.reserved import Reserved, reserved
from jumpseat.server_config import checked_config
from jumpseat.settings import Settings, owner_keys

if TYPE_CHECKING:
    from jumpseat.client import Client

_PARTS: Final = (
    "aiohttp.web",
    "playwright.async_api",
    "sqlalchemy.ext.asyncio",
    "numpy",
    "av",
    "aiortc",
    "jumpseat.client",
    "runner.attach.session",
    "jumpseat.composition",
)
"""What takes longest to load, piece by piece: a command that has ended by then waits for one of them at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An attach session, from the moment on at which its command can be started."""

    session_id: str
    endpoint: str
    page: str
    """The address of the session's page, as it may be printed."""
    page_with_key: str
    client: asyncio.Future[Client]
    """Is done as soon as the server can be asked; holds BadSetting where it cannot be started."""
    reserved: Reserved | None = None
    """None at a server that runs already."""

    async def used(self) -> Client | None:
        """Returns the server's client; None where it is not there yet, and nobody has come to need it."""
        if not self.client.done() and self.reserved is not None and not self.reserved.endpoint.is_called:
            return None
        return await asyncio.shield(self.client)


@asynccontextmanager
async def at_running_server(server: str, key: str, wanted: NewAttachSession) -> AsyncIterator[Place]:
    """Yields a session at a server that runs on this machine. Raises ClientError."""
    from jumpseat.client import Client  # noqa: PLC0415 - takes a while

    async with Client(server, key=key or None) as client:
        session = await client.attach(wanted)
        there: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        there.set_result(client)
        yield Place(
            session_id=session.session.id,
            endpoint=session.endpoint,
            page=session.watch_url,
            page_with_key=f"{session.watch_url}?token={key}",
            client=there,
        )


@asynccontextmanager
async def at_own_server(settings: Settings, wanted: NewAttachSession) -> AsyncIterator[Place]:
    """Yields a session at once whose server is loaded meanwhile, and ends with the block. Raises BadSetting."""
    keys = owner_keys(settings, own=True)
    config = checked_config(settings, keys)
    owner, key = next(iter(keys.items()))
    with reserved(settings, wanted, owner=owner) as promised:
        there: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        over = asyncio.Event()
        server = asyncio.create_task(_serve(settings, keys, promised, there, over))
        page = f"{config.url(promised.listening.port)}/sessions/{promised.endpoint.session_id}"
        try:
            yield Place(
                session_id=promised.endpoint.session_id,
                endpoint=promised.endpoint.address,
                page=f"{page}?token={key}",
                page_with_key=f"{page}?token={key}",
                client=there,
                reserved=promised,
            )
        finally:
            over.set()
            await asyncio.shield(server)


async def _serve(
    settings: Settings, keys: dict[str, str], promised: Reserved, there: asyncio.Future[Client], over: asyncio.Event
) -> None:
    try:
        if not await _loaded(over):
            return
        from jumpseat.client import Client  # noqa: PLC0415 - is loaded by now
        from jumpseat.composition import serving  # noqa: PLC0415

        async with (
            serving(settings, keys, reserved=promised) as server,
            Client(server.local_url, key=keys[promised.owner]) as client,
        ):
            there.set_result(client)
            await over.wait()
    except Exception as error:
        if there.done():
            raise
        there.set_exception(error)
        there.exception()  # the command may have ended before, and nobody asks any more


async def _loaded(over: asyncio.Event) -> bool:
    """Loads the server in a thread, so that signals are answered meanwhile; returns False where it is over before."""
    with loading():
        for part in _PARTS:
            if over.is_set():
                return False
            await asyncio.to_thread(import_module, part)
    return True
