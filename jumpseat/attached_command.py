"""The command that `jumpseat attach` runs: its process, and the environment that brings its browsers to us."""

from __future__ import annotations

import asyncio
import errno
import os
import shlex
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from jumpseat.settings import BadSetting
from jumpseat.signals import end_group, passed_on
from jumpseat.terminal import lent_terminal
from media.aio import race
from runner.attach.client_headers import OLDEST

ATTACHED = Path(__file__).parent / "attached"
"""The files that are loaded within the command's own processes."""
GRACE_SECONDS = 10.0
"""How long the command's processes may take to end once they were asked to."""
_SIGNALLED = 128
"""A shell says that a signal has ended a command by this, and the signal's number."""


def attached_environment(base: Mapping[str, str], endpoint: str, *, untimed: bool) -> dict[str, str]:
    """Returns the environment in which every browser that Playwright launches is one behind the endpoint.

    Args:
        base: the environment that the command would have without jumpseat.
        untimed: whether the tests' own timeouts are switched off.
    """
    added = {
        "JUMPSEAT_ATTACH": endpoint,
        "JUMPSEAT_ATTACH_OLDEST": ".".join(map(str, OLDEST)),
        "PW_TEST_CONNECT_WS_ENDPOINT": endpoint,
        "PYTHONPATH": _joined(os.pathsep, str(ATTACHED / "python"), base.get("PYTHONPATH")),
        "PYTEST_ADDOPTS": _joined(" ", base.get("PYTEST_ADDOPTS"), "-p jumpseat_pytest"),
        "NODE_OPTIONS": _joined(" ", base.get("NODE_OPTIONS"), f"--require {_quoted(ATTACHED / 'node' / 'hook.cjs')}"),
    }
    return {**base, **added, **({"JUMPSEAT_ATTACH_UNTIMED": "1"} if untimed else {})}


def client_lines(endpoint: str) -> list[str]:
    """Returns what to put into a client that is started without us: a script, pytest, or Playwright Test."""
    python, hook = ATTACHED / "python", ATTACHED / "node" / "hook.cjs"
    return [
        f'playwright.chromium.connect("{endpoint}")',
        f"PYTHONPATH={shlex.quote(str(python))} pytest -p jumpseat_pytest --jumpseat {endpoint}",
        f"JUMPSEAT_ATTACH={endpoint} NODE_OPTIONS={shlex.quote(f'--require {_quoted(hook)}')} npx playwright test",
    ]


def check_command(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raises BadSetting where there is no such command."""
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        raise BadSetting(f"{command[0]}: there is no such command, or it cannot be executed")


async def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs the command with this process's own input and outputs, and returns its exit code as a shell would.

    A signal that asks us to stop goes to the command and everything that it has started; what still runs after a grace
    period is killed.
    """
    with passed_on() as signals:
        try:
            process = await asyncio.create_subprocess_exec(*command, env=environment, process_group=0)
        except OSError as error:
            raise BadSetting(f"{command[0]}: cannot be started: {_reason(error)}") from None
        signals.to(process.pid)
        with lent_terminal(process.pid):
            try:
                await race(process.wait(), signals.stopped.wait())
            except asyncio.CancelledError:
                signals.send(signal.SIGTERM)
                raise
            finally:
                if signals.stopped.is_set():
                    await end_group(process.pid, within=GRACE_SECONDS)
            code = await process.wait()
    return code if code >= 0 else _SIGNALLED - code


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOEXEC:
        return "it is no program for this machine, and a script begins with #!"
    if error.errno == errno.ENOENT:
        return "what its first line names is not there"  # the file itself was found
    return error.strerror or str(error)


def _joined(separator: str, *parts: str | None) -> str:
    return separator.join(part for part in parts if part)


def _quoted(path: Path) -> str:
    """Returns the path as NODE_OPTIONS takes it."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
