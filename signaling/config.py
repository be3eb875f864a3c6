"""What signaling is told once, at its start. It reads no environment itself."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from media.frames import Codec
from signaling.access.proxies import Network
from signaling.limits import Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class IceServer:
    """One RTCIceServer."""

    urls: tuple[str, ...]
    """``stun:`` and ``turn:`` addresses."""
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveKit:
    """The LiveKit server that runs are also published to."""

    url: str
    """``wss://…``, as viewers reach it."""
    api_key: str
    api_secret: str = field(repr=False)
    codec: Codec = Codec.H264
    """The only one in the rooms: LiveKit does not transcode."""
    fps: int = 30
    bitrate: int = 2_500_000
    """Bits per second that a picture may have at most."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that differs from one server to another."""

    api_keys: Mapping[str, str] = field(repr=False)
    """Key by the name of its owner; the name owns the runs that it creates."""
    secret: str = field(repr=False)
    """Signs share tokens and makes viewer ids."""
    host: str = "127.0.0.1"
    port: int = 3001
    """Of API, signaling and player; 0 takes any free one."""
    frame_port: int | None = 8080
    """Of the frame server; None serves frames on ``port``, 0 takes any free one."""
    public_url: str | None = None
    """Base address under which others reach ``port``; None: the address that each request came to."""
    frame_base_url: str | None = None
    """Base address under which others reach the frame server; None: derived from the request."""
    trusted_proxies: tuple[Network, ...] = ()
    """Networks of the proxies whose X-Forwarded-* or Forwarded headers are believed."""
    tls: ssl.SSLContext | None = None
    allowed_origins: frozenset[str] = frozenset()
    """Exact origins whose pages may use the API besides the server's own."""
    ice_servers: tuple[IceServer, ...] = ()
    turn_secret: str | None = field(default=None, repr=False)
    """Shared with the TURN servers: viewers get credentials of their own that expire."""
    ice_addresses: tuple[str, ...] = ()
    """Addresses to offer as host candidates; empty: those of this machine."""
    ice_ports: tuple[int, int] | None = None
    """Lowest and highest UDP port for media; None: any."""
    livekit: LiveKit | None = None
    streaming: bool = True
    """False: nothing is captured, and stream addresses answer 404 with that reason."""
    limits: Limits = field(default_factory=Limits)
