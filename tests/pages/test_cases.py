"""Pages that people's tests met: the page says what was really done to it, and the run must say the same."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import pytest_asyncio

from control.protocol.models import RunStatus
from runner.browser.install import find_browser
from runner.testfile import load
from tests.pages.page_runs import PageRuns, case_names
from tests.pages.results import Results, results

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
    yield context.new_page()
    context.close()
"""
"""What pytest-playwright gives an exported test: one browser for all of them, which would each start one else."""
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cases(runs: PageRuns) -> AsyncIterator[Results]:
    async with results(runs) as cases:
        yield cases


@pytest.mark.parametrize("name", case_names())
async def test_a_run_says_what_the_page_says(name: str, cases: Results) -> None:
    result = await cases.of(name)
    assert (result.run.status, result.run.error) == (result.case.status, result.run.error), result.said
    for part in result.case.error:
        assert part in (result.run.error or "")
    result.check_said(result.said)


@pytest.mark.parametrize("name", ["fill_spelled_dates", "upload_one_of_two", "in_row"])
async def test_a_run_that_is_exported_as_a_test_file_does_the_same(
    name: str, cases: Results, runs: PageRuns, tmp_path: Path
) -> None:
    result = await cases.of(name)
    session = await runs.registry.get(result.run.id)
    assert session is not None
    file = tmp_path / "again.yaml"
    file.write_text(await session.export("yaml"), encoding="utf-8")
    result.site.said.clear()
    again = load(file, environment={})
    run, steps, _ = await runs.run(again.url, None, steps=again.steps, viewport=again.viewport)
    assert run.status is RunStatus.PASSED, run.error
    assert [step.full_action for step in steps] == [step.full_action for step in result.steps]
    result.check_said(result.site.said)


@pytest.mark.timeout(600)
@pytest.mark.process
@pytest.mark.long
async def test_every_exported_test_does_the_same(cases: Results, tmp_path: Path) -> None:
    """All of them in one process of pytest."""
    results = [await cases.of(name) for name in case_names()]
    exported = {result.name: result for result in results if result.exported}
    for name, result in exported.items():
        result.site.said.clear()
        (tmp_path / f"test_{name}.py").write_text(result.exported, encoding="utf-8")
    (tmp_path / "pytest_playwright.py").write_text('"""The fixtures are in conftest.py."""\n')
    (tmp_path / "conftest.py").write_text(ONE_BROWSER)
    failed = await failures(tmp_path)
    assert failed == {}
    for result in exported.values():
        result.check_said(result.site.said)


async def failures(folder: Path) -> dict[str, str]:
    """The message of every test in the folder that fails, by the name of its file."""
    browser = find_browser(os.environ.get("JUMPSEAT_BROWSER_PATH"))
    report = folder / "report.xml"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}"),
        *(f"--junitxml={report}", str(folder)),
        env={**os.environ, **({"JUMPSEAT_BROWSER_PATH": str(browser)} if browser else {})},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert report.exists(), output.decode()
    cases = ElementTree.parse(report).getroot().iter("testcase")
    ended = {case.get("classname", ""): case.find("failure") for case in cases}
    return {name: failure.get("message", "") for name, failure in ended.items() if failure is not None}
