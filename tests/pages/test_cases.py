"""Pages that people's tests met: the page says what was really done to it, and the run must say the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio

from control.protocol.models import RunStatus
from runner.testfile import load
from tests.exported import failures, typescript_failures
from tests.pages.page_runs import Case, PageRuns, case_names
from tests.pages.results import Result, Results, results

Language = Literal["pytest", "typescript"]
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


@pytest.mark.timeout(1500)
@pytest.mark.process
@pytest.mark.long
@pytest.mark.parametrize("language", ["pytest", "typescript"])
async def test_every_exported_test_does_the_same(language: Language, cases: Results, tmp_path: Path) -> None:
    """All of them in one process."""
    results = [await cases.of(name) for name in case_names()]
    exported = [result for result in results if result.exported]
    for result in exported:
        result.site.said.clear()
    assert await failed(language, exported, tmp_path) == {}
    for result in exported:
        result.check_said(result.site.said)


@pytest.mark.timeout(1500)
@pytest.mark.process
@pytest.mark.long
@pytest.mark.parametrize("language", ["pytest", "typescript"])
async def test_exported_tests_fail_where_the_page_does_not_do_it(
    language: Language, cases: Results, tmp_path: Path
) -> None:
    results = [await cases.of(name) for name in case_names() if Case.can_be_broken(name)]
    for result in results:
        result.site.broken = True
    try:
        ended = await failed(language, results, tmp_path, patience="1_000")
    finally:
        for result in results:
            result.site.broken = False
    assert sorted(ended) == sorted(result.name for result in results)


@pytest.mark.process
@pytest.mark.parametrize(
    "name", ["fill_formatted_when_left", "upload_zone_by_its_words", "list_button_takes_the_choice"]
)
async def test_an_exported_test_in_typescript_passes_and_fails_where_the_page_does_not_do_it(
    name: str, cases: Results, tmp_path: Path
) -> None:
    """A few of them, in every run of our tests."""
    result = await cases.of(name)
    result.site.said.clear()
    for folder, broken in (("good", False), ("bad", True)):
        (tmp_path / folder).mkdir()
        result.site.broken = broken
        try:
            ended = await failed("typescript", [result], tmp_path / folder, patience="1_000")
        finally:
            result.site.broken = False
        assert list(ended) == [name] * broken, ended
    result.check_said(result.site.said)


async def failed(
    language: Language, results: Sequence[Result], folder: Path, *, patience: str = "15_000"
) -> dict[str, str]:
    """The message of every exported test that fails, by the name of its case."""
    if language == "pytest":
        texts = {each.name: each.exported.replace("timeout=15_000", f"timeout={patience}") for each in results}
        return {name.removeprefix("test_"): why for name, why in (await failures(folder, texts)).items()}
    texts = {each.name: each.typescript.replace("timeout: 15_000", f"timeout: {patience}") for each in results}
    ended = await typescript_failures(folder, texts)
    return {name.removesuffix(".spec.ts"): why for name, why in ended.items()}
