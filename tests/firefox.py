"""A real Firefox that watches, driven by WebDriver BiDi (W3C): Playwright drives only Firefoxes of its own making."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PREFERENCES = {
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
"""WebRTC from loopback, and no traffic of its own."""
SIZE = {"width": 1280, "height": 800}
READY_SECONDS = 60
WAIT_SECONDS = 60
POLL_SECONDS = 0.1
_LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")


class Firefox:
    """One tab. Raises `FirefoxError` where a call is refused or a script fails."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls = 0
        self._tab = ""

    async def start(self) -> None:
        await self._call("session.new", capabilities={})
        self._tab = (await self._call("browsingContext.create", type="tab"))["context"]
        await self._call("browsingContext.setViewport", context=self._tab, viewport=SIZE)

    async def open(self, url: str) -> None:
        """Returns once the page has loaded."""
        await self._call("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    async def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression gives
        """The JSON value of a JavaScript expression, which may be a promise."""
        script = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        answer = await self._call(
            "script.evaluate", expression=script, target={"context": self._tab}, awaitPromise=True, userActivation=True
        )
        if answer["type"] != "success":
            raise FirefoxError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def until(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression gives
        """Waits until the expression is true; its value."""
        found = None
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not (found := await self.ask(expression)):  # noqa: ASYNC110 - pages send no events
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise FirefoxError(f"never true, {found} at last: {expression}") from None
        return found

    async def click(self, x: float, y: float) -> None:
        """A real press of the mouse, in CSS pixels."""
        move = {"type": "pointerMove", "x": round(x), "y": round(y)}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        await self._perform({"type": "pointer", "id": "mouse", "actions": [move, *press]})

    async def type(self, text: str) -> None:
        """Real keys, one for each character."""
        keys = [{"type": kind, "value": char} for char in text for kind in ("keyDown", "keyUp")]
        await self._perform({"type": "key", "id": "keyboard", "actions": keys})

    async def _perform(self, source: dict[str, Any]) -> None:
        await self._call("input.performActions", context=self._tab, actions=[source])

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
        self._calls += 1
        await self._socket.send_json({"id": self._calls, "method": method, "params": params})
        async with asyncio.timeout(WAIT_SECONDS):
            async for message in self._socket:
                answer = message.json()
                if answer.get("id") == self._calls:
                    break
            else:
                raise FirefoxError("Firefox has ended")
        if answer["type"] == "error":
            raise FirefoxError(f"{method}: {answer['error']}: {answer['message']}")
        return dict(answer["result"])


class FirefoxError(Exception):
    """What Firefox said."""


@asynccontextmanager
async def launched(path: str) -> AsyncIterator[Firefox]:
    """A headless Firefox with a profile of its own, ended with all its processes."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        _prefer(Path(profile, "user.js"))
        flags = ("--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0")
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            path, *flags, stdout=nowhere, stderr=pipe, env=os.environ | {"HOME": profile}
        )
        assert process.stderr
        reading = None
        try:
            address = await _address(process.stderr)
            reading = asyncio.create_task(_read_on(process.stderr))
            async with aiohttp.ClientSession() as http, http.ws_connect(f"{address}/session", max_msg_size=0) as socket:
                browser = Firefox(socket)
                await browser.start()
                yield browser
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            if reading:
                await reading


def _prefer(file: Path) -> None:
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
    file.write_text("".join(lines))


async def _address(stderr: asyncio.StreamReader) -> str:
    said = b""
    async with asyncio.timeout(READY_SECONDS):
        while line := await stderr.readline():
            if found := _LISTENING.search(line):
                return found[1].decode()
            said += line
    raise FirefoxError(f"Firefox did not start: {said.decode(errors='replace')}")


async def _read_on(stderr: asyncio.StreamReader) -> None:
    """A pipe that nobody reads would stop Firefox."""
    while await stderr.readline():
        pass
