"""``jumpseat attach``: somebody's own tests go through jumpseat, by environment alone."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from control.protocol.attach import NewAttachSession
from control.visible import visible
from jumpseat.attached_command import attached_environment, check_command, client_lines, run_command
from jumpseat.client import Client, ClientError
from jumpseat.composition import serving
from jumpseat.open_browser import opened, require_player
from jumpseat.ports import with_free_ports
from jumpseat.settings import BadSetting, Settings, environment, is_loopback, owner_keys
from jumpseat.signals import until_stopped
from signaling.http.shapes import AttachSessionInfo

_MOST_RUNS = 1000
"""Contexts that a suite may have open at once on a server of its own."""
_LONGEST_NAME = 200
_LOOK_SECONDS = 0.3
"""Between two looks whether somebody has come to the session's page."""


@dataclass(frozen=True, kw_only=True)
class AttachOptions:
    """What was asked for on the command line."""

    command: tuple[str, ...] = ()
    """Empty where `port` is given."""
    port: int | None = None
    """Where the endpoint listens for clients that are started by somebody else."""
    review: bool = False
    watch: bool = False
    server: str | None = None
    """None: a server is started for this session."""
    key: str | None = None
    secrets: tuple[str, ...] = ()
    """Names of environment variables."""
    help_timeout: timedelta
    """How long a failed call is kept from its client while somebody who may steer is there."""


def attach_settings(settings: Settings) -> Settings:
    """Returns the settings of a server for one session, which says no more than is wrong."""
    own = {
        name: value
        for name, value in (("max_runs", _MOST_RUNS), ("log", "error"))
        if name not in settings.model_fields_set
    }
    return with_free_ports(settings).model_copy(update=own)


async def attach(options: AttachOptions, settings: Settings) -> int:
    """Returns the command's exit code, or 0 for an endpoint that was stopped. Raises BadSetting and ClientError."""
    _check(options)
    async with AsyncExitStack() as stack:
        client, key = await stack.enter_async_context(_client(options, settings))
        session = await client.attach(_wanted(options))
        try:
            page = f"{session.watch_url}?token={key}"
            _say(session.watch_url if options.server else page)
            await stack.enter_async_context(opened(page) if options.watch else nullcontext())
            code = await _attached(options, client, session)
        finally:
            await asyncio.shield(_end(client, session))
    return code


async def _attached(options: AttachOptions, client: Client, session: AttachSessionInfo) -> int:
    if not options.command:
        for line in client_lines(session.endpoint):
            _say(line)
        await until_stopped()
        return 0
    untimed = options.watch or options.review
    if untimed:
        reason = "--watch" if options.watch else "--review"
        _note(f"the timeouts of tests are switched off, because of {reason}: people take their time")
    if options.watch:
        _note("the tests begin once you are at the session's page")
        await _until_attended(client, session)
    variables = attached_environment(environment(), session.endpoint, untimed=untimed)
    return await run_command(options.command, variables)


def _check(options: AttachOptions) -> None:
    if options.port is None and not options.command:
        raise BadSetting("attach: give a command, such as: jumpseat attach -- pytest")
    if options.port is not None and options.command:
        raise BadSetting("attach: give either --playwright or a command: a command finds its endpoint by itself")
    if options.command:
        check_command(options.command, environment())
    host = urlsplit(options.server or "").hostname
    if host and not is_loopback(host):
        raise BadSetting(f"--server: the tests must be on the server's own machine: run this on {host}")
    if options.watch and options.server is None:
        require_player()


@asynccontextmanager
async def _client(options: AttachOptions, settings: Settings) -> AsyncIterator[tuple[Client, str]]:
    """Yields a client of the given server, or of one that ends with the block, and its key."""
    if options.server is not None:
        key = options.key or next(iter(settings.api_keys.values()), "")
        async with Client(options.server, key=key or None) as client:
            yield client, key
        return
    keys = owner_keys(settings)
    key = next(iter(keys.values()))
    async with serving(settings, keys) as server, Client(server.local_url, key=key) as client:
        yield client, key


def _wanted(options: AttachOptions) -> NewAttachSession:
    variables = environment()
    missing = [name for name in options.secrets if not variables.get(name)]
    if missing:
        raise BadSetting(f"--secret: {missing[0]} is no environment variable: give the name of one that holds a secret")
    return NewAttachSession(
        name=shlex.join(options.command)[:_LONGEST_NAME] or f"port {options.port}",
        review=options.review,
        help_timeout_ms=int(options.help_timeout.total_seconds() * 1000),
        secrets={name: variables[name] for name in options.secrets},
        port=options.port or 0,
        folder=str(Path.cwd()),
    )


async def _until_attended(client: Client, session: AttachSessionInfo) -> None:
    while not (await client.attach_session(session.session.id)).attended:  # noqa: ASYNC110 - the server may be elsewhere
        await asyncio.sleep(_LOOK_SECONDS)


async def _end(client: Client, session: AttachSessionInfo) -> None:
    """Ends the session, and says what its hooks had to say and which locators people have repaired."""
    try:
        notes = (await client.attach_session(session.session.id)).notes
        await client.end_attach(session.session.id)
        for note in dict.fromkeys(notes):
            _note(note)
        patches = await _patches(client, session.session.id)
    except ClientError as error:
        _note(f"the repairs of this session could not be read: {error}")
        return
    if patches:
        _note("locators that were repaired:")
        shown = [visible(patch, indent="") for patch in patches] if sys.stderr.isatty() else patches
        print(*shown, sep="\n", end="", file=sys.stderr, flush=True)


async def _patches(client: Client, session_id: str) -> list[str]:
    """Returns the patches of the session's runs in the order of the runs, each once."""
    runs: list[str] = []
    cursor: str | None = None
    while True:
        page = await client.list_runs(session=session_id, limit=200, cursor=cursor)
        runs += [run.id for run in page.runs]
        cursor = page.next_cursor
        if cursor is None:
            break
    found = await asyncio.gather(*(client.export(run, format="patch") for run in reversed(runs)))
    return [patch for patch in dict.fromkeys(found) if patch]


def _say(line: str) -> None:
    print(line, flush=True)


def _note(line: str) -> None:
    print(f"jumpseat: {visible(line)}", file=sys.stderr, flush=True)
