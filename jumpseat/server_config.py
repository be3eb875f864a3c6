"""What of a server follows from its settings alone: checked before anything is loaded that takes a while."""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import ssl
from pathlib import Path

from jumpseat.settings import BadSetting, Settings, check_exposure, weak_keys
from runner.browser.install import BrowserMissing, find_browser
from runner.egress.upstream import UpstreamProxy
from signaling.access.api_keys import BadKeyFile, read_key_file
from signaling.config import Config, Limits, LiveKit

logger = logging.getLogger(__name__)


def checked_config(settings: Settings, keys: dict[str, str]) -> Config:
    """Returns the configuration of signaling.

    Raises BadSetting for whatever else a server could not start with, too, as far as that is seen without one.
    """
    config = signaling_config(settings, keys)
    browser_executable(settings)
    upstream_proxy(settings)
    check_model(settings)
    return config


def signaling_config(settings: Settings, keys: dict[str, str]) -> Config:
    """Returns the configuration of signaling. Raises BadSetting."""
    check_exposure(settings)
    if weak := weak_keys(settings):
        logger.warning("%s", weak)
    return Config(
        api_keys=keys,
        api_keys_file=_key_file(settings),
        secret=settings.secret or secrets.token_urlsafe(32),
        host=settings.host,
        port=settings.port,
        frame_port=settings.frame_port or None,
        public_url=settings.public_url,
        frame_base_url=settings.frame_base_url,
        trusted_proxies=settings.trusted_proxies,
        auth_header=_auth_header(settings),
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


def _auth_header(settings: Settings) -> str | None:
    if settings.auth_header and not settings.trusted_proxies:
        raise BadSetting(
            "JUMPSEAT_AUTH_HEADER: set JUMPSEAT_TRUSTED_PROXIES to the address of the proxy that signs people in"
        )
    return settings.auth_header


def _key_file(settings: Settings) -> Path | None:
    """Returns the file of keys, which can be read. Raises BadSetting."""
    file = settings.api_keys_file
    try:
        if file is not None:
            read_key_file(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BadSetting(f"JUMPSEAT_API_KEYS_FILE: {file} is not there, or cannot be read") from None
    except BadKeyFile as error:
        raise BadSetting(f"JUMPSEAT_API_KEYS_FILE: {error}") from None
    return file


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


def browser_executable(settings: Settings) -> Path | None:
    """Returns the browser to start, or None where only Playwright's own build is left to try. Raises BadSetting."""
    try:
        return find_browser(str(settings.browser_path) if settings.browser_path else None)
    except BrowserMissing as error:
        raise BadSetting(str(error)) from None


def upstream_proxy(settings: Settings) -> UpstreamProxy | None:
    """Returns the way out of this network, or None where there is none of its own. Raises BadSetting."""
    if settings.proxy is None:
        return None
    try:
        return UpstreamProxy(settings.proxy, direct=settings.no_proxy)
    except ValueError as error:
        # What is given may hold a password.
        known = str(error) if str(error).startswith("give") else "an address or a network is none"
        raise BadSetting(f"JUMPSEAT_PROXY, JUMPSEAT_NO_PROXY: {known}") from None


def check_model(settings: Settings) -> None:
    """Raises BadSetting where runs are to be planned by a model and none is set."""
    if settings.planner == "model" and settings.model is None:
        raise BadSetting("JUMPSEAT_MODEL: set it to provider:name, for JUMPSEAT_PLANNER is model")
