"""The commands. Whatever goes wrong is one line on stderr and exit code 2, never a traceback.

A command imports what it needs when it is called: browsers, codecs and the server take seconds of a slow machine to
load, and a wrong argument is answered without them.
"""

from __future__ import annotations

import asyncio
import re
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from control.visible import visible
from jumpseat.client_errors import ClientError
from jumpseat.settings import BadSetting, Settings, environment, load_settings, owner_keys

_DESCRIPTORS = 65_536


def _allow_descriptors() -> None:
    """Viewers and driven pages take many; the usual soft limit of 1024 is for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _say(line: str) -> None:
    print(line, flush=True)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        _say(f"jumpseat {version('jumpseat')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Watch a browser test live, in real video, and steer it."""


Host = Annotated[str | None, typer.Option(help="Address to listen on.  [default: JUMPSEAT_HOST, 127.0.0.1]")]
Port = Annotated[int | None, typer.Option(help="Port of the player and the API.  [default: JUMPSEAT_PORT, 3001]")]
FramePort = Annotated[int | None, typer.Option(help="Port of the frame server; 0: none of its own.  [default: 8080]")]


@app.command()
def serve(host: Host = None, port: Port = None, frame_port: FramePort = None) -> None:
    """Starts the server: API, signaling, player, browsers and frames in one process."""
    settings = load_settings(host=host, port=port, frame_port=frame_port)

    async def work() -> int:
        from jumpseat.composition import serving
        from jumpseat.signals import until_stopped

        keys = owner_keys(settings)
        async with serving(settings, keys) as server:
            token = f"/?token={keys['owner']}" if keys and not settings.api_keys else ""
            _say(f"jumpseat is ready at {server.url}{token}")
            await until_stopped()
        return 0

    _run(settings, work)


@app.command()
def demo(
    port: Port = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the player in a browser.")] = True,
) -> None:
    """Watches a plain-language test of the embedded sample shop; the watch URL is on the first line.

    Where a default port is taken, a free one is used instead.
    """
    from jumpseat.client import Client
    from jumpseat.composition import serving
    from jumpseat.open_browser import opened, require_player
    from jumpseat.ports import with_free_ports
    from jumpseat.signals import until_stopped
    from web.shop import DEMO_INSTRUCTIONS, serving_shop

    settings = with_free_ports(load_settings(port=port))
    require_player()

    async def work() -> int:
        keys = owner_keys(settings, own=True)
        key = next(iter(keys.values()))
        async with (
            serving_shop() as shop,
            serving(settings, keys) as server,
            Client(server.local_url, key=key) as client,
        ):
            body = {"url": shop, "instructions": DEMO_INSTRUCTIONS, "planner": "plain", "name": "Sample shop"}
            run = await client.create(body)
            _say(client.watch_url(run.id))
            async with opened(client.watch_url(run.id)) if open_ else nullcontext():
                _say("Press Ctrl-C to stop. Run it again from the page.")
                await until_stopped()
        return 0

    _run(settings, work)


@app.command()
def run(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="The tests: YAML or JSON files with the fields of POST /api/tests, folders of them, globs."
        ),
    ],
    *,
    server: Annotated[
        str | None, typer.Option(help="A running server; without it one is started for these tests.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="An API key of that server.  [default: JUMPSEAT_API_KEYS]")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Open the player, and wait for help when a test is stuck.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=100, help="How many tests run at a time.")] = 1,
    grep: Annotated[str | None, typer.Option(metavar="TEXT", help="Only tests that are called so.")] = None,
    retries: Annotated[int, typer.Option(min=0, max=20, help="How often a test that fails is run again.")] = 0,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit XML report here.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep what tells why a test failed here, and report.html.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 also where a step failed and was skipped or replaced.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but failures.")] = False,
) -> None:
    """Runs test files; exit code 0 passed, 1 failed, 2 could not run."""
    from jumpseat.suite.collection import collect
    from jumpseat.suite.command import RunFiles, run_settings
    from jumpseat.suite.execution import SuiteOptions

    _check_key(key, server)
    if watch and workers > 1:
        raise BadSetting("--watch: the player shows one test at a time: leave --workers out")
    settings = load_settings() if server else run_settings(load_settings(port=0, frame_port=0), workers=workers)
    options = SuiteOptions(workers=workers, retries=retries, strict=strict, watch=watch, quiet=quiet)
    command = RunFiles(settings, options, server=server, key=key, junit=junit, output=output)
    collected = collect(
        paths,
        grep=grep,
        environment=environment(),
        default_planner=settings.planner,
        uploads_here=server is None,
    )
    _run(settings, lambda: command.work(collected))


def _check_key(key: str | None, server: str | None) -> None:
    if key is not None and server is None:
        raise BadSetting("--key: give the address of the key's server, too, by --server")


@app.command(context_settings={"allow_interspersed_args": False})
def attach(
    command: Annotated[list[str] | None, typer.Argument(metavar="[--] COMMAND ARG...", help="The tests.")] = None,
    *,
    review: Annotated[bool, typer.Option("--review", help="Hold every call until somebody approves it.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Open the player, and begin once somebody is there.")] = False,
    server: Annotated[
        str | None, typer.Option(help="A server that runs on this machine; without it one is started.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="An API key of that server.  [default: JUMPSEAT_API_KEYS]")] = None,
    secret: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="An environment variable whose value is shown nowhere.")
    ] = None,
    help_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="How long a failed call waits for help; 0s: it never does.")
    ] = "10m",
    playwright: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Listen there for clients, in place of a command."),
    ] = None,
) -> None:
    """Runs your own Playwright tests (pytest, npx playwright test, a script) so that they can be watched and steered.

    The watch URL is on the first line; the exit code is the command's.
    """
    _check_key(key, server)
    from jumpseat.attach import AttachOptions, attach_settings
    from jumpseat.attach import attach as attach_tests

    options = AttachOptions(
        command=tuple(command or ()),
        port=playwright,
        review=review,
        watch=watch,
        server=server,
        key=key,
        secrets=tuple(secret or ()),
        help_timeout=_duration("--help-timeout", help_timeout, least=timedelta(), most=timedelta(days=1)),
    )
    settings = attach_settings(load_settings())
    _run(settings, lambda: attach_tests(options, settings))


class ShareRole(StrEnum):
    """What a share token may grant."""

    VIEWER = "viewer"
    CONTROLLER = "controller"


@app.command()
def token(
    run_id: Annotated[str, typer.Option("--run", help="The run's id.")],
    role: Annotated[ShareRole, typer.Option(help="What its bearer may do.")],
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 15m, 1h, 7d.")] = "1h",
) -> None:
    """Mints a share token for one run, signed with JUMPSEAT_SECRET, and prints it with its watch URL."""
    from control.roles import Role
    from signaling.access.share_tokens import LONGEST_TTL, ShareTokens

    settings = load_settings()
    if settings.secret is None:
        raise BadSetting(
            "JUMPSEAT_SECRET: set it to the server's; without it the server takes only tokens that it made"
        )
    if not re.fullmatch(r"[\w-]+", run_id):
        raise BadSetting("--run: give a run's id, as it stands in its address")
    valid_for = _duration("--ttl", ttl, least=timedelta(seconds=1), most=LONGEST_TTL)
    minted, _ = ShareTokens(settings.secret).mint(run_id, Role(role), ttl=valid_for)
    _say(minted)
    scheme = "https" if settings.tls_cert else "http"
    base = (settings.public_url or f"{scheme}://{settings.host}:{settings.port}").rstrip("/")
    _say(f"{base}/runs/{run_id}?token={minted}")


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="The owner: runs that are started with the key belong to this name.")],
    ttl: Annotated[str | None, typer.Option(help="How long it is valid: 12h, 90d.  [default: for good]")] = None,
) -> None:
    """Makes an API key, and prints it with the line for JUMPSEAT_API_KEYS_FILE, which holds only its hash."""
    from signaling.access.api_keys import new_key

    if not re.fullmatch(r"[^:\s#]{1,100}", name):
        raise BadSetting("NAME: give a name without spaces, ':' and '#', of at most 100 characters")
    valid_for = _duration("--ttl", ttl, least=timedelta(seconds=1), most=timedelta(days=3650)) if ttl else None
    made, line = new_key(name)
    expires = f" expires={(datetime.now(UTC) + valid_for).isoformat(timespec='seconds')}" if valid_for else ""
    _say(made)
    _say(f"{line}{expires}")


def _duration(option: str, text: str, *, least: timedelta, most: timedelta) -> timedelta:
    match = re.fullmatch(r"(\d{1,7})([smhd])", text)
    if not match:
        raise BadSetting(f"{option}: give a time such as 90s, 15m, 1h or 7d")
    found = timedelta(seconds=int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]])
    if not least <= found <= most:
        raise BadSetting(f"{option}: give {least.seconds}s or more, and at most {most.days}d")
    return found


@app.command()
def doctor() -> None:
    """Says, line by line, what works on this machine and what to do where something does not."""
    settings = load_settings()

    async def work() -> int:
        marks = {True: "[green]ok    [/]", False: "[red]broken[/]", None: "[dim]-     [/]"}
        from rich.console import Console
        from rich.markup import escape

        from jumpseat.doctor import diagnose

        checks = await diagnose(settings)
        for name, ok, detail in checks:
            Console().print(f"{marks[ok]} {name}: {escape(detail)}", highlight=False, soft_wrap=True)
        return 1 if any(ok is False for _, ok, _ in checks) else 0

    _run(settings, work)


def _run(settings: Settings, work: Callable[[], Awaitable[int]]) -> None:
    from jumpseat.logging_setup import configure_logging, pass_over_lost_peers

    configure_logging(settings.log, settings.log_format)
    _allow_descriptors()

    async def main() -> int:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        pass_over_lost_peers(loop)
        return await work()

    raise typer.Exit(asyncio.run(main()))


def main() -> None:
    """The ``jumpseat`` command: whatever goes wrong is one line on stderr and exit code 2."""
    try:
        status = app(standalone_mode=False)
    except (BadSetting, ClientError) as error:
        message = str(error)
    except typer.exceptions.TyperException as error:
        message = f"{error.format_message().rstrip('.')}; 'jumpseat --help' shows what there is"
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)
    else:
        sys.exit(status)
    print(f"jumpseat: {visible(message)}", file=sys.stderr)
    sys.exit(2)
