"""HTTPS and WSS by settings: everything that a browser does, and what is said where the files are no good."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from jumpseat.server_config import signaling_config
from jumpseat.settings import BadSetting, load_settings
from tests.certificates import self_signed
from tests.chromium import WhepViewer
from tests.e2e.watch_page import SECONDS
from tests.served import Served, served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secure(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A server that speaks TLS alone, and a client that trusts its certificate and no other."""
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"))
    context = ssl.create_default_context(cafile=certificate)
    async with served(JUMPSEAT_TLS_CERT=str(certificate), JUMPSEAT_TLS_KEY=str(key)) as plain:
        headers = {"Authorization": f"Bearer {plain.key}"}
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(headers=headers, connector=connector) as http:
            api, frames = (url.replace("http:", "https:") for url in (plain.api, plain.frames))
            yield replace(plain, api=api, frames=frames, http=http)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_browser_watches_and_steers_over_tls(secure: Served, viewer_browser: Browser) -> None:
    run_id = await secure.start_watchable("/timecode.html", seconds=300)
    context = await viewer_browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    await page.goto(f"{secure.api}/runs/{run_id}?token={secure.key}")
    await page.locator('.jp-connection[data-transport="whep"]').wait_for(timeout=30 * SECONDS)
    await page.get_by_role("button", name="Pause", exact=True).click()
    await page.get_by_role("button", name="Resume", exact=True).wait_for()
    assert all(url.startswith("wss://") for url in sockets)
    await page.get_by_role("tab", name="Stats").click()
    await page.get_by_label("Transport").select_option("mjpeg")
    await page.locator('.jp-connection[data-transport="mjpeg"]').wait_for(timeout=30 * SECONDS)
    await context.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_whep_alone_plays_over_tls(secure: Served, viewer_browser: Browser) -> None:
    run_id = await secure.start_watchable("/timecode.html", seconds=300)
    context = await viewer_browser.new_context(ignore_https_errors=True, bypass_csp=True)
    viewer = await WhepViewer.on(await context.new_page(), secure.api, run_id, token=secure.key, codec="VP8")
    await viewer.wait("v.pictures > 2 && v.control.readyState === 'open'")
    await context.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_addresses_are_secure_and_a_page_that_is_not_is_none_of_ours(secure: Served) -> None:
    run = await secure.create({"url": "/", "steps": [{"type": "wait", "value": 60_000}]})
    await secure.until(run["id"], lambda message: message["type"] == "stream_available")
    info = await secure.get(f"/api/tests/{run['id']}/stream")
    assert [info[name].split("://")[0] for name in ("streamUrl", "whepUrl", "controlUrl")] == ["https", "https", "wss"]
    async with secure.http.get(f"{secure.frames}/stream/{run['id']}?after=0") as picture:
        assert picture.content_type == "image/jpeg"
    for origin, expected in ((secure.api, 200), (secure.api.replace("https", "http"), 403)):
        url = f"{secure.api}/api/tests/{run['id']}/commands"
        async with secure.http.post(url, json={"type": "ping"}, headers={"Origin": origin}) as answer:
            assert answer.status == expected
    await secure.cancel(run["id"])


@pytest.mark.asyncio(loop_scope="session")
async def test_who_speaks_no_tls_is_told_nothing(secure: Served) -> None:
    for url in (secure.api, secure.frames):
        with pytest.raises(aiohttp.ClientError):
            await secure.http.get(url.replace("https", "http"))


def test_files_that_are_no_good_are_named_in_one_sentence(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    _, other = self_signed(tmp_path, name="other")
    closed, locked = self_signed(tmp_path, name="locked", password=b"a password")
    junk = tmp_path / "junk"
    junk.write_text("-----BEGIN CERTIFICATE-----\njunk\n")
    missing = tmp_path / "missing"
    for cert_file, key_file, said in (
        (missing, key, f"JUMPSEAT_TLS_CERT: {missing}"),
        (certificate, missing, f"JUMPSEAT_TLS_KEY: {missing}"),
        (junk, key, "in PEM"),
        (certificate, junk, "in PEM"),
        (certificate, other, "its own key"),
        (closed, locked, "without a password"),
    ):
        with pytest.raises(BadSetting) as refused:
            signaling_config(load_settings(tls_cert=cert_file, tls_key=key_file), {})
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.process
async def test_a_key_with_a_password_asks_nobody_at_the_terminal(tmp_path: Path) -> None:
    """OpenSSL itself would ask, and the server wait for an answer."""
    certificate, key = self_signed(tmp_path, password=b"a password")
    at_a_terminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", at_a_terminal, sys.executable, "-m", "jumpseat", "serve"),
        env=os.environ | {"JUMPSEAT_TLS_CERT": str(certificate), "JUMPSEAT_TLS_KEY": str(key)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, b"without a password" in output) == (2, True)
