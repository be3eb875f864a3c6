"""Where an attach session is: at a server that runs already, or at one that is loaded while the command starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from control.protocol.attach import NewAttachSession
from jumpseat.loading import loading
from jumpseat.reserved import Reserved, reserved
from jumpseat.server_config import checked_config
from jumpseat.settings import Settings, owner_keys
from signaling.config import Config

if TYPE_CHECKING:
    from jumpseat.client import Client
    from runner.browser.playwright_process import PlaywrightProcess

_PLAYWRIGHT: Final = ("playwright.async_api", "runner.browser.playwright_process")
"""What starts Playwright, whose process then loads beside us."""
_RUNS: Final = (
    "aiohttp.web",
    "sqlalchemy.ext.asyncio",
    "numpy",
    "av",
    "runner.attach.session",
    "jumpseat.run_parts",
)
"""What the command's browsers need, piece by piece: a command that has ended by then waits for one of them at most."""
_SERVER: Final = ("aiortc", "signaling.server", "jumpseat.composition", "jumpseat.client")
"""What people need, and the end: it is loaded while the command's first browser starts."""


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
    is_needed: Callable[[], bool] = lambda: True
    """Says whether somebody may have come to the session."""

    async def used(self) -> Client | None:
        """Returns the server's client; None where it is not there yet, and nobody has come to need it."""
        if not self.client.done() and not self.is_needed():
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
        server = _OwnServer(settings, config, key, promised)
        serving = asyncio.create_task(server.serve())
        page = f"{config.url(promised.listening.port)}/sessions/{promised.endpoint.session_id}?token={key}"
        try:
            yield Place(
                session_id=promised.endpoint.session_id,
                endpoint=promised.endpoint.address,
                page=page,
                page_with_key=page,
                client=server.client,
                is_needed=server.is_needed,
            )
        finally:
            server.over.set()
            await asyncio.shield(serving)


class _OwnServer:
    """The server of one attach session, which is loaded in two parts: browsers first."""

    def __init__(self, settings: Settings, config: Config, key: str, promised: Reserved) -> None:
        self._settings = settings
        self._config = config
        self._key = key
        self._promised = promised
        self._accepts = False
        self.client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    def is_needed(self) -> bool:
        """Returns whether somebody waits for the session, or may have been let in."""
        return self._accepts or self._promised.endpoint.is_called

    async def serve(self) -> None:
        """Serves until it is over; what it cannot start with is told by ``client``."""
        try:
            async with AsyncExitStack() as stack:
                await self._start(stack)
                await self.over.wait()
        except Exception as error:
            if self.client.done():
                raise
            self.client.set_exception(error)
            self.client.exception()  # the command may have ended before, and nobody asks any more

    async def _start(self, stack: AsyncExitStack) -> None:
        promised = self._promised
        with loading():
            if not await _loaded(_PLAYWRIGHT, self.over):
                return
            playwright = await stack.enter_async_context(_starting_playwright())
            if not await _loaded(_RUNS, self.over):
                return
        from jumpseat.run_parts import run_parts  # noqa: PLC0415 - is loaded by now

        parts = await stack.enter_async_context(run_parts(self._settings, playwright=playwright))
        self._accepts = True
        await parts.attachments.open(promised.wanted, owner=promised.owner, endpoint=promised.endpoint)
        with loading():
            if not await _loaded(_SERVER, self.over):
                return
        from jumpseat.client import Client  # noqa: PLC0415 - is loaded by now
        from jumpseat.composition import serving_runs  # noqa: PLC0415

        server = await stack.enter_async_context(serving_runs(self._config, parts, promised.listening))
        self.client.set_result(await stack.enter_async_context(Client(server.local_url, key=self._key)))


@asynccontextmanager
async def _starting_playwright() -> AsyncIterator[PlaywrightProcess]:
    """Yields Playwright's process at once, and closes it; whoever uses it hears whether it could be started."""
    from runner.browser.playwright_process import PlaywrightProcess  # noqa: PLC0415 - is loaded by now

    playwright = PlaywrightProcess()
    starting = asyncio.create_task(playwright.running())
    try:
        yield playwright
    finally:
        await asyncio.wait([starting])
        if not starting.cancelled():
            starting.exception()
        await playwright.aclose()


async def _loaded(parts: Sequence[str], over: asyncio.Event) -> bool:
    """Loads modules in a thread, so that signals are answered meanwhile; returns False where it is over before."""
    for part in parts:
        if over.is_set():
            return False
        await asyncio.to_thread(import_module, part)
    return True
