"""Origin and Host checks, CORS, the Content-Security-Policy, and the public addresses of the server."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from signaling.access.proxies import TrustedProxies
from signaling.config import Config
from signaling.problems import Problem

_EXPOSED = "Location, ETag, Link, Accept-Patch, Retry-After, X-Frame-Seq, X-Frame-Time"
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[\w.~-]+)(?::\d{1,5})?", re.ASCII)
_METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
_HEADERS = "Authorization, Content-Type, If-Match, If-None-Match"
_UNCHECKED_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/livekit/webhook"})
"""Paths that other machines request under any name; what is there belongs to nobody, or is signed."""
_PLAYER = re.compile(r"/player[\w.-]*\.js", re.ASCII)
"""The player's code, which any page may load: it holds nothing of anybody's, and tells people at a page that is not
permitted why they see nothing."""
_PICTURE = re.compile(r"/stream/[^/]+|/api/tests/[^/]+/steps/\d+/screenshot", re.ASCII)
_TRACE_VIEWER = "/trace-viewer/"
_TRACE_VIEWER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of Playwright's trace viewer and its service worker, which load nothing from anywhere else."""
_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "bluetooth", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope"),
        *(
            "hid",
            "idle-detection",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "screen-wake-lock",
            "serial",
            "usb",
        ),
    )
)
"""Nothing of these is ever asked for by our pages, nor by what could get into one."""
_STANDARD_PORTS = {"http": ":80", "https": ":443"}


class Origins:
    """Checks that each request came to a name of this server, and that a page's request came from a permitted page.

    Browsers reach loopback and private networks for any page, and CORS binds neither a WebSocket nor a request that
    only changes something.
    """

    def __init__(self, config: Config, proxies: TrustedProxies) -> None:
        self._config = config
        self._proxies = proxies
        self.api_port = config.port
        """The port that the API really listens on; set by the server."""
        self.frame_port = config.frame_port
        self._names = _own_names(config)

    def check(self, request: web.Request) -> None:
        """Raises Problem 403 for a page that is not permitted and for a foreign Host (DNS rebinding), and 400."""
        forwarding_error = self._proxies.forwarding_error(request)
        if forwarding_error is not None:
            raise Problem(400, f"this request came by way of a proxy, and {forwarding_error}", code="invalid")
        if not self._is_own_name(_hostname(self._proxies.client_info(request).host)):
            detail = "the Host of this request is no name of this server: set JUMPSEAT_PUBLIC_URL to the one it has"
            raise Problem(403, detail, code="forbidden")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not _is_player(request) and not self.permits(origin, request):
            raise Problem(
                403,
                "pages of this origin may not use this server: add it to JUMPSEAT_ALLOWED_ORIGINS",
                code="forbidden",
            )

    def needs_check(self, request: web.Request) -> bool:
        """Returns whether the request is one of those to check: all but what other machines request."""
        return request.path not in _UNCHECKED_PATHS

    def permits(self, origin: str, request: web.Request) -> bool:
        """Returns whether a page of this origin may use the address that the request came to."""
        return origin in self._config.allowed_origins or origin in self._own_origins(request)

    def is_foreign(self, request: web.Request) -> bool:
        """Returns whether a page that is not permitted had a browser make this request (Fetch Metadata, W3C).

        A picture, a frame or a link has no ``Origin``; what is no browser has neither header.
        """
        if request.headers.get("Sec-Fetch-Site", "none").lower() in {"none", "same-origin"}:
            return False
        origin = request.headers.get(hdrs.ORIGIN)
        return origin is None or not self.permits(origin, request)

    def _own_origins(self, request: web.Request) -> set[str]:
        """Returns the origins of our pages as browsers write them (RFC 6454 §6.2); both schemes where none is known."""
        client = self._proxies.client_info(request)
        host = client.host.lower()
        schemes = (client.scheme,) if client.scheme else tuple(_STANDARD_PORTS)
        authorities = (host, f"{_bracketed(_hostname(host))}:{self.api_port}")
        own = {_origin(scheme, authority) for scheme in schemes for authority in authorities}
        public = urlsplit(self._config.public_url or "")
        return own | {_origin(public.scheme, public.netloc.lower())} if public.netloc else own

    def cors(self, request: web.Request) -> dict[str, str]:
        """Returns the headers that let a permitted page read the response (Fetch standard, CORS protocol)."""
        if _is_player(request):
            return {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*"}
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or not self.permits(origin, request):
            return {hdrs.VARY: hdrs.ORIGIN}
        return {
            hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
            hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: _EXPOSED,
            hdrs.VARY: hdrs.ORIGIN,
        }

    def preflight(self, request: web.Request) -> web.Response | None:
        """Returns the response to a CORS preflight, or None where the request is not one. Raises as ``check``."""
        if request.method != hdrs.METH_OPTIONS or hdrs.ACCESS_CONTROL_REQUEST_METHOD not in request.headers:
            return None
        self.check(request)
        headers = {
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _HEADERS,
            hdrs.ACCESS_CONTROL_MAX_AGE: "600",
        }
        return web.Response(status=204, headers=headers)

    def api_base(self, request: web.Request) -> str:
        """Returns the address at which the client reaches the API, without a slash at the end."""
        if self._config.public_url:
            return self._config.public_url.rstrip("/")
        client = self._proxies.client_info(request)
        # What is no host and port (RFC 9110 §7.2) has no place in an address, nor in the policy of our answer.
        host = client.host if _HOST.fullmatch(client.host) and _hostname(client.host) else "localhost"
        return f"{client.scheme or 'http'}://{host}"

    def frame_base(self, request: web.Request) -> str:
        """Returns the address at which the client reaches the frame server, without a slash at the end."""
        if self._config.frame_base_url:
            return self._config.frame_base_url.rstrip("/")
        if self.frame_port is None:
            return self.api_base(request)
        base = urlsplit(self.api_base(request))
        return f"{base.scheme}://{_bracketed(base.hostname or '')}:{self.frame_port}"

    def browser_rules(self, request: web.Request) -> dict[str, str]:
        """Returns the headers by which a browser binds what we answer.

        Pages of other sites may show the player's code and pictures, whose addresses hold what opens them, and nothing
        else but where some are allowed (Fetch standard, ``Cross-Origin-Resource-Policy``). HTTPS is asked for by name
        alone: on ``localhost`` it would hold for whatever else listens there (RFC 6797 §8.3).
        """
        shared = self._config.allowed_origins or _is_player(request) or _PICTURE.fullmatch(request.path)
        rules = {
            "Content-Security-Policy": self._content_security_policy(request),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "cross-origin" if shared else "same-site",
            "Permissions-Policy": _PERMISSIONS,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        base = urlsplit(self.api_base(request))
        host = base.hostname or ""
        if (
            base.scheme == "https"
            and not _is_address(host)
            and not (host == "localhost" or host.endswith(".localhost"))
        ):
            rules["Strict-Transport-Security"] = "max-age=31536000"
        return rules

    def _content_security_policy(self, request: web.Request) -> str:
        """Returns what our pages may load: from elsewhere only the frame server's pictures, and LiveKit."""
        if request.path.startswith(_TRACE_VIEWER):
            return _TRACE_VIEWER_POLICY
        frames = self.frame_base(request)
        livekit = _livekit_sources(self._config.livekit.url) if self._config.livekit else ""
        # Safari's 'self' once left out WebSockets.
        sockets = self.api_base(request).replace("http", "ws", 1)
        ancestors = " ".join(["'self'", *sorted(self._config.allowed_origins)])
        return (
            f"default-src 'self'; img-src 'self' blob: data: {frames}; media-src 'self' blob: mediastream:; "
            f"connect-src 'self' {sockets} {frames}{livekit}; style-src 'self'; script-src 'self'; "
            f"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
        )

    def _is_own_name(self, host: str) -> bool:
        return host in self._names or host.endswith(".localhost") or _is_address(host)


def _is_player(request: web.Request) -> bool:
    return request.method in {hdrs.METH_GET, hdrs.METH_HEAD} and _PLAYER.fullmatch(request.path) is not None


def _own_names(config: Config) -> frozenset[str]:
    urls = (config.public_url, config.frame_base_url)
    named = {urlsplit(url).hostname for url in urls if url}
    machine = socket.gethostname().lower()
    return frozenset({"localhost", config.host.lower(), machine, f"{machine}.local"} | {name for name in named if name})


def _is_address(host: str) -> bool:
    """Returns whether the host is an IP address, which DNS rebinding cannot change."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _hostname(host: str) -> str:
    """Returns the name in a Host header; empty where it is not a host and port (RFC 9110 §7.2)."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname or "" if parts.netloc == host and "@" not in parts.netloc else ""
    except ValueError:
        return ""


def _bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname else hostname


def _origin(scheme: str, authority: str) -> str:
    return f"{scheme}://{authority.removesuffix(_STANDARD_PORTS[scheme])}"


def _livekit_sources(url: str) -> str:
    """Returns LiveKit's sources: its client asks over HTTPS why a WebSocket was refused."""
    parts = urlsplit(url)
    secure = parts.scheme in {"wss", "https"}
    return f" {'wss' if secure else 'ws'}://{parts.netloc} {'https' if secure else 'http'}://{parts.netloc}"
