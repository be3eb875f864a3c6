"""`jumpseat attach` itself is killed in the middle of a suite: the tests end, and nothing is left running."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from jumpseat.client import Client
from tests.attach.command import END_SECONDS, attaching
from tests.attach.environments import node_environment, python_environment
from tests.attach.onlookers import SessionPage
from tests.attach.session_harness import CONFTEST
from tests.attach.suite import suite_marks
from tests.attach.suites.site import SuiteSite
from tests.chromium import browser_path
from tests.processes import ended

pytestmark = suite_marks(240)

PYTEST = """\
import os


def test_waits(page):
    page.goto(os.environ["PAGES_URL"] + "/late.html")
    page.get_by_role("button", name="Nowhere").click(timeout=600_000)


def test_next(page):
    page.goto(os.environ["PAGES_URL"] + "/inner.html")
"""
PLAYWRIGHT_TEST = """\
const { test } = require('@playwright/test');

test('waits', async ({ page }) => {
  await page.goto(`${process.env.PAGES_URL}/late.html`);
  await page.getByRole('button', { name: 'Nowhere' }).click({ timeout: 600_000 });
});
test('next', async ({ page }) => {
  await page.goto(`${process.env.PAGES_URL}/inner.html`);
});
"""
KILLS_AT_ONCE = """\
import os, signal

from playwright.sync_api import sync_playwright

os.kill(os.getppid(), signal.SIGKILL)
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM_PATH"], args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(os.environ["PAGES_URL"] + "/inner.html")
    print("unwatched:", page.get_by_role("heading").inner_text(), flush=True)
    browser.close()
"""


def suite(kind: str, folder: Path) -> list[str]:
    """Writes a suite of two tests, and returns its command."""
    if kind == "pytest":
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_file.py").write_text(PYTEST)
        return [str(python_environment()), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    (folder / "node_modules").symlink_to(node_environment() / "node_modules")
    (folder / "file.spec.js").write_text(PLAYWRIGHT_TEST)
    (folder / "playwright.config.js").write_text("module.exports = { reporter: 'line', timeout: 900000 };\n")
    return ["npx", "playwright", "test"]


@pytest.mark.parametrize("kind", ["pytest", "playwright"])
async def test_attach_is_killed(site: SuiteSite, tmp_path: Path, kind: str) -> None:
    variables = {**site.variables, "CHROMIUM_PATH": str(browser_path() or "")}
    async with attaching("--", *suite(kind, tmp_path), folder=tmp_path, **variables) as started:
        async with asyncio.timeout(END_SECONDS):
            await in_click(SessionPage.of(await started.first_line()))
        running = started.marked()
        assert len(running) > 3, running
        started.process.kill()
        async with asyncio.timeout(END_SECONDS):
            for pid in running:
                await ended(pid)
            _, stdout, _ = await started.end()
        assert "closed" in stdout
        assert not started.marked()


async def test_attach_is_killed_before_its_server_is_loaded(site: SuiteSite, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(KILLS_AT_ONCE)
    variables = {**site.variables, "CHROMIUM_PATH": str(browser_path() or "")}
    command = (str(python_environment()), "script.py")
    async with asyncio.timeout(END_SECONDS), attaching("--", *command, folder=tmp_path, **variables) as started:
        code, stdout, _ = await started.end()
        assert (code, stdout.splitlines()[1:]) == (-signal.SIGKILL, ["unwatched: Inner"])
        assert not started.marked()


async def in_click(page: SessionPage) -> None:
    """Waits until the test's click has begun."""
    async with Client(page.server, key=page.key) as client:
        while not (runs := (await client.list_runs(session=page.session)).runs):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # lists send no events
        async for message in client.follow(runs[0].id):
            step = message.data.get("step") or {}
            if step.get("action") == "click" or any(
                each["action"] == "click" for each in message.data.get("run", {}).get("steps", ())
            ):
                return
