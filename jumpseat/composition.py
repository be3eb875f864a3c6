"""Builds the parts of a server from its settings, and closes them in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from control.protocol.models import NewRun, PlannerName
from jumpseat.ports import cannot_listen
from jumpseat.reserved import Reserved
from jumpseat.server_config import browser_executable, check_model, signaling_config, upstream_proxy
from jumpseat.settings import BadSetting, Settings, weak_keys
from media.aio import cancel_and_wait
from runner.attach.session import AttachSettings
from runner.attach.sessions import AttachSessions
from runner.browser.launch import BrowserOptions, PlaywrightDrivers
from runner.browser.limits import BrowserLimits
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
from signaling.config import Listening
from signaling.server import CannotListen, Server
from web import DIST

logger = logging.getLogger(__name__)


@asynccontextmanager
async def serving(
    settings: Settings, keys: dict[str, str], *, uploads: Path | None = None, reserved: Reserved | None = None
) -> AsyncIterator[Server]:
    """Yields a running server with all its parts; they are closed in reverse, runs first so that viewers see their end.

    Raises BadSetting where a setting cannot work on this machine.

    Args:
        settings: all of them.
        keys: each owner's.
        uploads: the folder that files may be uploaded from.
        reserved: where to listen and which attach session to open, as clients know both already.
    """
    config = signaling_config(settings, keys)
    if weak := weak_keys(settings):
        logger.warning("%s", weak)
    async with AsyncExitStack() as stack:
        store = await _open_store(settings)
        stack.push_async_callback(store.aclose)
        store.keep_lease()
        policy = EgressPolicy(allow_private=settings.allow_private)
        drivers = PlaywrightDrivers(browser_options(settings, uploads=uploads, policy=policy))
        stack.push_async_callback(drivers.aclose)
        if reserved is not None:
            warming_up = asyncio.create_task(drivers.warm_up())  # its process starts while ours does other things
            stack.push_async_callback(cancel_and_wait, warming_up)
        runs = _run_registry(settings, store, drivers, policy)
        keep = timedelta(days=settings.keep_days) if settings.keep_days else None
        retention = Retention(
            store,
            delete=runs.delete,
            max_disk=settings.max_disk,
            max_disk_per_owner=settings.max_disk_per_owner,
            min_free=settings.min_free,
            keep=keep,
        )
        runs.on_ended = retention.wake
        stack.push_async_callback(retention.aclose)
        retention.start()
        attachments = AttachSessions(
            AttachSettings(drivers, store, runs, session_options(settings), uploads or settings.data_dir / "uploads")
        )
        server = Server(
            config,
            runs=runs,
            attachments=attachments,
            links=store.links,
            trail=store.audit,
            dist=DIST,
            checks={"database": store.check, "disk": store.check_disk},
        )
        runs.on_started = server.run_started
        store.links.on_revoked = server.link_revoked
        stack.push_async_callback(server.aclose)
        await _start(server, reserved.listening if reserved else None)
        policy.own_ports = frozenset({server.port, server.frame_port})
        stack.push_async_callback(runs.aclose)
        stack.push_async_callback(attachments.aclose)
        if reserved is not None:
            await attachments.open(reserved.wanted, owner=reserved.owner, endpoint=reserved.endpoint)
        yield server


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
        exporter=EXPORTER,
    )


async def _start(server: Server, listening: Listening | None) -> None:
    try:
        await server.start(listening)
    except CannotListen as error:
        raise BadSetting(cannot_listen(error, host=error.host, port=error.port, frames=error.frames)) from None


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
