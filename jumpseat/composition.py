"""Builds the parts of a server from its settings, and closes them in reverse."""

from __future__ import annotations

import errno
import importlib.util
import logging
import os
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from control.protocol.models import NewRun, PlannerName
from jumpseat.settings import BadSetting, Settings, check_exposure, weak_keys
from runner.attach.session import AttachSettings
from runner.attach.sessions import AttachSessions
from runner.browser.install import BrowserMissing, find_browser
from runner.browser.launch import BrowserOptions, PlaywrightDrivers
from runner.browser.limits import BrowserLimits
from runner.egress.policy import EgressPolicy
from runner.egress.proxy import EgressProxy
from runner.egress.upstream import UpstreamProxy
from runner.export.patch import export_patch
from runner.export.port import by_format
from runner.export.pytest import export
from runner.export.yaml_file import export_yaml
from runner.planners.base import Planner
from runner.planners.factory import build_planner
from runner.planners.model import ModelOptions
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.run.session import PlannerFactory
from runner.store.retention import Retention
from runner.store.store import Store, StoreUnusable
from signaling.config import Config, Limits, LiveKit
from signaling.server import CannotListen, Server
from web import DIST

logger = logging.getLogger(__name__)


def signaling_config(settings: Settings, keys: dict[str, str]) -> Config:
    """Returns the configuration of signaling. Raises BadSetting."""
    return Config(
        api_keys=keys,
        secret=settings.secret or secrets.token_urlsafe(32),
        host=settings.host,
        port=settings.port,
        frame_port=settings.frame_port or None,
        public_url=settings.public_url,
        frame_base_url=settings.frame_base_url,
        trusted_proxies=settings.trusted_proxies,
        tls=_tls(settings),
        allowed_origins=frozenset(settings.allowed_origins),
        ice_servers=settings.ice_servers,
        turn_secret=settings.turn_secret,
        ice_addresses=settings.ice_addresses,
        ice_ports=settings.ice_ports,
        livekit=livekit_config(settings),
        streaming=settings.enable_streaming,
        limits=Limits.model_validate(settings, from_attributes=True),
    )


def livekit_config(settings: Settings) -> LiveKit | None:
    """Returns the LiveKit server to publish to, or None where none is set. Raises BadSetting."""
    livekit = (settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret)
    url, api_key, api_secret = livekit
    if not any(livekit):
        return None
    if not (url and api_key and api_secret):
        raise BadSetting("LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET: set all three, or none")
    if not url.startswith(("ws://", "wss://")):
        raise BadSetting("LIVEKIT_URL: give an address such as wss://livekit.example.com")
    if importlib.util.find_spec("livekit.rtc") is None:
        raise BadSetting("LIVEKIT_URL: to use it, install: pip install 'livekit>=1.2,<1.3'")
    return LiveKit(url=url, api_key=api_key, api_secret=api_secret, fps=settings.fps, bitrate=settings.bitrate)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None and settings.tls_key is None:
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        raise BadSetting("JUMPSEAT_TLS_CERT, JUMPSEAT_TLS_KEY: set both, or none")
    for name, file in (("JUMPSEAT_TLS_CERT", settings.tls_cert), ("JUMPSEAT_TLS_KEY", settings.tls_key)):
        if not os.access(file, os.R_OK):
            raise BadSetting(f"{name}: {file} is not there, or cannot be read")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password of ours OpenSSL would ask the terminal for one.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except (OSError, ValueError):
        wanted = "give a certificate and its own key in PEM, the key without a password"
        raise BadSetting(f"JUMPSEAT_TLS_CERT, JUMPSEAT_TLS_KEY: {wanted}") from None
    return context


@asynccontextmanager
async def serving(settings: Settings, keys: dict[str, str], *, uploads: Path | None = None) -> AsyncIterator[Server]:
    """Yields a running server with all its parts; they are closed in reverse, runs first so that viewers see their end.

    Raises BadSetting where a setting cannot work on this machine.
    """
    check_exposure(settings)
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
            dist=DIST,
            checks={"database": store.check, "disk": store.check_disk},
            audit=store.audit,
        )
        runs.on_started = server.run_started
        store.links.on_revoked = server.link_revoked
        stack.push_async_callback(server.aclose)
        await _start(server)
        policy.own_ports = frozenset({server.port, server.frame_port})
        stack.push_async_callback(runs.aclose)
        stack.push_async_callback(attachments.aclose)
        yield server


def _run_registry(settings: Settings, store: Store, drivers: PlaywrightDrivers, policy: EgressPolicy) -> RunRegistry:
    return RunRegistry(
        drivers=drivers,
        store=store,
        planner_factory=planner_factory(settings),
        max_runs=settings.max_runs,
        default_planner=settings.planner,
        policy=policy,
        options=session_options(settings),
    )


def session_options(settings: Settings) -> SessionOptions:
    return SessionOptions(
        streaming=settings.enable_streaming,
        fps=settings.fps,
        bitrate=settings.bitrate,
        size=settings.size,
        browser=settings.browser,
        max_steps=settings.max_steps,
        controller_secrets=settings.controller_secrets,
        exporter=by_format({"pytest": export, "yaml": export_yaml, "patch": export_patch}),
    )


async def _start(server: Server) -> None:
    try:
        await server.start()
    except CannotListen as error:
        raise BadSetting(_cannot_listen(error)) from None


def _cannot_listen(error: CannotListen) -> str:
    name, flag = ("FRAME_SERVER_PORT", "--frame-port") if error.frames else ("JUMPSEAT_PORT", "--port")
    if error.errno != errno.EADDRINUSE:
        return f"JUMPSEAT_HOST, {name}: cannot listen on port {error.port} of {error.host}: {error.strerror}"
    return (
        f"{name}: port {error.port} of {error.host} is taken: stop what listens there (another jumpseat?), or choose "
        f"another port by {flag} or {name}"
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
    try:
        found = find_browser(str(settings.browser_path) if settings.browser_path else None)
    except BrowserMissing as error:
        raise BadSetting(str(error)) from None
    egress_policy = policy or EgressPolicy(allow_private=settings.allow_private)
    upstream = _upstream(settings)
    kind: str = settings.browser if settings.browser_path else "chromium"
    executables = {kind: str(found)} if found else {}
    return BrowserOptions(
        executables=executables,
        uploads=uploads or settings.data_dir / "uploads",
        max_picture=settings.size,
        limits=BrowserLimits(settings.max_run_memory, settings.max_run_processes),
        egress_proxy=lambda: EgressProxy(egress_policy, upstream=upstream),
    )


def _upstream(settings: Settings) -> UpstreamProxy | None:
    if settings.proxy is None:
        return None
    try:
        return UpstreamProxy(settings.proxy, direct=settings.no_proxy)
    except ValueError as error:
        # What is given may hold a password.
        known = str(error) if str(error).startswith("give") else "an address or a network is none"
        raise BadSetting(f"JUMPSEAT_PROXY, JUMPSEAT_NO_PROXY: {known}") from None


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
    if settings.planner == "model" and settings.model is None:
        raise BadSetting("JUMPSEAT_MODEL: set it to provider:name, for JUMPSEAT_PLANNER is model")
    model = model_options(settings)

    def make(name: PlannerName, spec: NewRun) -> Planner:
        return build_planner(name, spec, model=model)

    return make
