"""What a client says of itself in the headers of its connection."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from control.protocol.models import AttachedClient

OLDEST: Final = (1, 64)
"""The oldest Playwright that was seen to work with our server: 1.61 sends timeouts where it does not read them, 1.60
does not understand its answers to assertions, and 1.58 does not know objects that it is sent."""
OWN_BROWSER_HEADER: Final = "x-jumpseat-own-browser"
_AGENT = re.compile(r"^Playwright/((\d+)\.(\d+)\S*) \([^)]*\) (?:(\S+?)/)?")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ALLOWED_ARGS = (
    "--allow-file-access-from-files",
    "--auto-open-devtools-for-tabs",
    "--autoplay-policy=",
    "--blink-settings=",
    "--disable-dev-shm-usage",
    "--disable-features=",
    "--disable-gpu",
    "--disable-web-security",
    "--enable-features=",
    "--font-render-hinting=",
    "--force-color-profile=",
    "--force-device-scale-factor=",
    "--force-prefers-reduced-motion",
    "--host-resolver-rules=",
    "--ignore-certificate-errors",
    "--lang=",
    "--mute-audio",
    "--start-maximized",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--window-position=",
    "--window-size=",
)
"""Command line arguments that a client may give its browser: none of them names a program or a file to run."""


@dataclass(frozen=True, slots=True)
class ClientAgent:
    """A client's Playwright, by its ``User-Agent``."""

    version: str
    numbers: tuple[int, int]
    language: str | None

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> ClientAgent | None:
        """Returns None for what is no client of Playwright."""
        found = _AGENT.match(headers.get("User-Agent", ""))
        return cls(found[1], (int(found[2]), int(found[3])), found[4]) if found else None

    @property
    def is_served(self) -> bool:
        """True where it understands our own Playwright's server."""
        return self.numbers >= OLDEST

    @property
    def client(self) -> AttachedClient:
        """Returns it as runs show it."""
        return AttachedClient(kind="playwright", name=self.language, version=self.version)


@dataclass(frozen=True, slots=True)
class LaunchWish:
    """What a client's launch would have been, as far as it is followed."""

    kind: str
    args: tuple[str, ...] = ()
    slow_mo: float = 0.0
    proxy: Mapping[str, str] | None = None

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> LaunchWish:
        """Reads the headers that a client sends when it connects; what makes no sense counts as not given."""
        options = _object(headers.get("x-playwright-launch-options"))
        args = [str(arg) for arg in options.get("args") or () if str(arg).startswith(_ALLOWED_ARGS)]
        slow_mo, proxy = options.get("slowMo"), options.get("proxy")
        return cls(
            kind=headers.get("x-playwright-browser") or "chromium",
            args=tuple(args),
            slow_mo=float(slow_mo) if isinstance(slow_mo, int | float) else 0.0,
            proxy=proxy if isinstance(proxy, dict) and "server" in proxy else None,
        )


@dataclass(frozen=True, slots=True)
class ClientBrowser:
    """A browser that the client's own Playwright has launched on this machine, as ours cannot serve the client."""

    endpoint: str
    """The WebSocket address of that Playwright's server."""
    cdp_port: int
    """The browser's debugging port."""

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> ClientBrowser | None:
        """Returns None where the client names none, or one on another machine."""
        named = _object(headers.get(OWN_BROWSER_HEADER))
        endpoint, port = named.get("endpoint"), named.get("cdpPort")
        if not isinstance(endpoint, str) or not isinstance(port, int) or not 0 < port < 65536:
            return None
        with suppress(ValueError):
            parts = urlsplit(endpoint)
            return cls(endpoint, port) if parts.scheme == "ws" and parts.hostname in _LOOPBACK else None
        return None


def _object(text: str | None) -> dict[str, Any]:
    with suppress(ValueError):
        given = json.loads(text or "{}")
        return given if isinstance(given, dict) else {}
    return {}
