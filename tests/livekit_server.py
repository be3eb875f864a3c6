"""A real LiveKit server on loopback for tests: found, or built once with Go, then started for one test.

`python -m tests.livekit_server` finds or builds it beforehand: a build takes minutes. As a pytest plugin (see
`tests/conftest.py`) it gives the fixture `livekit_server`; a build happens after collection, so that no test's time
limit has to cover it.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import aiohttp
import platformdirs
import pytest
import yaml

from tests.served import free_port

VERSION = "v1.13.5"
MODULE = f"github.com/livekit/livekit-server/cmd/server@{VERSION}"
BUILD_SECONDS = 1200
READY_SECONDS = 60
POLL_SECONDS = 0.05
STOP_SECONDS = 2
LOOPBACK_INTERFACE = "lo0" if sys.platform == "darwin" else "lo"

_found = pytest.StashKey[Path | str]()


class ServerMissing(Exception):
    """There is no LiveKit server and no Go to build it with; the message is one line."""


class BuildFailed(Exception):
    """Go is here, and the build did not succeed; the message is one line."""


def find_or_build(explicit: str | None, *, cache: Path) -> Path:
    """The server's executable: the given one, one on PATH, one built before into `cache`, or one built now.

    Raises `ServerMissing` or `BuildFailed`. Several processes may call this at once: one builds, the others wait.
    """
    if explicit and not os.access(explicit, os.X_OK):
        raise BuildFailed(f"JUMPSEAT_LIVEKIT_SERVER: {explicit} is not an executable file: correct it or unset it")
    installed = explicit or shutil.which("livekit-server")
    if installed:
        return Path(installed)
    built = cache / f"livekit-server-{VERSION}" / "livekit-server"
    if built.exists():
        return built
    go = shutil.which("go")
    if go is None:
        raise ServerMissing("no LiveKit server: install livekit-server or Go, or set JUMPSEAT_LIVEKIT_SERVER")
    return _build(go, built)


def _build(go: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _compile(go, target)
    return target


def _compile(go: str, target: Path) -> None:
    """Builds beside `target` and moves it there, so that a build that was interrupted is never mistaken for a server.

    Only this version installs straight from the module proxy (1.13.0 and 1.13.1 do not); its binary is called `server`.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOBIN": folder}
        print(f"building the LiveKit server {VERSION} once; this takes some minutes", file=sys.stderr, flush=True)
        command = [go, "install", MODULE]
        ended = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
        if ended.returncode != 0:
            last = ended.stderr.strip().rpartition("\n")[2]
            raise BuildFailed(f"the LiveKit server could not be built ({last}): install livekit-server or a newer Go")
        Path(folder, "server").rename(target)


class LiveKitServer:
    """One LiveKit server process on loopback, with ports, key and secret of its own.

    As an async context manager it is started and stopped. `folder` gets its configuration and its log, `server.log`;
    `webhooks` are addresses that it reports to, signed with `key`.
    """

    def __init__(self, executable: Path, folder: Path, *, webhooks: Sequence[str] = ()) -> None:
        self._executable = executable
        self._config = folder / "livekit.yaml"
        self._process: asyncio.subprocess.Process | None = None
        self._webhooks = list(webhooks)
        self._port, self._udp_port = free_port(), free_port(socket.SOCK_DGRAM)
        self.log = folder / "server.log"
        """Everything that the server wrote, over all its starts."""
        self.key = f"key{secrets.token_hex(6)}"
        self.secret = secrets.token_urlsafe(32)
        self.url = f"ws://127.0.0.1:{self._port}"
        """For clients, and for `LIVEKIT_URL`."""
        self.http_url = f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The process that runs now, if one does."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Starts it and returns when it answers; raises `RuntimeError` with the log's end if it does not."""
        with self._write_files() as log:
            self._process = await asyncio.create_subprocess_exec(
                str(self._executable), "--config", str(self._config), env={}, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready(self._process)
        except TimeoutError:
            await self.kill()
            raise RuntimeError(f"LiveKit does not answer on {self.http_url}: {self._last_line()}") from None

    async def stop(self) -> None:
        """Ends it and waits; safe to repeat. The first signal would wait for every participant to leave."""
        process = self._process
        if process is None:
            return
        for signal in (process.terminate, process.terminate, process.kill):
            if process.returncode is None:
                signal()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                continue
            break
        self._process = None

    async def kill(self) -> None:
        """Ends it as a crash would: nobody is told."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def restart(self) -> None:
        """Kills it and starts it on the same ports with the same key; its rooms are gone."""
        await self.kill()
        await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        async with aiohttp.ClientSession() as session:
            while process.returncode is None:
                try:
                    async with session.get(self.http_url) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(POLL_SECONDS)
        raise RuntimeError(f"LiveKit ended with code {process.returncode}: {self._last_line()}")

    def _write_files(self) -> BinaryIO:
        """Writes the configuration, which holds the secret, and opens the log."""
        self._config.touch(mode=0o600)
        self._config.write_text(yaml.safe_dump(self._configuration()))
        return open(self.log, "ab")

    def _last_line(self) -> str:
        return self.log.read_text(errors="replace").strip().rpartition("\n")[2]

    def _configuration(self) -> dict[str, object]:
        webhook = {"webhook": {"api_key": self.key, "urls": self._webhooks}} if self._webhooks else {}
        return {
            "port": self._port,
            "bind_addresses": ["127.0.0.1"],
            "keys": {self.key: self.secret},
            "rtc": {
                "udp_port": self._udp_port,
                "tcp_port": 0,
                "use_external_ip": False,
                "node_ip": "127.0.0.1",
                "enable_loopback_candidate": True,
                "interfaces": {"includes": [LOOPBACK_INTERFACE]},
                # Nobody answers there. Without it clients would ask public servers; if it were the media port,
                # libwebrtc would take every packet from there for a STUN answer and never connect.
                "stun_servers": [f"127.0.0.1:{self._port}"],
            },
            **webhook,
        }


def find_here() -> Path:
    """For this machine's settings and cache; raises as `find_or_build` does."""
    return find_or_build(
        os.environ.get("JUMPSEAT_LIVEKIT_SERVER"), cache=Path(platformdirs.user_cache_dir("jumpseat", appauthor=False))
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Finds or builds the server if a test of this session needs it."""
    wanted = any("livekit_executable" in getattr(item, "fixturenames", ()) for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    try:
        session.stash[_found] = find_here()
    except ServerMissing as missing:
        session.stash[_found] = str(missing)


@pytest.fixture
def livekit_executable(request: pytest.FixtureRequest) -> Path:
    """The LiveKit server's executable; skips where there is none and no Go."""
    found = request.session.stash[_found]
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture
async def livekit_server(livekit_executable: Path, tmp_path: Path) -> AsyncIterator[LiveKitServer]:
    """A LiveKit server that runs as long as the test."""
    async with LiveKitServer(livekit_executable, tmp_path) as server:
        yield server


def main() -> int:
    """Finds or builds the server: prints its place, or why there is none. Only a failed build is an error."""
    try:
        print(find_here())
    except (ServerMissing, BuildFailed) as reason:
        print(reason, file=sys.stderr)
        return int(isinstance(reason, BuildFailed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
