"""Everything that may be set. Only this file reads the environment."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import ByteSize, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from control.protocol.actions import Viewport
from control.protocol.models import BrowserName, KeepMode, PageLogMode, PlannerName
from signaling.config import IceServer, LimitSettings

_SAFE_KEY = 16
"""Characters: at random they are out of reach for anybody who may try sixty a minute; shorter ones are words."""


def _commas(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


class Settings(LimitSettings, BaseSettings):
    """Everything that may be set, by the environment or a ``.env`` file. The README's table equals these fields.

    Limits of what viewers may do are inherited, so that each is declared once, beside what it means.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_prefix="JUMPSEAT_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        enable_decoding=False,
    )

    enable_streaming: bool = Field(default=True, validation_alias="ENABLE_STREAMING")
    """``false``: runs work, nothing is captured, stream endpoints answer 404 with the reason."""
    host: str = "127.0.0.1"
    """Where the API, signaling and the player listen."""
    port: int = Field(default=3001, ge=0, le=65535)
    frame_port: int = Field(default=8080, ge=0, le=65535, validation_alias="FRAME_SERVER_PORT")
    """0: frames are served on the API's port."""
    frame_base_url: str | None = Field(default=None, validation_alias="FRAME_STREAM_BASE_URL")
    """The frame server's public base, used in ``streamUrl``."""
    livekit_url: str | None = Field(default=None, validation_alias="LIVEKIT_URL")
    livekit_api_key: str | None = Field(default=None, validation_alias="LIVEKIT_API_KEY")
    livekit_api_secret: str | None = Field(default=None, validation_alias="LIVEKIT_API_SECRET", repr=False)
    """All three set: every run is also published to a LiveKit room."""
    api_keys: dict[str, str] = Field(default_factory=dict, repr=False)
    """Comma-separated ``name:key``; each name owns the runs that it creates."""
    api_keys_file: Path | None = None
    """A file of more keys, a ``name:key`` a line, which may be hashed and expire; read again when it changes."""
    secret: str | None = Field(default=None, min_length=16, repr=False)
    """Signs share tokens (HS256); random at start where unset."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    """Both set: HTTPS and WSS."""
    allowed_origins: tuple[str, ...] = ()
    """Comma-separated exact origins that may use the API, WHEP and WebSocket from a page; same origin where unset."""
    ice_servers: tuple[IceServer, ...] = ()
    """A JSON list of RTCIceServer."""
    turn_secret: str | None = Field(default=None, repr=False)
    """Shared with the TURN server: time-limited credentials are made per viewer."""
    ice_addresses: tuple[str, ...] = ()
    """Comma-separated addresses to offer as host candidates; the host's own where unset."""
    ice_ports: tuple[int, int] | None = None
    """``low-high``, the UDP range to use."""
    fps: int = Field(default=30, ge=1, le=60)
    size: Viewport = Viewport(width=1280, height=720)
    bitrate: int = Field(default=2_500_000, ge=50_000, le=50_000_000)
    """Ceilings of capture and encoders: frames and bits a second, CSS pixels."""
    browser: BrowserName = "chromium"
    browser_path: Path | None = None
    """An executable; found where unset."""
    allow_private: bool = True
    """``false``: pages reach public addresses only; link-local and cloud-metadata addresses they never reach."""
    proxy: str | None = Field(default=None, repr=False)
    """``http://[user:password@]host:port``, by which driven pages reach other networks; unset: directly."""
    no_proxy: tuple[str, ...] = ()
    """Comma-separated names, addresses and networks that they reach without it; loopback always is."""
    planner: PlannerName = "plain"
    model: str | None = None
    """``provider:name`` for the ``model`` planner; base URL and key by the provider's usual variables."""
    model_call_seconds: float = Field(default=60, gt=0, le=3600)
    """The longest that one decision may take."""
    model_seconds: float = Field(default=3600, gt=0, le=604_800)
    model_tokens: int = Field(default=1_000_000, ge=1)
    model_cost: float | None = Field(default=None, gt=0)
    """What one run may use of the model: seconds of waiting, input and output tokens, US dollars (unset: no limit)."""
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("jumpseat")))
    database_url: str | None = None
    """SQLite in the data directory where unset."""
    max_runs: int = Field(default=4, ge=1, le=1000)
    max_runs_per_owner: int | None = Field(default=None, ge=1, le=1000)
    """Of these; unset: three quarters where there is more than one owner, all where there is one."""
    max_sessions_per_owner: int = Field(default=16, ge=1, le=1000)
    """Attach sessions that one owner may have open at once."""
    max_steps: int = Field(default=2000, ge=1, le=100_000)
    """Of one run; the one that would make more fails."""
    max_disk: ByteSize = Field(default=ByteSize(4_000_000_000), ge=0)
    """Bytes for the screenshots and uploads of all runs: beyond them the oldest finished runs lose theirs."""
    max_disk_per_owner: ByteSize | None = Field(default=None, ge=0)
    """Bytes for those of one owner; unset: an equal share of ``JUMPSEAT_MAX_DISK`` where that is used up."""
    min_free: ByteSize = Field(default=ByteSize(500_000_000), ge=0)
    """Bytes that stay free on the disk, at most a tenth of it: before, the oldest finished runs lose theirs."""
    max_run_memory: ByteSize | None = Field(default=ByteSize(4_000_000_000), ge=0)
    max_run_processes: int | None = Field(default=200, ge=1)
    """What the browser of one run may take, on Linux: its run fails where it takes more."""
    page_log: PageLogMode = "on"
    record: KeepMode = "off"
    """``on``, ``on-failure``: what a run's ``record`` is where it does not say."""
    max_recording: ByteSize = Field(default=ByteSize(1_000_000_000), ge=1_000_000)
    """Bytes of one run's recording; beyond them it loses its beginning."""
    trace: KeepMode = "on-failure"
    """``off``, ``on``: what a run's ``trace`` is where it does not say."""
    max_trace: ByteSize = Field(default=ByteSize(100_000_000), ge=1_000_000)
    """Bytes that are written down of one run that is traced; beyond them its trace ends."""
    controller_secrets: bool = True
    """``false``: who holds a controller link may use no secret, in runs that do not say otherwise."""
    keep_days: int | None = Field(default=None, ge=1, le=36_500)
    """Finished runs are removed after so many days; unset: never."""
    public_url: str | None = None
    """Under which others reach the API's port; unset: the address that each request came to."""
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    """Comma-separated addresses and networks whose X-Forwarded-* and Forwarded headers are believed."""
    auth_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,100}$")
    """The header with the user's name, believed from ``trusted_proxies`` alone: single sign-on by a proxy."""
    log: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    _split = field_validator("allowed_origins", "ice_addresses", "no_proxy", mode="before")(_commas)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, text: object) -> object:
        networks = _commas(text)
        try:
            return tuple(map(ipaddress.ip_network, networks)) if isinstance(networks, tuple) else networks
        except ValueError as error:
            raise ValueError(f"{error}: give addresses and networks such as 127.0.0.1,10.0.0.0/8") from None

    @field_validator("api_keys", mode="before")
    @classmethod
    def _named_keys(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        pairs = [part.strip().partition(":") for part in text.split(",") if part.strip()]
        if not all(name and key for name, _, key in pairs):
            raise ValueError("give comma-separated name:key pairs, such as ci:3f9c…,anna:81d0…")
        keys = {name: key for name, _, key in pairs}
        if len(set(keys.values())) != len(pairs):
            raise ValueError("give each name once, and a key of its own")
        return keys

    @field_validator("frame_base_url", "livekit_url", "public_url")
    @classmethod
    def _absolute(cls, url: str | None, info: ValidationInfo) -> str | None:
        schemes = {"ws", "wss"} if info.field_name == "livekit_url" else {"http", "https"}
        parts = urlsplit(url or "")
        if url is not None and not (parts.scheme in schemes | {"http", "https"} and parts.hostname):
            raise ValueError(f"give an absolute address that begins with {min(schemes)}:// or {max(schemes)}://")
        return url

    @field_validator("allowed_origins")
    @classmethod
    def _exact_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"https?://[^/?#\s]+", origin) for origin in origins):
            raise ValueError("give origins such as https://ci.example.com or http://127.0.0.1:5173, without a path")
        return origins

    @field_validator("ice_addresses")
    @classmethod
    def _addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ipaddress.ip_address(address)) for address in addresses)
        except ValueError as error:
            raise ValueError(f"{error}: give IP addresses, separated by commas") from None

    @field_validator("model")
    @classmethod
    def _provider_and_name(cls, model: str | None) -> str | None:
        if model is not None and not all(model.partition(":")):
            raise ValueError("give provider:name, such as openai:gpt-5")
        return model

    @field_validator("ice_servers", mode="before")
    @classmethod
    def _rtc_ice_servers(cls, text: object) -> object:
        try:
            return json.loads(text) if isinstance(text, str) else text
        except ValueError:
            raise ValueError('give a JSON list such as [{"urls": "stun:stun.example.com:3478"}]') from None

    @field_validator("ice_ports", mode="before")
    @classmethod
    def _port_range(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text.strip())
        if not match or not 0 < int(match[1]) <= int(match[2]) <= 65535:
            raise ValueError("give a UDP port range such as 50000-50100")
        return int(match[1]), int(match[2])

    @field_validator("size", mode="before")
    @classmethod
    def _width_by_height(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text.strip())
        if not match:
            raise ValueError("give a size such as 1280x720")
        return {"width": int(match[1]), "height": int(match[2])}


class BadSetting(Exception):
    """A setting, a flag or a file cannot be used; the message is one line that says what to do."""


def environment() -> Mapping[str, str]:
    """Returns the environment, for what a test file takes from it by name."""
    return os.environ


def environment_name(field: str) -> str:
    """Returns the environment variable that sets this field of ``Settings``."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"JUMPSEAT_{field.upper()}"


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - each flag has the type of its field
    """Returns the settings from flags (None: not given), environment and ``.env``. Raises BadSetting."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = str(first["loc"][0]) if first["loc"] else ""
        name = environment_name(place) if place in Settings.model_fields else place
        raise BadSetting(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def owner_keys(settings: Settings, *, own: bool = False) -> dict[str, str]:
    """Returns each owner's key: as set, else one made now where only this machine can use it. Raises BadSetting.

    With ``own`` there is one also where the keys are in a file, for a command that uses the server that it starts.
    """
    elsewhere = settings.api_keys_file or settings.auth_header
    if settings.api_keys or (elsewhere and not own):
        return settings.api_keys
    if not elsewhere and not is_loopback(settings.host):
        raise BadSetting(f"JUMPSEAT_API_KEYS: set name:key pairs, or listen on 127.0.0.1 instead of {settings.host}")
    return {"owner": secrets.token_urlsafe(24)}


def check_exposure(settings: Settings) -> None:
    """Raises BadSetting where others can start runs and nobody has said what driven pages may reach."""
    exposed = settings.public_url if is_loopback(settings.host) else settings.host or "every address"
    if exposed and "allow_private" not in settings.model_fields_set:
        raise BadSetting(
            f"JUMPSEAT_ALLOW_PRIVATE: set it to false, or to true where driven pages may reach this machine's network: "
            f"others can start them, by {exposed}"
        )


def weak_keys(settings: Settings) -> str | None:
    """Returns a warning, without any key, where others than this machine could guess one; else None."""
    weak = sorted(name for name, key in settings.api_keys.items() if len(key) < _SAFE_KEY)
    if not weak or (is_loopback(settings.host) and settings.public_url is None):
        return None
    whose = f"the key of {weak[0]} has" if len(weak) == 1 else f"the keys of {', '.join(weak)} have"
    make = "python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
    return f"JUMPSEAT_API_KEYS: {whose} fewer than {_SAFE_KEY} characters and can be guessed; make one by: {make}"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
