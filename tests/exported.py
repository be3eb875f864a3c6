"""Runs exported tests as their users would, in one browser for all of them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.attach.environments import clean_variables, node_environment
from tests.chromium import browser_path, browser_variables

ONE_BROWSER = """import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"args": ["--no-sandbox", "--disable-background-networking"]}


@pytest.fixture(scope="session")
def browser(browser_type_launch_args):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**browser_type_launch_args)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
"""
"""What pytest-playwright gives an exported test: one browser for all of them, which would each start one else."""


async def pytest_on(tests: Path, *options: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output of ``pytest`` on that file or folder, with the browser that our tests use."""
    folder = tests.parent if tests.suffix == ".py" else tests
    given = ("-q", "-p", "no:cacheprovider", f"--rootdir={folder}", *options, str(tests))
    variables = {**os.environ, **browser_variables(), **environment}
    return await _run(sys.executable, "-m", "pytest", *given, folder=folder, variables=variables)


async def _run(*command: str, folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """The exit code, and what it has written to either stream."""
    process = await asyncio.create_subprocess_exec(
        *command, env=variables, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def failures(folder: Path, exported: dict[str, str]) -> dict[str, str]:
    """The message of every test that fails, by the name of its file: all of them in one process of pytest."""
    for name, text in exported.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest_playwright.py").write_text('"""The fixtures are in conftest.py."""\n')
    (folder / "conftest.py").write_text(ONE_BROWSER)
    report = folder / "report.xml"
    _, output = await pytest_on(folder, f"--junitxml={report}")
    assert report.exists(), output
    return _failed(report)


def _failed(report: Path) -> dict[str, str]:
    cases = ElementTree.parse(report).getroot().iter("testcase")
    ended = {case.get("classname", ""): case.find("failure") for case in cases}
    return {name: failure.get("message", "") for name, failure in ended.items() if failure is not None}


_PLAYWRIGHT_CONFIG = """export default {
  testDir: '.',
  testMatch: '*.spec.ts',
  workers: 1,
  reporter: [['junit', { outputFile: 'report.xml' }]],
  use: { launchOptions: %s },
};
"""


async def playwright_on(folder: Path, **environment: str) -> tuple[int, str]:
    """The exit code and the output of `playwright test` on that folder, one test after the other in one browser."""
    if shutil.which("npm") is None:
        pytest.skip("Node 20 or newer with npm is not here: it runs exported tests in TypeScript")
    modules = await asyncio.to_thread(node_environment) / "node_modules"
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(modules)
    path = browser_path()
    options = {"args": ["--no-sandbox"], **({"executablePath": str(path)} if path else {})}
    (folder / "playwright.config.ts").write_text(_PLAYWRIGHT_CONFIG % json.dumps(options))
    command = ("node", str(modules / "@playwright" / "test" / "cli.js"), "test")
    return await _run(*command, folder=folder, variables={**clean_variables(os.environ), **environment})


async def typescript_failures(folder: Path, exported: dict[str, str]) -> dict[str, str]:
    """The message of every test that fails, by the name of its file: all of them in one process of Playwright Test."""
    for name, text in exported.items():
        (folder / f"{name}.spec.ts").write_text(text, encoding="utf-8")
    _, output = await playwright_on(folder)
    report = folder / "report.xml"
    assert report.exists(), output
    ended = ElementTree.parse(report).getroot().iter("testcase")
    assert len(list(ended)) == len(exported), output
    return _failed(report)
