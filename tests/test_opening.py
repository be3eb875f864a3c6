"""The person's own browser is opened without the key on its command line."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.async_api import expect

from tests.chromium import chromium
from tests.served import COMMAND, STOP_SECONDS, WAIT_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.process]

KEY = "the-key-of-this-test-0123456789"
TEST = "url: {site}\nsteps:\n  - {{type: wait, value: 100}}\n  - {{type: expect_visible, selector: '#nothing'}}\n"
BROWSER = """import os, pathlib, sys
told = pathlib.Path(sys.argv[1])
told.with_suffix(".part").write_text("\\n".join(sys.argv[2:]))
told.with_suffix(".part").rename(told)"""
"""Writes down its arguments."""


@asynccontextmanager
async def command(folder: Path, *arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, Path]]:
    """A command of jumpseat that opens a browser: its process, the address that it says, and the file that it opens."""
    told, script = folder / "told", folder / "browser.py"
    script.write_text(BROWSER)
    # Of its own, so that nobody else's files are in it; short, because Chromium makes a socket below it (unix(7): 108).
    short = tempfile.mkdtemp(prefix="js-")
    environment = os.environ | {
        "BROWSER": shlex.join([sys.executable, str(script), str(told), "%s"]),
        "TMPDIR": short,
        "JUMPSEAT_DATA_DIR": str(folder / "data"),
        "JUMPSEAT_API_KEYS": f"owner:{KEY}",
        "JUMPSEAT_PORT": "0",
        "FRAME_SERVER_PORT": "0",
        "JUMPSEAT_ICE_ADDRESSES": "127.0.0.1",
    }
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        async with asyncio.timeout(WAIT_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
            while not told.exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        (opened,) = told.read_text().splitlines()
        assert urlsplit(opened).scheme == "file"
        assert KEY not in opened
        yield process, address, Path(unquote(urlsplit(opened).path))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
        shutil.rmtree(short, ignore_errors=True)


@pytest.mark.parametrize("arguments", [("demo",), ("run", "--watch", "{test}")], ids=["demo", "run"])
async def test_the_key_is_in_a_file_that_only_its_user_can_read(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """It leads to the watch page, where the key is out of the address at once, and goes with the command."""
    test = tmp_path / "test.yaml"
    silent = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)  # so that the run is not over at once
    test.write_text(TEST.format(site=f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"))
    async with silent, command(tmp_path, *(each.format(test=test) for each in arguments)) as (_, address, file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert address.endswith(f"?token={KEY}")
        assert address in file.read_text()
        if arguments == ("demo",):
            await shows_the_run(file, address)
    assert not file.parent.exists()


async def shows_the_run(file: Path, address: str) -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.headers.get("referer", "")))
        await page.goto(file.as_uri())
        await expect(page.locator('.jp-connection[data-transport="whep"]')).to_be_visible(timeout=WAIT_SECONDS * 1000)
        assert page.url == address.partition("?")[0]
        assert not any(KEY in each for each in asked)
