"""``jumpseat doctor``: what works on this machine, and what to do where something does not."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
from importlib.metadata import version
from pathlib import Path

from control.protocol.actions import Size
from jumpseat.ports import bind_error
from jumpseat.run_parts import browser_options
from jumpseat.server_config import livekit_config
from jumpseat.settings import BadSetting, Settings, owner_keys, weak_keys
from media.coding.codecs import check as check_codecs
from runner.browser.launch import PlaywrightDrivers
from runner.driver import BrowserGone, StepFailed
from runner.planners.model import INSTALL
from signaling.livekit.service import unreachable
from web import is_built

Check = tuple[str, bool | None, str]
"""Name; True: works, False: broken, None: not set up, and not needed; what was seen, or what to do."""

_LEAST_DISK_BYTES = 200_000_000
_CONSTRAINTS = "constraints.txt"
_PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
"""A line of that file: the name, and the version before its marker and the hashes of its files."""
_LIBRARIES = {"aiortc": "aiortc", "aioice": "aioice", "livekit": "livekit.rtc", "playwright": "playwright"}
"""Module by package, of those whose private names are used: tests/test_private_apis.py lists them."""


async def diagnose(settings: Settings) -> list[Check]:
    """Tries everything for real; nothing is sent beyond this machine but to the LiveKit server that is set."""
    return [
        await _browser(settings),
        *((name, ok, detail) for name, ok, detail in check_codecs()),
        _port(settings.host, settings.port, "JUMPSEAT_PORT"),
        _port(settings.host, settings.frame_port, "FRAME_SERVER_PORT"),
        check_keys(settings),
        _candidates(settings),
        _candidate_ports(settings),
        await _livekit(settings),
        _model(settings),
        _player(),
        check_libraries(),
        _data(settings.data_dir),
    ]


async def _browser(settings: Settings) -> Check:
    try:
        drivers = PlaywrightDrivers(browser_options(settings))
    except BadSetting as error:
        return ("browser", False, str(error))
    try:
        driver = await drivers.launch(settings.browser, viewport=Size(width=320, height=240))
        picture = await driver.screenshot()
    except (StepFailed, BrowserGone) as error:
        return ("browser", False, str(error))
    finally:
        await drivers.aclose()
    return ("browser", True, f"{settings.browser} starts and shows a page ({len(picture)} bytes of JPEG)")


def _port(host: str, port: int, name: str) -> Check:
    if port == 0:
        return (f"port ({name})", True, "none of its own")
    reason = bind_error(socket.SOCK_STREAM, host, port)
    free = f"{host}:{port} is free"
    return (f"port ({name})", reason is None, f"{host}:{port}: {reason}; choose another by {name}" if reason else free)


def check_keys(settings: Settings) -> Check:
    """Names owners, and no key."""
    try:
        owner_keys(settings)
    except BadSetting as error:
        return ("API keys", False, str(error))
    if weak := weak_keys(settings):
        return ("API keys", None, weak)
    places = [f"of {', '.join(settings.api_keys)}"] if settings.api_keys else []
    places += [f"in {settings.api_keys_file}"] if settings.api_keys_file else []
    return ("API keys", True, " and ".join(places) or "made at start")


def _candidates(settings: Settings) -> Check:
    if not settings.ice_addresses:
        return ("ICE addresses", True, "those of this machine")
    foreign = [address for address in settings.ice_addresses if bind_error(socket.SOCK_DGRAM, address, 0)]
    if len(foreign) == len(settings.ice_addresses):
        hint = f"{', '.join(foreign)}: none is an address of this machine; that works only behind a NAT that maps them"
        return ("ICE addresses", None, hint)
    return ("ICE addresses", True, ", ".join(settings.ice_addresses))


def _candidate_ports(settings: Settings) -> Check:
    if settings.ice_ports is None:
        return ("ICE ports", True, "any UDP port")
    low, high = settings.ice_ports
    free = sum(bind_error(socket.SOCK_DGRAM, "", port) is None for port in range(low, high + 1))
    detail = f"{free} of {high - low + 1} UDP ports from {low} to {high} are free; each viewer takes one"
    return ("ICE ports", free > 0, detail)


async def _livekit(settings: Settings) -> Check:
    try:
        livekit = livekit_config(settings)
    except BadSetting as error:
        return ("LiveKit", False, str(error))
    if livekit is None:
        return ("LiveKit", None, "not set; only rooms with very many viewers need it")
    reason = await unreachable(livekit)
    return ("LiveKit", reason is None, reason or f"{settings.livekit_url} answers and takes our key")


def _model(settings: Settings) -> Check:
    if settings.model is None:
        needed = settings.planner == "model"
        what = "set JUMPSEAT_MODEL to provider:name" if needed else "not set; only the planner 'model' needs it"
        return ("model", False if needed else None, what)
    if importlib.util.find_spec("pydantic_ai") is None:
        return ("model", False, INSTALL)
    return ("model", True, f"{settings.model} is asked when a run uses the planner 'model'")


def _player() -> Check:
    if is_built():
        return ("player", True, "built")
    return ("player", False, "the pages are not built: install Node 20.19 or newer, then: make web")


def check_libraries() -> Check:
    """Names the versions of the libraries whose private names are used; others than the tested ones may lack some."""
    tested = _tested_versions()
    installed = {name: version(name) for name in _LIBRARIES if importlib.util.find_spec(_LIBRARIES[name]) is not None}
    shown = [
        f"{name} {found}" + (f" (tested with {tested[name]})" if tested.get(name, found) != found else "")
        for name, found in installed.items()
    ]
    if not tested:
        return ("libraries", None, f"{', '.join(shown)}; the tested versions are not known")
    if all(tested.get(name) == found for name, found in installed.items()):
        return ("libraries", True, f"{', '.join(shown)}: the tested versions")
    advice = "others may work; where watching or steering does not, install the tested ones"
    return ("libraries", None, f"{', '.join(shown)}; {advice}")


def _tested_versions() -> dict[str, str]:
    """Version by name, from ``constraints.txt``: beside this file in a wheel, above its folder in a checkout."""
    here = Path(__file__).parent
    file = next((path for path in (here / _CONSTRAINTS, here.parent / _CONSTRAINTS) if path.is_file()), None)
    text = file.read_text(encoding="utf-8") if file else ""
    return dict(_PINNED.findall(text))


def _data(data_dir: Path) -> Check:
    place = next(folder for folder in (data_dir, *data_dir.parents) if folder.is_dir())
    try:
        free = shutil.disk_usage(place).free
        data_dir.mkdir(parents=True, exist_ok=True)
        probe = data_dir / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return ("data directory", False, f"{data_dir}: {error.strerror}; choose another by JUMPSEAT_DATA_DIR")
    return ("data directory", free > _LEAST_DISK_BYTES, f"{data_dir}, {free // 1_000_000} MB free")
