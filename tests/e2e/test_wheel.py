"""The wheel, as strangers install it: built from the files that git knows, into an environment of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.chromium import chromium
from tests.e2e.watch_page import WatchPage
from tests.served import STOP_SECONDS, WAIT_SECONDS

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 300

pytestmark = [pytest.mark.timeout(2 * BUILD_SECONDS), pytest.mark.process, pytest.mark.slow]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows, with this checkout's npm packages beside it and nothing built."""
    copy = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    packages = ROOT / "web" / "node_modules"
    if not packages.is_dir() or shutil.which("npm") is None:
        pytest.skip("Node is not here: make setup says what is needed")
    (checkout / "web" / "node_modules").symlink_to(packages)
    built = build(checkout)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((checkout / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``jumpseat`` in an environment that has the wheel, and else only the packages that it depends on."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    variables = {"base": str(place), "platbase": str(place)}
    site = Path(sysconfig.get_path("purelib", scheme="venv", vars=variables))
    # Files of this kind are not read in folders that such a file names: this checkout stays out of the way.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
    install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*install, "--ignore-installed", str(wheel)], check=True, timeout=BUILD_SECONDS)
    return place / "bin" / "jumpseat"


def build(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    return subprocess.run(
        command,
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )


def test_without_node_the_build_fails_with_one_sentence(checkout: Path) -> None:
    """Run first: the player is not built there yet."""
    assert not (checkout / "web" / "dist").exists()
    failed = build(checkout, PATH="/nowhere")
    assert failed.returncode != 0
    assert "jumpseat: Node 20.19 or newer with npm is needed to build the player" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not (checkout / "dist").exists() or not list((checkout / "dist").iterdir())


def test_the_wheel_holds_the_player_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        *("control", "jumpseat", "media", "runner", "signaling", "web"),
        next(top for top in tops if top.endswith(".dist-info")),
    }
    assert {"web/dist/index.html", "web/dist/player.js", "jumpseat/constraints.txt", "jumpseat/py.typed"} <= set(names)
    assert any(name.startswith("web/dist/assets/") and name.endswith(".js") for name in names)
    assert any(name.startswith("web/shop/pages/") for name in names)
    assert not [name for name in names if name.startswith(("web/src", "web/node_modules", "web/tests", "web/dist/npm"))]


@pytest.mark.browser
@pytest.mark.long
async def test_demo_shows_the_player_from_any_folder(command: Path, tmp_path: Path) -> None:
    async with demo(command, tmp_path) as address, chromium() as browser:
        page = await browser.new_page()
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 200
        await WatchPage(page).live("whep")
        await page.wait_for_function(
            "() => document.querySelector('video')?.videoWidth > 0", timeout=WAIT_SECONDS * 1000
        )


@pytest.mark.long
async def test_demo_finds_free_ports_where_the_default_ones_are_taken(command: Path, tmp_path: Path) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as api,
        closing(socket.create_server(("127.0.0.1", 0))) as frames,
    ):
        # Whoever has the default ones now keeps them; else they are taken here.
        taken = [held for port in (3001, 8080) if (held := hold(port)) is not None]
        try:
            async with demo(command, tmp_path) as address:
                assert urlsplit(address).port not in {3001, 8080}
        finally:
            for held in taken:
                held.close()
        given = {"JUMPSEAT_PORT": str(api.getsockname()[1]), "FRAME_SERVER_PORT": str(frames.getsockname()[1])}
        process = await started(command, tmp_path, **given)
        out, err = await process.communicate()
        assert (process.returncode, out) == (2, b"")
        assert b"JUMPSEAT_PORT" in err


def hold(port: int) -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None


@asynccontextmanager
async def demo(command: Path, folder: Path) -> AsyncIterator[str]:
    """The watch URL."""
    process = await started(command, folder)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
        assert address.startswith("http://"), (await process.communicate())[1].decode()
        yield address
    finally:
        if process.returncode is None:
            # Not SIGINT: whoever is started in the background by a shell may have to ignore that one.
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_SECONDS):
                await process.communicate()


async def started(command: Path, folder: Path, **settings: str) -> asyncio.subprocess.Process:
    unwanted = {"PYTHONPATH", "JUMPSEAT_PORT", "FRAME_SERVER_PORT", "JUMPSEAT_API_KEYS"}
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment |= {"JUMPSEAT_DATA_DIR": str(folder / "data"), "JUMPSEAT_ICE_ADDRESSES": "127.0.0.1", **settings}
    return await asyncio.create_subprocess_exec(
        *(str(command), "demo", "--no-open"),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
