"""`jumpseat attach` from outside, against a server whose endpoint nobody listens at."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jumpseat import attached_command
from jumpseat.attached_command import attached_environment, run_command
from tests.processes import alive, children
from tests.signaling.server_harness import ADA, BOB, ServerHarness

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
WAIT = "import sys; print('ready', flush=True); sys.stdin.read()"
WAIT_FOR_SIGNAL = """
import signal, sys
def end(number, frame):
    print(f"signal {number}", flush=True)
    sys.exit(7)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
signal.pause()
"""
TREE = """
trap 'echo first has ended' EXIT
sh -c 'sleep 1000 & echo $!; wait' & echo $!
wait
"""
"""A shell with a shell below it, and one more process below that; of each the id."""
STUBBORN = """
trap '' TERM INT
touch "$1"
while true; do sleep 1; done
"""
"""Says that it is ready by making the file that is its argument."""
IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
ASKS = f"""
print("hello " + input("who? "), flush=True)
{WAIT_FOR_SIGNAL}
"""
SOON = 60


@pytest.fixture
async def harness() -> AsyncIterator[ServerHarness]:
    async with ServerHarness() as found:
        yield found


@asynccontextmanager
async def started(*arguments: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`jumpseat attach` with these arguments, in a session of its own: no terminal sends it signals."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jumpseat", "attach", *arguments),
        env=os.environ | variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def attach(*arguments: str, **variables: str) -> tuple[int | None, list[str], str]:
    """Exit code, the lines of stdout, and stderr."""
    async with started(*arguments, **variables) as process:
        out, err = await process.communicate()
        return process.returncode, out.decode().splitlines(), err.decode()


def at(harness: ServerHarness, *, key: str = ADA) -> tuple[str, ...]:
    return ("--server", harness.url, "--key", key)


@pytest.mark.process
async def test_the_command_gets_an_environment_and_the_session_ends_with_it(
    harness: ServerHarness, tmp_path: Path
) -> None:
    command = (
        *at(harness),
        "--review",
        "--help-timeout",
        "90s",
        "--secret",
        "SHOP_PASSWORD",
        "--",
        sys.executable,
        "-c",
        SHOW,
    )
    code, lines, err = await attach(*command, SHOP_PASSWORD="hunter22", PYTEST_ADDOPTS="-q")
    assert code == 0, err
    (session,) = harness.attachments.opened
    assert lines[0] == f"{harness.url}/sessions/{session.ref.id}"
    variables = json.loads(lines[1])
    assert variables["JUMPSEAT_ATTACH"] == variables["PW_TEST_CONNECT_WS_ENDPOINT"] == session.view().endpoint
    assert variables["PYTEST_ADDOPTS"] == "-q -p jumpseat_pytest"
    assert variables["JUMPSEAT_ATTACH_UNTIMED"] == "1"
    assert "timeouts of tests are switched off, because of --review" in err
    assert (session.owner, session.wanted.review, session.wanted.folder) == ("ada", True, str(Path.cwd()))
    assert session.wanted.help_timeout_ms == 90_000
    assert session.wanted.secrets == {"SHOP_PASSWORD": "hunter22"}
    assert session.wanted.name.startswith(sys.executable)
    assert harness.attachments.all == {}


@pytest.mark.process
@pytest.mark.parametrize(("script", "code"), [("raise SystemExit(5)", 5), ("import os; os.kill(os.getpid(), 9)", 137)])
async def test_it_ends_as_the_command_does(harness: ServerHarness, script: str, code: int) -> None:
    ended, _, err = await attach(*at(harness), sys.executable, "-c", script)
    assert (ended, err) == (code, "")


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_are_passed_on(harness: ServerHarness, number: signal.Signals) -> None:
    async with started(*at(harness), "--", sys.executable, "-c", WAIT_FOR_SIGNAL) as process:
        assert process.stdout
        await process.stdout.readline()
        assert await process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        out, err = await process.communicate()
        assert (process.returncode, out.decode()) == (7, f"signal {int(number)}\n"), err
    assert harness.attachments.all == {}


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_reach_everything_that_the_command_has_started(
    harness: ServerHarness, number: signal.Signals
) -> None:
    async with started(*at(harness), "--", "sh", "-c", TREE) as process:
        assert process.stdout
        below = [int(line) for line in (await lines_of(process, 3))[1:]]
        assert alive(below) == below
        process.send_signal(number)
        async with asyncio.timeout(SOON):
            await process.communicate()
        assert process.returncode in {0, 128 + number}
        assert alive(below) == []
    assert harness.attachments.all == {}


@pytest.mark.process
async def test_what_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(attached_command, "GRACE_SECONDS", 0.2)
    ready, before = tmp_path / "ready", set(children(os.getpid()))
    running = asyncio.create_task(run_command(["sh", "-c", STUBBORN, "sh", str(ready)], os.environ))
    async with asyncio.timeout(SOON):
        while not ready.exists():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        below = [pid for pid in children(os.getpid()) if pid not in before]
        assert below
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 128 + signal.SIGKILL
    assert alive(below) == []


@pytest.mark.process
async def test_a_signal_that_comes_while_the_command_is_started_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, start = asyncio.get_running_loop(), asyncio.create_subprocess_exec
    loop.add_signal_handler(signal.SIGTERM, lambda: None)

    async def signalled_start(*command: str, **options: object) -> asyncio.subprocess.Process:
        process = await start(*command, **options)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0)  # the loop has a turn, and with it the signal's handler
        await asyncio.sleep(0)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", signalled_start)
    async with asyncio.timeout(SOON):
        assert await run_command(["sleep", "1000"], os.environ) == 128 + signal.SIGTERM


@pytest.mark.process
async def test_in_a_terminal_the_command_is_asked_and_interrupted(harness: ServerHarness) -> None:
    jumpseat = (sys.executable, "-m", "jumpseat", "attach", *at(harness), "--", sys.executable, "-c", ASKS)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IN_A_TERMINAL, *jumpseat),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    async with asyncio.timeout(SOON):
        await process.stdout.readuntil(b"who? ")
        process.stdin.write(b"Ada\n")
        await process.stdout.readuntil(b"hello Ada")
        await process.stdout.readuntil(b"ready")
        process.stdin.write(b"\x03")
        assert b"signal 2" in await process.stdout.read()
        assert await process.wait() == 7
    assert harness.attachments.all == {}


async def lines_of(process: asyncio.subprocess.Process, count: int) -> list[str]:
    """The next lines of its stdout."""
    assert process.stdout
    async with asyncio.timeout(SOON):
        return [(await process.stdout.readline()).decode().strip() for _ in range(count)]


@pytest.mark.process
async def test_the_command_reads_what_we_are_given(harness: ServerHarness) -> None:
    async with started(*at(harness), "--", sys.executable, "-c", WAIT) as process:
        out, err = await process.communicate(b"anything")
        assert (process.returncode, out.decode().splitlines()[1]) == (0, "ready"), err


@pytest.mark.process
async def test_notes_and_repairs_are_printed_at_the_end(harness: ServerHarness) -> None:
    harness.attachments.notes = ("a browser is left alone", "a browser is left alone")
    code, _, err = await attach(*at(harness), "--", sys.executable, "-c", "")
    assert (code, err) == (0, "jumpseat: a browser is left alone\n")


@pytest.mark.process
async def test_an_endpoint_without_a_command_lives_until_it_is_stopped(harness: ServerHarness) -> None:
    async with started(*at(harness), "--playwright", "9444") as process:
        assert process.stdout
        await process.stdout.readline()
        line = (await process.stdout.readline()).decode()
        assert line == 'playwright.chromium.connect("ws://127.0.0.1:9444/a-token")\n'
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
    assert harness.attachments.all == {}


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "give a command"),
        (("--", "there-is-no-such-command"), "there-is-no-such-command"),
        (("--playwright", "9444", "--", "true"), "either --playwright or a command"),
        (("--playwright", "many"), "--playwright"),
        (("--help-timeout", "soon", "--", "true"), "--help-timeout: give a time such as 90s"),
        (("--help-timeout", "2d", "--", "true"), "--help-timeout: give 0s or more, and at most 1d"),
        (("--server", "http://127.0.0.1:1", "--", "true"), "jumpseat serve"),
        (("--server", "http://seat.example", "--", "true"), "seat.example"),
        (("--secret", "THERE_IS_NONE", "--", "true"), "THERE_IS_NONE"),
        (("--reviews", "--", "true"), "--reviews"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    code, lines, err = await attach(*arguments, JUMPSEAT_DATA_DIR=str(tmp_path))
    assert (code, lines) == (2, []), err
    assert named in err
    assert err.count("\n") == 1


@pytest.mark.process
async def test_a_port_that_is_taken_and_a_wrong_key_are_one_line_too(harness: ServerHarness) -> None:
    harness.attachments.taken_ports.add(9444)
    code, lines, err = await attach(*at(harness), "--playwright", "9444")
    assert (code, lines, err) == (2, [], "jumpseat: port: 9444 is taken\n")
    code, lines, err = await attach(*at(harness, key="wrong" + BOB), "--", "true")
    assert (code, lines, err.count("\n")) == (2, [], 1)


def test_what_is_in_the_environment_stays() -> None:
    base = {"PYTHONPATH": "/ours", "NODE_OPTIONS": "--max-old-space-size=512", "HOME": "/home/ada"}
    found = attached_environment(base, "ws://127.0.0.1:1/token", untimed=False)
    assert found["PYTHONPATH"].endswith(os.pathsep + "/ours")
    assert found["NODE_OPTIONS"].startswith('--max-old-space-size=512 --require "')
    assert found["HOME"] == "/home/ada"
    assert found["PYTEST_ADDOPTS"] == "-p jumpseat_pytest"
    assert "JUMPSEAT_ATTACH_UNTIMED" not in found
    assert "PYTEST_ADDOPTS" not in base
