"""What cannot be attached is said in one sentence, with nothing left running and no other test touched."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.attach.command import END_SECONDS, attach
from tests.attach.session_harness import OpenSession, open_session
from tests.attach.suite import suite_marks
from tests.attach.suites.site import SuiteSite
from tests.served import served

pytestmark = suite_marks(240)

AGENT = {"User-Agent": "Playwright/1.65.1 (x64; debian 12) python/3.11", "x-playwright-browser": "chromium"}
INITIALIZE = json.dumps(
    {"id": 1, "guid": "", "method": "initialize", "params": {"sdkLanguage": "python"}, "metadata": {}}
)
TEST = """\
import os

from playwright.sync_api import expect


def test_it(page):
    page.goto(os.environ["PAGES_URL"] + "/late.html")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("status")).to_have_text("finished")
"""
OTHER_BROWSER = """\
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    playwright.firefox.launch()
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def session(site: SuiteSite) -> AsyncIterator[OpenSession]:
    async with served() as server, open_session(server, site) as opened:
        yield opened


def taken_port() -> socket.socket:
    taken = socket.create_server(("127.0.0.1", 0))
    taken.listen()
    return taken


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a command"),
        (["--"], "give a command"),
        (["--", "no-such-command-here", "x"], "no-such-command-here: there is no such command"),
        (["--server", "http://127.0.0.1:3", "--key", "k" * 24, "--", "true"], "127.0.0.1:3"),
        (["--secret", "NOT_THERE", "--", "true"], "NOT_THERE is no environment variable"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
async def test_command_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    code, stdout, stderr = await attach(*arguments, folder=tmp_path)
    assert (code, stdout) == (2, "")
    assert said in stderr
    assert len(stderr.strip().splitlines()) == 1


async def test_port_that_is_taken(tmp_path: Path) -> None:
    with taken_port() as taken:
        port = taken.getsockname()[1]
        code, _, stderr = await attach("--playwright", str(port), folder=tmp_path)
    assert code == 2
    assert f"port {port} is taken" in stderr
    assert len(stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [(["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 128 + 15), (["true"], 0)],
    ids=["7", "SIGTERM", "0"],
)
async def test_exit_code_is_the_commands(command: list[str], code: int, tmp_path: Path) -> None:
    ended, stdout, stderr = await attach("--", *command, folder=tmp_path)
    assert ended == code, stderr
    assert "/sessions/" in stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("#!/no/such/interpreter\n", "cannot be started: what its first line names is not there"),
        ("no program", "cannot be started: it is no program for this machine, and a script begins with #!"),
        (None, "there is no such command, or it cannot be executed"),
    ],
    ids=["interpreter", "format", "permission"],
)
async def test_command_that_cannot_be_started(content: str | None, said: str, tmp_path: Path) -> None:
    command = tmp_path / "suite"
    command.write_text(content or "true\n")
    command.chmod(0o600 if content is None else 0o700)
    code, _, stderr = await attach("--", str(command), folder=tmp_path)
    assert (code, stderr) == (2, f"jumpseat: {command}: {said}\n")


async def test_clients_of_another_protocol(session: OpenSession, tmp_path: Path) -> None:
    address = session.endpoint.replace("ws:", "http:")
    async with session.pytest(tmp_path, TEST) as started:
        async with aiohttp.ClientSession() as http:
            async with http.get(address) as plain:
                assert plain.status in {400, 426, 428}
                assert (await plain.text()).startswith("jumpseat: ")
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await http.ws_connect(session.endpoint, headers={"User-Agent": "Mozilla/5.0"})
            with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
                await http.ws_connect(session.endpoint.rpartition("/")[0] + "/not-the-token", headers=AGENT)
        code, stdout, stderr = await started.end()
    assert code == 0, stdout + stderr


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("no JSON", "no JSON object"),
        ("[]", "no JSON object"),
        ("null", "no JSON object"),
        ('{"id": 2, "guid": "", "method": "initialize", "params": {}}', "no metadata"),
        ('{"method": "__abort__"}', "no params"),
    ],
)
async def test_broken_message(session: OpenSession, tmp_path: Path, message: str, missing: str) -> None:
    """It ends its own connection, and no other."""
    async with session.pytest(tmp_path, TEST) as started:
        async with aiohttp.ClientSession() as http, http.ws_connect(session.endpoint, headers=AGENT) as socket_:
            await socket_.send_str(INITIALIZE)
            assert "__create__" in await socket_.receive_str(timeout=END_SECONDS)
            await socket_.send_str(message)
            async with asyncio.timeout(END_SECONDS):
                while (received := await socket_.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
            assert (received.type, received.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.INVALID_TEXT)
            assert str(received.extra).startswith("jumpseat: this is no message of Playwright")
            assert str(received.extra).endswith(missing)
        code, stdout, stderr = await started.end()
    assert code == 0, stdout + stderr


async def test_browser_that_is_not_here(session: OpenSession, tmp_path: Path) -> None:
    async with asyncio.timeout(END_SECONDS), session.python(tmp_path, OTHER_BROWSER) as started:
        code, _, stderr = await started.end()
        assert not started.marked()
    assert code == 1
    assert "firefox" in stderr.lower()
    assert "Error" in stderr
