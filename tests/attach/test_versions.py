"""Clients whose Playwright our own cannot serve: their own launches the browser, and all the same they are steered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.attach.environments import node_environment, python_environment
from tests.attach.session_harness import CONFTEST, OpenSession, Steerer, open_session
from tests.attach.suite import running, suite_marks
from tests.attach.suites.site import SuiteSite
from tests.served import Served

pytestmark = suite_marks(400)

START = 'role=button[name="Start"]'
VERSIONS = ("1.50.0", "1.58.0", "1.60.0", "1.61.0")
END_SECONDS = 120
HELP_MS = 5000
PYTEST = """\
import os

import pytest
from playwright.sync_api import expect


def test_it(page, context):
    page.goto(os.environ["PAGES_URL"] + "/late.html")
    with pytest.raises(AssertionError):
        expect(page.get_by_role("status")).to_have_text("nothing like it", timeout=300)
    expect(page.get_by_role("status")).not_to_have_text("nothing like it", timeout=300)
    page.get_by_role("button", name="Begin").click(timeout=1000)
    expect(page.get_by_role("status")).to_have_text("started", timeout=5000)
    page.on("dialog", lambda dialog: dialog.accept())
    assert page.evaluate("confirm('Sure?')") is True
    with page.expect_popup() as opened:
        page.evaluate("void window.open('inner.html')")
    expect(opened.value.get_by_role("heading")).to_have_text("Inner")
    with page.context.browser.new_context() as other:
        second = other.new_page()
        second.goto(os.environ["PAGES_URL"] + "/inner.html")
        expect(second.get_by_role("heading")).to_have_text("Inner")
    page.evaluate("document.title = 'done'")
    expect(page).to_have_title("done")
"""
PLAYWRIGHT_TEST = """\
const { expect, test } = require('@playwright/test');

test.use({ launchOptions: { executablePath: process.env.CHROMIUM_PATH, args: ['--no-sandbox'] } });
test('it', async ({ page, browser }) => {
  await page.goto(`${process.env.PAGES_URL}/late.html`);
  const failed = expect(page.getByRole('status')).toHaveText('nothing like it', { timeout: 300 });
  await failed.then(() => { throw new Error('it holds'); }, () => {});
  await expect(page.getByRole('status')).not.toHaveText('nothing like it', { timeout: 300 });
  await page.getByRole('button', { name: 'Begin' }).click({ timeout: 1000 });
  await expect(page.getByRole('status')).toHaveText('started', { timeout: 5000 });
  page.on('dialog', (dialog) => dialog.accept());
  expect(await page.evaluate("confirm('Sure?')")).toBe(true);
  const popup = page.waitForEvent('popup');
  await page.evaluate("void window.open('inner.html')");
  await expect((await popup).getByRole('heading')).toHaveText('Inner');
  const other = await browser.newContext();
  const second = await other.newPage();
  await second.goto(`${process.env.PAGES_URL}/inner.html`);
  await expect(second.getByRole('heading')).toHaveText('Inner');
  await other.close();
  await page.evaluate("document.title = 'done'");
  await expect(page).toHaveTitle('done');
});
"""
ASYNC_SCRIPT = """\
import asyncio, os
from playwright.async_api import async_playwright

async def main():
    async with async_playwright() as playwright:
        args = ["--no-sandbox"]
        browser = await playwright.chromium.launch(executable_path=os.environ["CHROMIUM_PATH"], args=args)
        page = await browser.new_page()
        await page.goto(os.environ["PAGES_URL"] + "/inner.html")
        await page.get_by_role("button", name="Book").click()
        await browser.close()

asyncio.run(main())
"""
NODE_SCRIPT = """\
import { chromium } from 'playwright';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.goto(`${process.env.PAGES_URL}/inner.html`);
await page.getByRole('button', { name: 'Book' }).click();
await browser.close();
"""


@pytest_asyncio.fixture(loop_scope="session")
async def session(server: Served, site: SuiteSite) -> AsyncIterator[OpenSession]:
    async with open_session(server, site, review=True, helpTimeoutMs=HELP_MS) as opened:
        yield opened


def suite(kind: str, version: str, folder: Path) -> list[str]:
    """Writes a test of somebody's own; returns its command."""
    if kind == "python":
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_file.py").write_text(PYTEST)
        python = python_environment(playwright=version)
        return [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", "test_file.py"]
    (folder / "node_modules").symlink_to(node_environment(version) / "node_modules")
    (folder / "file.spec.js").write_text(PLAYWRIGHT_TEST)
    (folder / "playwright.config.js").write_text("module.exports = { reporter: 'line', timeout: 120000 };\n")
    return ["npx", "playwright", "test"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["python", "node"])
async def test_an_older_client_is_watched_held_and_repaired(
    session: OpenSession, tmp_path: Path, kind: str, version: str
) -> None:
    async with (
        asyncio.timeout(2 * END_SECONDS),
        running(suite(kind, version, tmp_path), tmp_path, session.variables()) as started,
    ):
        first, second = await steered(session)
        code, stdout, stderr = await started.end()
        assert not started.marked()
    assert code == 0, stdout + stderr
    run = await session.server.get(f"/api/tests/{first.run_id}")
    assert (run["status"], run["error"]) == ("passed", None)
    assert run["client"]["version"].startswith(minor(version))
    statuses = [step["status"] for step in run["steps"]]
    assert (statuses.count("failed"), set(statuses)) == (2, {"passed", "failed"})
    assert [step["target"] for step in run["steps"] if step["source"] == "override"] == [START]
    # What a call is about is found in the picture of its own context.
    assert all(boxes(first))
    assert all(boxes(second))
    view = await session.view()
    assert (view["runs"], view["notes"]) == (2, [])


async def steered(session: OpenSession) -> tuple[Steerer, Steerer]:
    """Steers both runs of the test: repairs the one call, and lets the assertion fail that is to fail."""

    async def repair(asked: dict[str, Any]) -> dict[str, Any] | None:
        return (
            {"type": "step_override", "action": {"type": "click", "selector": START}}
            if "Begin" in asked["reason"]
            else None
        )

    first = Steerer(session, await session.run(), on_help=repair)
    steering = asyncio.ensure_future(first.steer())
    second = Steerer(session, await session.run(2))
    await asyncio.gather(steering, second.steer())
    return first, second


def minor(version: str) -> str:
    """The part of a version that a client in Python shares with its driver."""
    return version.rpartition(".")[0] + "."


def boxes(steerer: Steerer) -> list[object]:
    """Where the targets of the assertions were found."""
    proposals = [
        # The first one may have been there before its controller was.
        message["run"]["proposal"] if message["type"] == "hello" else message["proposal"]
        for message in steerer.messages
        if message["type"] in {"hello", "step_proposed"}
    ]
    found = [each["box"] for each in proposals if each and each["action"]["type"] == "expect_text"]
    assert found
    return found


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
@pytest.mark.parametrize("name", ["script.py", "script.mjs"])
async def test_a_script_of_an_older_client_is_watched(
    server: Served, site: SuiteSite, tmp_path: Path, name: str, version: str
) -> None:
    command = [str(python_environment(playwright=version)), name] if name.endswith(".py") else ["node", name]
    (tmp_path / name).write_text(ASYNC_SCRIPT if name.endswith(".py") else NODE_SCRIPT)
    if not name.endswith(".py"):
        (tmp_path / "node_modules").symlink_to(node_environment(version) / "node_modules")
    async with open_session(server, site) as session, asyncio.timeout(END_SECONDS):
        async with running(command, tmp_path, session.variables()) as started:
            code, stdout, stderr = await started.end()
            assert not started.marked()
        assert code == 0, stdout + stderr
        runs = (await session.client.list_runs(session=session.id)).runs
        assert [run.status.value for run in runs] == ["passed"]
        client = runs[0].client
        assert client
        assert str(client.version).startswith(minor(version))


async def test_a_browser_that_cannot_be_looked_at_is_launched_as_without_us(
    server: Served, site: SuiteSite, tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text(
        ASYNC_SCRIPT.replace('"--no-sandbox"', '"--no-sandbox", "--remote-debugging-port=0"')
    )
    command = [str(python_environment(playwright=VERSIONS[0])), "script.py"]
    async with open_session(server, site) as session, asyncio.timeout(END_SECONDS):
        async with running(command, tmp_path, session.variables()) as started:
            code, stdout, stderr = await started.end()
            assert not started.marked()
        assert code == 0, stdout + stderr
        view = await session.view()
    assert view["runs"] == 0
    assert view["notes"] == [
        "chromium is not watched: only Chromium can be looked at, and by a debugging port that is not taken"
    ]
