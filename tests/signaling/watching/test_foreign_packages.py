"""WHEP clients of others, as their packages are, play a run."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.chromium import chromium
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import gone
from tests.signaling.server_harness import ADA, WAIT_SECONDS, ServerHarness

pytestmark = pytest.mark.long

FOREIGN = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients, and the packages that they need."""
    folder = tmp_path_factory.mktemp("foreign") / "clients"
    shutil.copytree(FOREIGN, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True, timeout=300)
    return folder


async def node(folder: Path, *arguments: str) -> str:
    """What the program printed; it must end well."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, cwd=folder, stdout=pipe, stderr=pipe)
    try:
        output, errors = await asyncio.wait_for(process.communicate(), WAIT_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.process
async def test_werift_plays(harness: ServerHarness, run: FakeRun, packages: Path) -> None:
    said = await node(packages, "node", "werift.mjs", f"{harness.url}/whep/{run.id}", ADA, "20")
    assert "received 20 packets" in said
    await run.until(lambda: bool(run.joined))


@pytest.mark.browser
async def test_the_player_of_eyevinn_plays(harness: ServerHarness, run: FakeRun, packages: Path) -> None:
    bundle = ("--bundle", "--format=iife", "--outfile=eyevinn.bundle.js", "--log-level=warning")
    await node(packages, "node_modules/.bin/esbuild", "eyevinn.js", *bundle)
    async with chromium() as browser:
        page = await browser.new_page(bypass_csp=True)
        await page.goto(f"{harness.url}/healthz")
        await page.evaluate((packages / "eyevinn.bundle.js").read_text() + "\n;undefined")
        await page.evaluate("url => playByEyevinn(url)", f"{harness.url}/whep/{run.id}?token={ADA}")
        await page.wait_for_function("() => played.video.videoWidth > 0", timeout=60_000)
        await page.close()
    await run.until(lambda: bool(run.left))
    await gone(harness, run)
