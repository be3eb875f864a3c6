"""Browsers that cannot be had, videos, traces and screenshots are the same with `jumpseat attach` and without."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.attach.command import END_SECONDS, attaching
from tests.attach.environments import clean_variables, node_environment, python_environment
from tests.attach.session_harness import CONFTEST
from tests.attach.suite import PytestSuite, running, suite_marks
from tests.attach.suites.site import SuiteSite
from tests.chromium import browser_path

pytestmark = suite_marks(240)

PYTEST = """\
import os


def test_it(page):
    page.goto(os.environ["PAGES_URL"] + "/inner.html")
    page.get_by_role("button", name="Book").click()


def test_that_fails(page):
    page.goto(os.environ["PAGES_URL"] + "/inner.html")
    assert False


def test_that_records(browser, tmp_path):
    with browser.new_context(record_video_dir=tmp_path) as context:
        context.new_page().goto(os.environ["PAGES_URL"] + "/inner.html")
    assert [file.suffix for file in tmp_path.iterdir()] == [".webm"]
"""
PLAYWRIGHT_TEST = """\
const { test } = require('@playwright/test');

test('it', async ({ page }) => {
  await page.goto(`${process.env.PAGES_URL}/inner.html`);
});
"""
Outcome = tuple[int, dict[str, str], list[str]]
"""Exit code, what became of each test, and the files that were written."""


def write_suite(folder: Path) -> None:
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_file.py").write_text(PYTEST)


async def outcome(site: SuiteSite, folder: Path, *options: str, attached: bool) -> Outcome:
    """Runs the suite in Python with these options."""
    write_suite(folder)
    command = [str(python_environment()), "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    command += ["--output", str(folder / "output"), *options]
    own = {**site.variables, "CHROMIUM_PATH": str(browser_path() or ""), "COLUMNS": "400"}
    alone = running(command, folder, clean_variables(os.environ) | own)
    async with asyncio.timeout(2 * END_SECONDS):
        async with attaching("--", *command, folder=folder, **own) if attached else alone as started:
            code, stdout, _ = await started.end()
            assert not started.marked()
    files = sorted(str(file.relative_to(folder)) for file in (folder / "output").rglob("*") if file.is_file())
    return code, PytestSuite().read(stdout, folder), files


@pytest.mark.parametrize("options", [("--tracing=on", "--screenshot=on"), ("--video=on",)], ids=["traces", "videos"])
async def test_artifacts(site: SuiteSite, tmp_path: Path, options: tuple[str, ...]) -> None:
    alone, attached = [
        await outcome(site, tmp_path / name, *options, attached=name == "attached") for name in ("alone", "attached")
    ]
    assert alone[0] == 1
    assert len(alone[1]) >= 3
    if options[0] == "--tracing=on":
        assert {file.rpartition("/")[2] for file in alone[2]} >= {"trace.zip", "test-finished-1.png"}
    assert attached == alone


@pytest.mark.parametrize("kind", ["pytest", "playwright"])
async def test_a_browser_that_is_not_here(site: SuiteSite, tmp_path: Path, kind: str) -> None:
    if kind == "pytest":
        (tmp_path / "test_file.py").write_text(PYTEST)
        command = [str(python_environment()), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
        command += ["--browser", "firefox", "-k", "test_it"]
    else:
        (tmp_path / "node_modules").symlink_to(node_environment() / "node_modules")
        (tmp_path / "file.spec.js").write_text(PLAYWRIGHT_TEST)
        (tmp_path / "playwright.config.js").write_text("module.exports = { use: { browserName: 'firefox' } };\n")
        command = ["npx", "playwright", "test", "--reporter=line"]
    async with asyncio.timeout(END_SECONDS), attaching("--", *command, folder=tmp_path, **site.variables) as started:
        code, stdout, stderr = await started.end()
        assert not started.marked()
    assert code == 1
    assert "Executable doesn't exist" in stdout, "the client's own error"
    assert stderr.startswith("jumpseat: firefox is not watched: firefox could not be started")
    assert stderr.count("\n") == 1
