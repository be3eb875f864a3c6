"""Runs of plain sentences on single pages, with all of the product but the server, in contexts of one browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from playwright.async_api import Browser
from pydantic import BaseModel

from control.protocol.actions import Size
from control.protocol.models import NewRun, RunStatus, RunView, Step
from runner.browser.launch import BrowserOptions, PlaywrightDrivers
from runner.browser.page_driver import PageDriver
from runner.export.formats import EXPORTER
from runner.planners.factory import build_planner
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.store.store import Store
from tests.runner.empty_database import with_database

CASES = Path(__file__).with_name("cases")
STEP_MS = 5000


class Case(BaseModel, extra="forbid"):
    """What is done on a page, and what the page must say of it (`case.yaml` beside the page)."""

    instructions: str
    says: list[str]
    """Each is part of something that the page has said."""
    never: list[str] = []
    """None is part of anything that the page has said."""
    status: Literal["passed", "failed"]
    error: list[str] = []
    """Each is part of the run's error."""

    @staticmethod
    def can_be_broken(name: str) -> bool:
        """Returns whether there is a page, ``broken.html``, on which the exported test has to fail."""
        return (CASES / name / "broken.html").is_file()

    @classmethod
    def read(cls, name: str) -> Case:
        return cls.model_validate(yaml.safe_load((CASES / name / "case.yaml").read_text(encoding="utf-8")))


def case_names() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if (folder / "case.yaml").is_file())


@dataclass
class _ContextDrivers:
    """Opens a context of one browser for each run. Implements ``runner.driver.Drivers``."""

    drivers: PlaywrightDrivers
    browser: Browser

    async def launch(
        self, kind: str, *, viewport: Size, allow_hosts: Sequence[str] | None = None, trace: Path | None = None
    ) -> PageDriver:
        return await self.drivers.open_context(self.browser, viewport=viewport)

    async def aclose(self) -> None:
        await self.drivers.aclose()


@dataclass(frozen=True)
class PageRuns:
    """Runs instructions and returns what they came to."""

    registry: RunRegistry

    async def run(self, url: str, instructions: str | None, **more: Any) -> tuple[RunView, list[Step], str]:  # noqa: ANN401
        """The run as it ended, its steps, and its export as a pytest file."""
        new = {"url": url, "instructions": instructions, "stepTimeoutMs": STEP_MS, "helpTimeoutMs": 0, **more}
        session = await self.registry.create(NewRun.model_validate(new), owner="tester")
        news = asyncio.Event()
        stop = session.log.listen(lambda _: news.set())
        while session.active:
            news.clear()
            await news.wait()
        stop()
        view = session.view()
        exported = await session.export("pytest") if view.status is RunStatus.PASSED else ""
        return view, list(await session.steps()), exported


@asynccontextmanager
async def page_runs(folder: Path, browser: Browser) -> AsyncIterator[PageRuns]:
    store = await Store.open(with_database(folder))
    drivers = PlaywrightDrivers(BrowserOptions())
    registry = RunRegistry(
        drivers=_ContextDrivers(drivers, browser),
        store=store,
        planner_factory=build_planner,
        options=SessionOptions(streaming=False, exporter=EXPORTER),
    )
    try:
        yield PageRuns(registry)
    finally:
        await registry.aclose()
        await drivers.aclose()
        await store.aclose()
