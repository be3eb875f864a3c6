"""A command starts at once, whatever its server still has to load, and ends with one that cannot be started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.attach.command import attach

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

SLOW_TO_LOAD = {"aiohttp", "aiortc", "alembic", "av", "numpy", "playwright", "sqlalchemy"}
ASK_AT_ONCE = """
import os, urllib.request
endpoint = os.environ["JUMPSEAT_ATTACH"].replace("ws:", "http:")
with urllib.request.urlopen(endpoint + "/attended", timeout=60) as answer:
    print(answer.read().decode())
"""
NOTE_AND_LEAVE = """
import os, socket
from urllib.parse import urlsplit
endpoint = urlsplit(os.environ["JUMPSEAT_ATTACH"])
body = b'{"event": "note", "text": "this was left alone"}'
with socket.create_connection((endpoint.hostname, endpoint.port)) as connection:
    head = f"POST {endpoint.path}/report HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
    connection.sendall(head.encode() + body)
"""
UNTIL_ENDED = """
import signal, sys
def end(*_):
    print("ended", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("begun", flush=True)
signal.pause()
"""


def test_what_takes_long_to_load_is_not_needed_to_start_a_command() -> None:
    code = "import sys, jumpseat.cli, jumpseat.attach; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "jumpseat" in loaded
    assert not SLOW_TO_LOAD & set(loaded)


async def test_who_comes_before_the_server_is_there_waits_for_it(tmp_path: Path) -> None:
    code, stdout, stderr = await attach("--", sys.executable, "-c", ASK_AT_ONCE, folder=tmp_path)
    assert (code, stderr) == (0, "")
    assert stdout.splitlines()[1:] == ['{"attended": false, "review": false}']


async def test_what_was_said_before_the_server_was_there_is_not_lost(tmp_path: Path) -> None:
    code, _, stderr = await attach("--", sys.executable, "-c", NOTE_AND_LEAVE, folder=tmp_path)
    assert (code, stderr) == (0, "jumpseat: this was left alone\n")


async def test_a_command_ends_with_a_server_that_cannot_be_started(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jumpseat.sqlite3").write_bytes(b"no database" * 1000)
    code, stdout, stderr = await attach("--", sys.executable, "-c", UNTIL_ENDED, folder=tmp_path)
    assert (code, stdout.splitlines()[1:]) == (2, ["begun", "ended"])
    assert stderr.startswith("jumpseat: JUMPSEAT_DATA_DIR")
    assert stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"JUMPSEAT_TLS_CERT": "cert.pem"}, "JUMPSEAT_TLS_CERT, JUMPSEAT_TLS_KEY: set both, or none"),
        ({"LIVEKIT_URL": "wss://live.example"}, "LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET: set all three"),
        ({"JUMPSEAT_PLANNER": "model"}, "JUMPSEAT_MODEL: set it to provider:name"),
        ({"JUMPSEAT_BROWSER_PATH": "/no/browser"}, "JUMPSEAT_BROWSER_PATH: /no/browser is not an executable file"),
        ({"JUMPSEAT_PROXY": "socks://x"}, "JUMPSEAT_PROXY, JUMPSEAT_NO_PROXY: give the address of an HTTP proxy"),
        ({"JUMPSEAT_HOST": "0.0.0.0"}, "JUMPSEAT_API_KEYS: set name:key pairs"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_settings_are_checked_before_the_command_is_started(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    code, stdout, stderr = await attach("--", "echo", "begun", folder=tmp_path, **variables)
    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"jumpseat: {said}")
    assert stderr.count("\n") == 1
