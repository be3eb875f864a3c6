"""The configuration of the server, given once at its start. Signaling reads no environment itself."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ByteSize, ConfigDict, Field, field_validator

from control.protocol.commands import MAX_MESSAGE_BYTES
from media.frames import Codec
from signaling.access.rate import Rate

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class IceServer(BaseModel):
    """One STUN or TURN server, as an ``RTCIceServer`` dictionary has it (W3C WebRTC 1.0 §4.2.2)."""

    model_config = ConfigDict(frozen=True)

    urls: tuple[str, ...]
    """``stun:``, ``turn:`` and ``turns:`` addresses; a single one may be given without a list."""
    username: str | None = None
    credential: str | None = Field(default=None, repr=False)

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_many(cls, urls: object) -> object:
        return (urls,) if isinstance(urls, str) else urls


class LimitSettings(BaseModel):
    """The limits that whoever runs the server may set. A limit has this one name, from the environment to its use.

    Beyond a limit there is an answer that says so, and nothing is queued.
    """

    model_config = ConfigDict(frozen=True)

    max_viewers: int = Field(default=64, ge=1, le=10_000)
    """Viewers of one run; its owner and controllers find a place beyond them."""
    max_viewers_per_link: int | None = Field(default=None, ge=1, le=10_000)
    """Of these by one link; None: three quarters."""
    max_links_per_owner: int = Field(default=1000, ge=1, le=1_000_000)
    """Links that live, over all runs of one owner."""
    max_connections: int = Field(default=16, ge=1, le=1000)
    """Connections of one viewer to one run."""
    max_http_connections: int = Field(default=4096, ge=4, le=1_000_000)
    """HTTP connections, WebSockets among them; at most half of the descriptors that the process may have."""
    max_http_connections_per_address: int = Field(default=512, ge=2, le=1_000_000)
    """Of these from one client address, those that wait or whose credential has not been checked; at most half of all.
    """
    max_message: ByteSize = Field(default=ByteSize(MAX_MESSAGE_BYTES), ge=256, le=MAX_MESSAGE_BYTES)
    """Bytes of a control message."""
    max_sdp: ByteSize = Field(default=ByteSize(131_072), ge=1024, le=4_194_304)
    """Bytes of an SDP offer or of a fragment with trickled candidates."""
    max_body: ByteSize = Field(default=ByteSize(2_097_152), ge=1024, le=134_217_728)
    """Bytes of a JSON request."""
    run_rate: Rate = Rate(240, 60)
    """Runs that one credential, and one client address, may start."""
    whep_rate: Rate = Rate(1200, 60)
    """WHEP sessions that one credential, and one client address, may open: a hundred people may share either."""
    token_rate: Rate = Rate(240, 60)
    """Share tokens that one credential, and one client address, may have minted."""
    auth_failure_rate: Rate = Rate(60, 60)
    """Wrong API keys that one client address may present."""
    message_rate: Rate = Rate(200, 1)
    """Control messages of one viewer on all transports; pointer moves beyond them are replaced by newer ones."""

    @field_validator("run_rate", "whep_rate", "token_rate", "auth_failure_rate", "message_rate", mode="before")
    @classmethod
    def _rates(cls, value: object) -> object:
        return Rate.parse(value) if isinstance(value, str) else value


class Limits(LimitSettings):
    """All limits of one server: those that may be set, and those that follow from how it is built."""

    @property
    def viewers_by_link(self) -> int:
        """How many viewers one link may bring to one run."""
        return self.max_viewers_per_link or self.max_viewers - self.max_viewers // 4

    @property
    def reserve(self) -> int:
        """Places beyond ``max_viewers`` for a run's controllers, and as many again for its owner."""
        return max(2, self.max_viewers // 8)

    in_flight: int = 256
    """Commands of one connection that have not been answered yet."""
    backlog: int = 4000
    """Messages that wait for one connection, more than a run's log keeps; beyond them it is closed and may come back
    with ``since``."""
    socket_bytes: int = 1024 * 1024
    """A WebSocket message above this ends the connection; one above ``max_message`` is only refused."""
    header_seconds: float = 20.0
    """Seconds from a connection, or from the first byte of another request on it, to the end of the request's head."""
    answer_seconds: float = 60.0
    """Seconds that somebody whose credential has not been checked gets for the rest of a request and its answer."""
    refused_seconds: float = 2.0
    """Seconds that somebody whose body is not read gets to take the answer, before the connection is cut
    (RFC 9112 §9.6)."""
    body_seconds: float = 60.0
    """Seconds that the body of a request may take."""
    idle_seconds: float = 75.0
    """Seconds that a connection may wait for another request: proxies commonly keep theirs for 60."""
    proxy_idle_seconds: float = 3630.0
    """The same for a trusted proxy, which would take a connection that is closed too soon for a failure."""
    check_rate: Rate = Rate(1200, 60)
    """Connectivity checks that one credential may cause to addresses that have neither answered nor asked."""
    first_poll_seconds: float = 1.5
    """Seconds that the first poll waits for a picture newer than what was left from an earlier viewer."""
    connect_seconds: float = 10.0
    """Seconds from a WHEP answer to the connection."""


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
    api_keys_file: Path | None = None
    """More of them, see `signaling.access.api_keys`; read again when it changes."""
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
    auth_header: str | None = None
    """The header with the user's name, believed from ``trusted_proxies`` alone; None: there is no single sign-on."""
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

    def local_url(self, port: int) -> str:
        """Returns the address at which this machine reaches what listens on this port."""
        host = "127.0.0.1" if self.host in {"", "0.0.0.0", "::"} else self.host
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{host}:{port}"

    def url(self, port: int) -> str:
        """Returns the address at which others reach the pages, which are served on this port."""
        return self.public_url.rstrip("/") if self.public_url else self.local_url(port)


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Sockets that listen already, in place of those of a configuration; nothing has been accepted yet."""

    api: Sequence[socket.socket]
    frames: Sequence[socket.socket] = ()
    """Empty where frames are served on the API's port."""

    @property
    def port(self) -> int:
        """The API's port."""
        return int(self.api[0].getsockname()[1])

    def close(self) -> None:
        """Closes them. Safe to repeat."""
        for each in (*self.api, *self.frames):
            each.close()
