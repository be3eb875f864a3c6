"""ICE servers for viewers and for this end, with TURN credentials that expire."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any

from media.webrtc.configuration import PeerConfiguration
from signaling.config import Config, IceServer

TURN_TTL = 6 * 3600
"""Seconds that a viewer's TURN credentials are good for."""


def viewer_ice_servers(config: Config, viewer_id: str) -> list[dict[str, Any]]:
    """Returns RTCIceServer dictionaries for one viewer."""
    return [_as_json(_with_credentials(server, config.turn_secret, viewer_id)) for server in config.ice_servers]


def ice_links(config: Config, viewer_id: str) -> list[str]:
    """Returns the same as values of ``Link`` headers (RFC 9725 §4.6)."""
    servers = [_with_credentials(server, config.turn_secret, viewer_id) for server in config.ice_servers]
    return [_link(server, url) for server in servers for url in server.urls]


def turn_credentials(secret: str, user: str, *, now: float) -> tuple[str, str]:
    """Returns a username and a password for TURN that expire (draft-uberti-behave-turn-rest-00 §2.2)."""
    username = f"{int(now) + TURN_TTL}:{user}"
    return username, base64.b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()


def peer_configuration(config: Config, *, may_check: Callable[[], bool]) -> PeerConfiguration:
    """Returns how this end reaches a viewer; ``may_check`` bounds what it sends before the viewer answers."""
    return PeerConfiguration(
        ice_servers=tuple(_with_credentials(server, config.turn_secret, "server") for server in config.ice_servers),
        ice_addresses=config.ice_addresses,
        ice_ports=config.ice_ports,
        may_check=may_check,
        connect_seconds=config.limits.connect_seconds,
    )


def _with_credentials(server: IceServer, secret: str | None, user: str) -> IceServer:
    if secret is None or not any(url.startswith(("turn:", "turns:")) for url in server.urls):
        return server
    username, credential = turn_credentials(secret, user, now=time.time())
    return IceServer(urls=server.urls, username=username, credential=credential)


def _as_json(server: IceServer) -> dict[str, Any]:
    found: dict[str, Any] = {"urls": list(server.urls)}
    if server.username is not None:
        found |= {"username": server.username, "credential": server.credential}
    return found


def _link(server: IceServer, url: str) -> str:
    link = f'<{url}>; rel="ice-server"'
    if server.username is not None and url.startswith(("turn:", "turns:")):
        link += f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    return link
