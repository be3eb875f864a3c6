"""WHEP clients of others, as their packages are, play a run: each counts the pictures or packets that it gets."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.chromium import chromium
from tests.firefox import launched
from tests.packaged_programs import FIREFOX
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import gone
from tests.signaling.server_harness import ADA, WAIT_SECONDS, ServerHarness

pytestmark = pytest.mark.long

FOREIGN = Path(__file__).with_name("foreign")
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's own, which has the bindings of GStreamer."""
GSTREAMER = "gstreamer1.0-plugins-bad gstreamer1.0-plugins-good gstreamer1.0-nice python3-gi gir1.2-gst-plugins-bad-1.0"
NOT_INSTALLED = 77
BUILD_SECONDS = 600
PICTURES = "played.video.videoWidth > 0 && played.video.getVideoPlaybackQuality().totalVideoFrames > 2"
"""In a page: some were decoded."""
TRICKLED = "(async () => (await played.decoded()) > 2 && played.patches.length > 0)()"
"""In a page: the same, by the connection's statistics, and candidates were sent."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients, and the packages that they need."""
    folder = tmp_path_factory.mktemp("foreign") / "clients"
    shutil.copytree(FOREIGN, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def pion() -> Path:
    """The client that is written with Pion, which is built once for each of its versions."""
    if (go := shutil.which("go")) is None:
        pytest.skip("no Go is installed, which builds the client with Pion")
    sources = FOREIGN / "pion"
    digest = hashlib.sha256()
    for file in sorted(sources.iterdir()):
        digest.update(file.read_bytes())
    target = Path.home() / ".cache" / "jumpseat" / f"pion-{digest.hexdigest()[:16]}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}")
        environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
        command = [go, "build", "-o", str(part), "."]
        subprocess.run(command, cwd=sources, env=environment, check=True, timeout=BUILD_SECONDS)
        part.rename(target)
    return target


async def said_by(*command: str | Path, cwd: Path = FOREIGN) -> str:
    """What the program printed; it must end well. Skips where it says that something is not installed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=pipe, stderr=pipe)
    try:
        output, errors = await asyncio.wait_for(process.communicate(), WAIT_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == NOT_INSTALLED:
        pytest.skip(f"{output.decode().strip()} (Debian: apt-get install {GSTREAMER})")
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def bundle(packages: Path, client: str) -> str:
    """The client and what it imports as one script."""
    made = f"{client}.bundle.js"
    options = ("--bundle", "--format=iife", f"--outfile={made}", "--log-level=warning")
    await said_by("node_modules/.bin/esbuild", f"{client}.js", *options, cwd=packages)
    return await asyncio.to_thread((packages / made).read_text)


@pytest.mark.process
async def test_werift_plays(harness: ServerHarness, run: FakeRun, packages: Path) -> None:
    said = await said_by("node", "werift.mjs", f"{harness.url}/whep/{run.id}", ADA, "20", cwd=packages)
    assert "received 20 packets" in said
    await run.until(lambda: bool(run.joined))


@pytest.mark.process
async def test_pion_plays(harness: ServerHarness, run: FakeRun, pion: Path) -> None:
    said = await said_by(pion, f"{harness.url}/whep/{run.id}", ADA, "20")
    assert re.match(r"received \d\d packets, [1-9]\d* keyframe", said), said
    await run.until(lambda: bool(run.left))
    await gone(harness, run)


@pytest.mark.process
async def test_webrtcbin_plays(harness: ServerHarness, run: FakeRun) -> None:
    if shutil.which(SYSTEM_PYTHON) is None:
        pytest.skip(f"no system Python is installed (Debian: apt-get install {GSTREAMER})")
    said = await said_by(SYSTEM_PYTHON, "webrtcbin.py", f"{harness.url}/whep/{run.id}", ADA, "5")
    assert said.strip() == "decoded 5 pictures"
    await run.until(lambda: bool(run.joined))


@pytest.mark.browser
async def test_the_player_of_eyevinn_plays(harness: ServerHarness, run: FakeRun, packages: Path) -> None:
    script = await bundle(packages, "eyevinn")
    async with chromium() as browser:
        page = await browser.new_page(bypass_csp=True)
        await page.goto(f"{harness.url}/healthz")
        await page.evaluate(f"{script}\n;undefined")
        await page.evaluate("url => playByEyevinn(url)", f"{harness.url}/whep/{run.id}?token={ADA}")
        await page.wait_for_function(f"() => {PICTURES}", timeout=60_000)
        await page.close()
    await run.until(lambda: bool(run.left))
    await gone(harness, run)


@pytest.mark.browser
async def test_whip_whep_plays_in_chromium(harness: ServerHarness, run: FakeRun, packages: Path) -> None:
    script = await bundle(packages, "whip-whep")
    async with chromium() as browser:
        page = await browser.new_page(bypass_csp=True)
        await page.goto(f"{harness.url}/healthz")
        await page.evaluate(f"{script}\n;undefined")
        await page.evaluate("options => playByWhipWhep(options)", whep(harness, run))
        await page.wait_for_function(f"() => {TRICKLED}", timeout=60_000)
        assert_trickled_without_if_match(await page.evaluate("played.patches"))
        await page.close()
    await run.until(lambda: bool(run.left))
    await gone(harness, run)


@pytest.mark.process
async def test_whip_whep_plays_in_firefox(harness: ServerHarness, run: FakeRun, packages: Path) -> None:
    path = FIREFOX.find()
    if path is None:
        pytest.skip("no Firefox is installed (Debian: apt-get install firefox-esr)")
    script = await bundle(packages, "whip-whep")
    async with launched(path) as firefox:
        await firefox.open(f"{harness.url}/docs")  # /healthz is JSON, which Firefox shows in a viewer of its own
        await firefox.ask(f"(() => {{ {script} }})()")
        await firefox.ask(f"playByWhipWhep({json.dumps(whep(harness, run))})")
        await firefox.until(TRICKLED)
        assert_trickled_without_if_match(await firefox.ask("played.patches"))
        await firefox.open("about:blank")
    await run.until(lambda: bool(run.left))
    await gone(harness, run)


def whep(harness: ServerHarness, run: FakeRun) -> dict[str, str]:
    return {"url": f"{harness.url}/whep/{run.id}", "token": ADA}


def assert_trickled_without_if_match(patches: list[dict[str, object]]) -> None:
    assert {(patch["status"], patch["match"]) for patch in patches} == {(204, None)}
