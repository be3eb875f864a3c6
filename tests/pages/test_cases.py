"""Pages that people's tests met: the page says what was really done to it, and the run must say the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from control.protocol.models import RunStatus
from runner.testfile import load
from tests.exported import failures
from tests.pages.page_runs import Case, PageRuns, case_names
from tests.pages.results import Results, results

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
    for result in exported.values():
        result.site.said.clear()
    assert await failures(tmp_path, {name: result.exported for name, result in exported.items()}) == {}
    for result in exported.values():
        result.check_said(result.site.said)


@pytest.mark.timeout(600)
@pytest.mark.process
@pytest.mark.long
async def test_exported_tests_fail_where_the_page_does_not_do_it(cases: Results, tmp_path: Path) -> None:
    results = [await cases.of(name) for name in case_names() if Case.can_be_broken(name)]
    exported = {}
    for result in results:
        result.site.broken = True
        exported[result.name] = result.exported.replace("timeout=15_000", "timeout=1_000")
    try:
        failed = await failures(tmp_path, exported)
    finally:
        for result in results:
            result.site.broken = False
    assert sorted(failed) == sorted(f"test_{name}" for name in exported)
