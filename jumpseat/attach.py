"""``jumpseat attach``: somebody's own tests go through jumpseat, by environment alone."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from control.protocol.attach import NewAttachSession
from control.visible import visible
from jumpseat.attach_place import Place, at_own_server, at_running_server
from jumpseat.attached_command import attached_environment, check_command, client_lines, run_command
from jumpseat.client_errors import ClientError
from jumpseat.open_browser import opened, require_player
from jumpseat.ports import with_free_ports
from jumpseat.settings import BadSetting, Settings, environment, is_loopback
from jumpseat.signals import until_stopped

if TYPE_CHECKING:
    from jumpseat.client import Client

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
    wanted = _wanted(options)
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(_place(options, settings, wanted))
        try:
            _say(place.page)
            await stack.enter_async_context(opened(place.page_with_key) if options.watch else nullcontext())
            code = await _unless_it_fails(place, _attached(options, place))
        finally:
            await asyncio.shield(_end(place))
    return code


def _place(options: AttachOptions, settings: Settings, wanted: NewAttachSession) -> AbstractAsyncContextManager[Place]:
    if options.server is None:
        return at_own_server(settings, wanted)
    key = options.key or next(iter(settings.api_keys.values()), "")
    return at_running_server(options.server, key, wanted)


async def _unless_it_fails(place: Place, work: Coroutine[Any, Any, int]) -> int:
    """Does the work, and ends it where the server turns out not to start. Raises what that one has failed with."""
    task = asyncio.current_task()
    assert task is not None

    def failure() -> BaseException | None:
        return place.client.exception() if place.client.done() and not place.client.cancelled() else None

    def stop(_: object) -> None:
        if failure() is not None:
            task.cancel()

    place.client.add_done_callback(stop)
    try:
        return await work
    except asyncio.CancelledError:
        failed = failure()
        if failed is None:
            raise
        task.uncancel()
        raise failed from None
    finally:
        place.client.remove_done_callback(stop)


async def _attached(options: AttachOptions, place: Place) -> int:
    if not options.command:
        for line in client_lines(place.endpoint):
            _say(line)
        await until_stopped()
        return 0
    untimed = options.watch or options.review
    if untimed:
        reason = "--watch" if options.watch else "--review"
        _note(f"the timeouts of tests are switched off, because of {reason}: people take their time")
    if options.watch:
        _note("the tests begin once you are at the session's page")
        await _until_attended(place)
    variables = attached_environment(environment(), place.endpoint, untimed=untimed)
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


async def _until_attended(place: Place) -> None:
    client = await asyncio.shield(place.client)
    while not (await client.attach_session(place.session_id)).attended:  # noqa: ASYNC110 - the server may be elsewhere
        await asyncio.sleep(_LOOK_SECONDS)


async def _end(place: Place) -> None:
    """Ends the session, and says what its hooks had to say and which locators people have repaired."""
    try:
        client = await place.used()
        if client is None:
            return
        notes = (await client.attach_session(place.session_id)).notes
        await client.end_attach(place.session_id)
        for note in dict.fromkeys(notes):
            _note(note)
        patches = await _patches(client, place.session_id)
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
