"""Runs exported tests as their users would, in one browser for all of them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.chromium import browser_variables

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
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", *options, str(tests)),
        env={**os.environ, **browser_variables(), **environment},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
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
