"""Which ports can be listened on."""

from __future__ import annotations

import socket

from jumpseat.settings import Settings


def bind_error(kind: socket.SocketKind, host: str, port: int) -> str | None:
    """Returns None where a socket of that kind can be bound here, else the reason. Port 0 stands for any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # As a server does: connections that have ended hold their port for a while.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def with_free_ports(settings: Settings) -> Settings:
    """Returns the settings with free ports in place of default ones that are taken; a port that was given stays.

    Frames are served on the API's port where the frame server's is taken.
    """
    free = {
        name: 0
        for name in ("port", "frame_port")
        if name not in settings.model_fields_set
        and bind_error(socket.SOCK_STREAM, settings.host, getattr(settings, name)) is not None
    }
    return settings.model_copy(update=free)
