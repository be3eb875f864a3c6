"""What came of the cases: each is run once, however many tests ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from control.protocol.models import RunView, Step
from tests.pages.page_runs import CASES, Case, PageRuns
from tests.pages.site import PageSite, page_site


@dataclass(frozen=True)
class Result:
    """One case that was run. Its site is still there, and forgets what was said when it is asked to."""

    name: str
    case: Case
    run: RunView
    steps: list[Step]
    exported: str
    """As a pytest file; empty where the run has failed."""
    typescript: str
    """As a file of Playwright Test; empty where the run has failed."""
    said: list[str]
    site: PageSite

    def check_said(self, said: list[str]) -> None:
        for wanted in self.case.says:
            assert any(wanted in text for text in said), f"the page never said {wanted!r}, but {said}"
        for unwanted in self.case.never:
            assert not any(unwanted in text for text in said), f"the page said {unwanted!r}: {said}"


@dataclass
class Results:
    """Runs a case when it is first asked for."""

    runs: PageRuns
    stack: AsyncExitStack
    done: dict[str, Result] = field(default_factory=dict)

    async def of(self, name: str) -> Result:
        if name not in self.done:
            case = Case.read(name)
            site = await self.stack.enter_async_context(page_site(CASES / name))
            run, steps, exported = await self.runs.run(site.url, case.instructions)
            session = await self.runs.registry.get(run.id)
            typescript = await session.export("typescript") if session and exported else ""
            self.done[name] = Result(name, case, run, steps, exported, typescript, list(site.said), site)
        return self.done[name]


@asynccontextmanager
async def results(runs: PageRuns) -> AsyncIterator[Results]:
    async with AsyncExitStack() as stack:
        yield Results(runs, stack)
