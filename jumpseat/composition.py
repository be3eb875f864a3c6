"""Builds a server from its settings, and closes its parts in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from jumpseat.loading import keep_what_is_there
from jumpseat.ports import cannot_listen
from jumpseat.run_parts import RunParts, run_parts
from jumpseat.server_config import signaling_config
from jumpseat.settings import BadSetting, Settings
from runner.browser.tracing import trace_viewer_files
from signaling.config import Config, Listening
from signaling.server import CannotListen, Server
from web import DIST


@asynccontextmanager
async def serving(settings: Settings, keys: dict[str, str], *, uploads: Path | None = None) -> AsyncIterator[Server]:
    """Yields a running server with all its parts; they are closed in reverse, runs first so that viewers see their end.

    Raises BadSetting where a setting cannot work on this machine.

    Args:
        settings: all of them.
        keys: each owner's.
        uploads: the folder that files may be uploaded from.
    """
    config = signaling_config(settings, keys)
    async with run_parts(settings, uploads=uploads) as parts, serving_runs(config, parts) as server:
        yield server


@asynccontextmanager
async def serving_runs(config: Config, parts: RunParts, listening: Listening | None = None) -> AsyncIterator[Server]:
    """Yields a running server of these parts' runs, those too that are active already; ends them before it closes.

    Raises BadSetting where a setting cannot work on this machine.

    Args:
        config: the server's own configuration.
        parts: what carries the runs out.
        listening: sockets that clients know already; None: it listens where the configuration says.
    """
    async with AsyncExitStack() as stack:
        store = parts.store
        server = Server(
            config,
            runs=parts.registry,
            attachments=parts.attachments,
            links=store.links,
            trail=store.audit,
            dist=DIST,
            trace_viewer=trace_viewer_files(),
            checks={"database": store.check, "disk": store.check_disk},
        )
        parts.registry.follow(server.run_started)
        store.links.on_revoked = server.link_revoked
        stack.push_async_callback(server.aclose)
        await _start(server, listening)
        parts.policy.own_ports = frozenset({server.port, server.frame_port})
        stack.push_async_callback(parts.end_runs)
        keep_what_is_there()
        yield server


async def _start(server: Server, listening: Listening | None) -> None:
    try:
        await server.start(listening)
    except CannotListen as error:
        raise BadSetting(cannot_listen(error, host=error.host, port=error.port, frames=error.frames)) from None
