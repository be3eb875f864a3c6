"""A server on the real registry and store, whose browsers do nothing: any number of runs may be started."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from control.protocol.actions import Size
from runner.driver import Driver
from runner.export.pytest import export
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.store.store import Store
from signaling.server import Server
from tests.fakes import FakeDriver, FakePlanner, click
from tests.fuzz.command_channels import UNLIMITED_CONFIG
from tests.runner.empty_database import with_database
from tests.signaling.server_harness import ServerHarness


class FakeBrowsers:
    """A new fake browser for each run; implements runner.driver.Drivers."""

    def __init__(self) -> None:
        self.drivers: list[FakeDriver] = []

    async def launch(
        self, kind: str, *, viewport: Size, allow_hosts: Sequence[str] | None = None, trace: Path | None = None
    ) -> Driver:
        self.drivers.append(FakeDriver())
        return self.drivers[-1]

    async def aclose(self) -> None:
        pass


class RegistryServer(ServerHarness):
    """Talks to `registry` in place of fake runs."""

    def __init__(self, registry: RunRegistry, store: Store, browsers: FakeBrowsers) -> None:
        super().__init__(UNLIMITED_CONFIG)
        self.registry = registry
        self.browsers = browsers
        self.server = Server(
            UNLIMITED_CONFIG, runs=registry, links=store.links, trail=store.audit, dist=Path("there is none")
        )


@asynccontextmanager
async def registry_server(folder: Path, *, max_runs: int = 10_000) -> AsyncIterator[RegistryServer]:
    store, browsers = await Store.open(with_database(folder)), FakeBrowsers()
    registry = RunRegistry(
        drivers=browsers,
        store=store,
        planner_factory=lambda *_: FakePlanner([click("#pay")]),
        max_runs=max_runs,
        options=SessionOptions(exporter=export),
    )
    try:
        harness = RegistryServer(registry, store, browsers)
        async with harness:
            yield harness
            await registry.aclose()
    finally:
        await registry.aclose()
        await store.aclose()
