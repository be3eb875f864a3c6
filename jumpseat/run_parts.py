"""Builds from the settings what carries runs out, without anything that shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from control.protocol.models import NewRun, PlannerName
from jumpseat.server_config import browser_executable, check_model, upstream_proxy
from jumpseat.settings import BadSetting, Settings
from runner.attach.session import AttachSettings
from runner.attach.sessions import AttachSessions
from runner.browser.launch import BrowserOptions, PlaywrightDrivers
from runner.browser.limits import BrowserLimits
from runner.browser.playwright_process import PlaywrightProcess
from runner.egress.policy import EgressPolicy
from runner.egress.proxy import EgressProxy
from runner.export.formats import EXPORTER
from runner.planners.base import Planner
from runner.planners.factory import build_planner
from runner.planners.model import ModelOptions
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.run.session import PlannerFactory
from runner.store.retention import Retention
from runner.store.store import Store, StoreUnusable


@dataclass(frozen=True, slots=True)
class RunParts:
    """Holds what runs need, and a server of them."""

    store: Store
    policy: EgressPolicy
    registry: RunRegistry
    attachments: AttachSessions

    async def end_runs(self) -> None:
        """Ends every run and attach session. Safe to repeat."""
        await self.attachments.aclose()
        await self.registry.aclose()


@asynccontextmanager
async def run_parts(
    settings: Settings, *, uploads: Path | None = None, playwright: PlaywrightProcess | None = None
) -> AsyncIterator[RunParts]:
    """Yields the parts, and closes them in reverse. Raises BadSetting where a setting cannot work on this machine.

    Args:
        settings: all of them.
        uploads: the folder that files may be uploaded from.
        playwright: a process of Playwright's that may be starting already, to be used and closed.
    """
    async with AsyncExitStack() as stack:
        store = await _open_store(settings)
        stack.push_async_callback(store.aclose)
        store.keep_lease()
        policy = EgressPolicy(allow_private=settings.allow_private)
        drivers = PlaywrightDrivers(browser_options(settings, uploads=uploads, policy=policy), playwright)
        stack.push_async_callback(drivers.aclose)
        registry = _run_registry(settings, store, drivers, policy)
        keep = timedelta(days=settings.keep_days) if settings.keep_days else None
        retention = Retention(
            store,
            delete=registry.delete,
            max_disk=settings.max_disk,
            max_disk_per_owner=settings.max_disk_per_owner,
            min_free=settings.min_free,
            keep=keep,
        )
        registry.on_ended = retention.wake
        stack.push_async_callback(retention.aclose)
        retention.start()
        options = AttachSettings(
            drivers, store, registry, session_options(settings), uploads or settings.data_dir / "uploads"
        )
        attachments = AttachSessions(options, max_per_owner=settings.max_sessions_per_owner)
        parts = RunParts(store, policy, registry, attachments)
        stack.push_async_callback(parts.end_runs)
        yield parts


def _run_registry(settings: Settings, store: Store, drivers: PlaywrightDrivers, policy: EgressPolicy) -> RunRegistry:
    return RunRegistry(
        drivers=drivers,
        store=store,
        planner_factory=planner_factory(settings),
        max_runs=settings.max_runs,
        max_runs_per_owner=settings.max_runs_per_owner or _share_of_runs(settings),
        default_planner=settings.planner,
        policy=policy,
        options=session_options(settings),
    )


def _share_of_runs(settings: Settings) -> int:
    others = len(settings.api_keys) > 1 or bool(settings.api_keys_file or settings.auth_header)
    return settings.max_runs - settings.max_runs // 4 if others else settings.max_runs


def session_options(settings: Settings) -> SessionOptions:
    return SessionOptions(
        streaming=settings.enable_streaming,
        fps=settings.fps,
        bitrate=settings.bitrate,
        size=settings.size,
        browser=settings.browser,
        max_steps=settings.max_steps,
        controller_secrets=settings.controller_secrets,
        page_log=settings.page_log,
        record=settings.record,
        max_recording=settings.max_recording,
        trace=settings.trace,
        exporter=EXPORTER,
    )


async def _open_store(settings: Settings) -> Store:
    try:
        return await Store.open(settings.data_dir, database_url=settings.database_url)
    except StoreUnusable as error:
        raise BadSetting(f"JUMPSEAT_DATA_DIR, JUMPSEAT_DATABASE_URL: {error}") from None


def browser_options(
    settings: Settings, *, uploads: Path | None = None, policy: EgressPolicy | None = None
) -> BrowserOptions:
    """Returns how browsers are started. Raises BadSetting.

    Args:
        uploads: the folder that files may be uploaded from.
        policy: the server's own egress policy; None for a browser of its own.
    """
    found = browser_executable(settings)
    egress_policy = policy or EgressPolicy(allow_private=settings.allow_private)
    upstream = upstream_proxy(settings)
    kind: str = settings.browser if settings.browser_path else "chromium"
    executables = {kind: str(found)} if found else {}
    return BrowserOptions(
        executables=executables,
        uploads=uploads or settings.data_dir / "uploads",
        max_picture=settings.size,
        most_trace_bytes=settings.max_trace,
        limits=BrowserLimits(settings.max_run_memory, settings.max_run_processes),
        egress_proxy=lambda: EgressProxy(egress_policy, upstream=upstream),
    )


def model_options(settings: Settings) -> ModelOptions | None:
    """Returns which model, and how much of it a run may use; None where none is set."""
    if settings.model is None:
        return None
    return ModelOptions(
        model=settings.model,
        call_seconds=settings.model_call_seconds,
        seconds=settings.model_seconds,
        tokens=settings.model_tokens,
        cost=settings.model_cost,
    )


def planner_factory(settings: Settings) -> PlannerFactory:
    """Returns what makes the planner that a run asks for. Raises BadSetting."""
    check_model(settings)
    model = model_options(settings)

    def make(name: PlannerName, spec: NewRun) -> Planner:
        return build_planner(name, spec, model=model)

    return make
