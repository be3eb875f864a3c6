"""Widgets of well-known libraries, bundled by `make widgets`: what their pages say is what the run must say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from control.protocol.models import RunStatus
from tests.exported import failures
from tests.pages.page_runs import PageRuns
from tests.pages.site import PageSite, page_site

BUILT = Path(__file__).parents[2] / "build" / "widgets"
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        not (BUILT / ".built").exists(), reason="the widgets are not bundled: `make widgets` does it, with Node 20"
    ),
]


@dataclass(frozen=True)
class Use:
    """What is done to a widget, and what its page says then."""

    page: str
    instructions: str
    says: str


USES = {
    "react-select": Use("react_select", "Select 'spain' in 'Country'", "country=Spain"),
    "react-select, part": Use("react_select", "Select 'Germ' in 'Country'", "country=Germany"),
    "react-select, several": Use("react_select", "Select 'green' in 'Tags'\nSelect 'red' in 'Tags'", "tags=green,red"),
    "MUI Select": Use("mui", "Select 'Twenty' in 'Age'", "age=20"),
    "MUI Select, several": Use(
        "mui", "Select 'Small' in 'Sizes'\nSelect 'Large' in 'Sizes'\nSelect 'Ten' in 'Age'", "age=10"
    ),
    "MUI Autocomplete": Use("mui", "Select 'Bern' in 'City'", "city=Bern"),
    "Ant Design Select": Use("antd", "Select 'City 3' in 'City'", "city=3"),
    "Ant Design Select, far down": Use("antd", "Select 'City 60' in 'City'", "city=60"),
    "Ant Design Select, searched": Use("antd", "Select 'France' in 'Country'", "country=France"),
    "Ant Design Select, several": Use("antd", "Select 'green' in 'Tags'\nSelect 'red' in 'Tags'", "tags=green,red"),
    "Radix Select": Use("radix", "Select 'Blueberry' in 'Fruit'", "fruit=blueberry"),
    "Headless UI Listbox": Use("headless", "Select 'Kenton' in 'Assignee'", "person=Kenton Towne"),
    "Headless UI Listbox, several": Use(
        "headless",
        "Select 'Durward Reynolds' in 'Team'\nSelect 'Kenton Towne' in 'Team'",
        "team=Durward Reynolds,Kenton Towne",
    ),
    "Bootstrap dropdown": Use("bootstrap", "Select 'Oldest first' in 'Newest first'", "sort=Oldest first"),
    "Bootstrap switch": Use("bootstrap", "Check 'Alerts'", "alerts=true"),
    "Bootstrap button of a box": Use("bootstrap", "Check 'Bold'", "bold=true"),
}
KEPT = {
    "flatpickr": Use("flatpickr", "Type '2024-02-29' into 'Date'\nPress Enter in 'Date'", "date=2024-02-29"),
    "IMask of a telephone": Use("imask", "Type '5551234567' into 'Phone'", "phone=5551234567"),
    "IMask of a number": Use("imask", "Type '1234.5' into 'Price'", "price=1234.5"),
    "SortableJS": Use("sortable", "Drag 'Alpha' to 'Gamma'", "order=Beta,Gamma,Alpha,Delta"),
    "dnd-kit": Use("dnd_kit", "Drag 'Alpha' to 'Gamma'", "order=Beta,Gamma,Alpha,Delta"),
}
"""What has no variant that ignores what is done to it."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[PageSite]:
    async with page_site(BUILT) as site:
        yield site


@pytest.mark.parametrize("use", [*USES.values(), *KEPT.values()], ids=[*USES, *KEPT])
async def test_a_widget_takes_what_the_run_says(use: Use, runs: PageRuns, site: PageSite) -> None:
    site.said.clear()
    run, _, _ = await runs.run(site.at(f"{use.page}.html"), use.instructions)
    assert (run.status, run.error) == (RunStatus.PASSED, None), site.said
    assert use.says in site.said


@pytest.mark.parametrize("use", list(USES.values()), ids=list(USES))
async def test_a_widget_that_ignores_it_fails_the_step(use: Use, runs: PageRuns, site: PageSite) -> None:
    run, _, _ = await runs.run(site.at(f"{use.page}.html?broken"), use.instructions)
    assert run.status is RunStatus.FAILED
    assert "it shows" in (run.error or "") or "still not checked" in (run.error or "")


@pytest.mark.timeout(1200)
@pytest.mark.process
@pytest.mark.long
async def test_exported_tests_of_widgets_do_the_same_and_fail_where_they_are_ignored(
    runs: PageRuns, site: PageSite, tmp_path: Path
) -> None:
    good, bad = {}, {}
    for name, use in USES.items():
        _, _, exported = await runs.run(site.at(f"{use.page}.html"), use.instructions)
        file = "".join(char if char.isalnum() else "_" for char in name.lower())
        good[file] = exported
        bad[file] = exported.replace(".html", ".html?broken").replace("timeout=15_000", "timeout=1_000")
    for folder in ("good", "bad"):
        (tmp_path / folder).mkdir()
    site.said.clear()
    assert await failures(tmp_path / "good", good) == {}
    assert {use.says for use in USES.values()} <= set(site.said)
    assert sorted(await failures(tmp_path / "bad", bad)) == sorted(f"test_{name}" for name in bad)
