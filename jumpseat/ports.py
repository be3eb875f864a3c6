"""Which ports can be listened on, and listening on them."""

from __future__ import annotations

import errno
import os
import socket

from jumpseat.settings import BadSetting, Settings
from signaling.config import Listening
from signaling.sockets import listen_on


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


def listen(settings: Settings) -> Listening:
    """Returns sockets that listen where a server of these settings does. Raises BadSetting."""
    api = _listen(settings.host, settings.port, frames=False)
    try:
        frames = _listen(settings.host, settings.frame_port, frames=True) if settings.frame_port else ()
    except BaseException:
        Listening(api=api).close()
        raise
    return Listening(api=api, frames=frames)


def _listen(host: str, port: int, *, frames: bool) -> list[socket.socket]:
    try:
        return listen_on(host, port)
    except OSError as error:
        raise BadSetting(cannot_listen(error, host=host, port=port, frames=frames)) from None


def cannot_listen(error: OSError, *, host: str, port: int, frames: bool) -> str:
    """Returns the sentence that says why nothing can be served there; ``frames``: it is the frame server's port."""
    name, flag = ("FRAME_SERVER_PORT", "--frame-port") if frames else ("JUMPSEAT_PORT", "--port")
    if error.errno != errno.EADDRINUSE:
        # What a name server says has a number below zero.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror or str(error)
        return f"JUMPSEAT_HOST, {name}: cannot listen on port {port} of {host}: {reason}"
    return (
        f"{name}: port {port} of {host} is taken: stop what listens there (another jumpseat?), or choose "
        f"another port by {flag} or {name}"
    )
