"""Builds the parts of a server from its settings, and closes them in reverse."""

from __future__ import annotations

import importlib.util
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from control.shapes import NewRun, PlannerName
from jumpseat.settings import BadSetting, Settings
from runner.browser.launch import BrowserOptions, PlaywrightDrivers
from runner.files.export import export
from runner.install import BrowserMissing, find_browser
from runner.planners.base import Planner
from runner.planners.factory import build_planner
from runner.planners.options import ModelOptions
from runner.registry import RunRegistry
from runner.session import PlannerFactory, SessionOptions
from runner.store.database import Store, StoreUnusable
from signaling import config
from signaling.limits import Limits
from signaling.server import Server
from web import DIST


def signaling_config(settings: Settings, keys: dict[str, str]) -> config.Config:
    """What signaling needs to know. Raises BadSetting."""
    return config.Config(
        api_keys=keys,
        secret=settings.secret or secrets.token_urlsafe(32),
        host=settings.host,
        port=settings.port,
        frame_port=settings.frame_port or None,
        frame_base_url=settings.frame_base_url,
        tls=_tls(settings),
        allowed_origins=frozenset(settings.allowed_origins),
        ice_servers=tuple(config.IceServer(**server.model_dump()) for server in settings.ice_servers),
        turn_secret=settings.turn_secret,
        ice_addresses=settings.ice_addresses,
        ice_ports=settings.ice_ports,
        livekit=livekit_config(settings),
        streaming=settings.enable_streaming,
        limits=Limits(viewers=settings.max_viewers),
    )


def livekit_config(settings: Settings) -> config.LiveKit | None:
    """None where it is not set. Raises BadSetting."""
    livekit = (settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret)
    url, api_key, api_secret = livekit
    if not any(livekit):
        return None
    if not (url and api_key and api_secret):
        raise BadSetting("LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET: set all three, or none")
    if not url.startswith(("ws://", "wss://")):
        raise BadSetting("LIVEKIT_URL: give an address such as wss://livekit.example.com")
    if importlib.util.find_spec("livekit.rtc") is None:
        raise BadSetting("LIVEKIT_URL: to use it, install: pip install 'jumpseat[livekit]'")
    return config.LiveKit(url=url, api_key=api_key, api_secret=api_secret, fps=settings.fps, bitrate=settings.bitrate)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None and settings.tls_key is None:
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        raise BadSetting("JUMPSEAT_TLS_CERT, JUMPSEAT_TLS_KEY: set both, or none")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise BadSetting(f"JUMPSEAT_TLS_CERT, JUMPSEAT_TLS_KEY: cannot be used: {error}") from None
    return context


@asynccontextmanager
async def serving(settings: Settings, keys: dict[str, str], *, uploads: Path | None = None) -> AsyncIterator[Server]:
    """A running server with all its parts; they are closed in reverse, runs first so that viewers see their end.

    Raises BadSetting where a setting cannot work on this machine.
    """
    plan = signaling_config(settings, keys)
    async with AsyncExitStack() as stack:
        store = await _open_store(settings)
        stack.push_async_callback(store.aclose)
        drivers = PlaywrightDrivers(browser_options(settings, uploads=uploads))
        stack.push_async_callback(drivers.aclose)
        runs = RunRegistry(
            drivers=drivers,
            store=store,
            planner_factory=planner_factory(settings),
            max_runs=settings.max_runs,
            default_planner=settings.planner,
            options=SessionOptions(
                streaming=settings.enable_streaming,
                fps=settings.fps,
                bitrate=settings.bitrate,
                viewport=settings.size,
                browser=settings.browser,
                exporter=export,
            ),
        )
        server = Server(plan, runs=runs, revocations=store, dist=DIST)
        runs.on_started = server.run_started
        stack.push_async_callback(server.aclose)
        try:
            await server.start()
        except OSError as error:
            taken = "JUMPSEAT_HOST, JUMPSEAT_PORT, FRAME_SERVER_PORT"
            raise BadSetting(f"{taken}: cannot listen: {error.strerror or error}") from None
        stack.push_async_callback(runs.aclose)
        yield server


async def _open_store(settings: Settings) -> Store:
    try:
        return await Store.open(settings.data_dir, database_url=settings.database_url)
    except StoreUnusable as error:
        raise BadSetting(f"JUMPSEAT_DATA_DIR, JUMPSEAT_DATABASE_URL: {error}") from None


def browser_options(settings: Settings, *, uploads: Path | None = None) -> BrowserOptions:
    """``uploads``: the folder that files may be uploaded from. Raises BadSetting."""
    try:
        found = find_browser(str(settings.browser_path) if settings.browser_path else None)
    except BrowserMissing as error:
        raise BadSetting(str(error)) from None
    kind: str = settings.browser if settings.browser_path else "chromium"
    executables = {kind: str(found)} if found else {}
    return BrowserOptions(
        executables=executables, uploads=uploads or settings.data_dir / "uploads", max_picture=settings.size
    )


def planner_factory(settings: Settings) -> PlannerFactory:
    """Makes the planner that a run asks for. Raises BadSetting."""
    if settings.planner == "model" and settings.model is None:
        raise BadSetting("JUMPSEAT_MODEL: set it to provider:name, for JUMPSEAT_PLANNER is model")
    model = ModelOptions(model=settings.model) if settings.model else None

    def make(name: PlannerName, spec: NewRun) -> Planner:
        return build_planner(name, spec, model=model)

    return make
