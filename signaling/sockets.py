"""Sockets that listen, for a server that is there already or one that is still being loaded."""

from __future__ import annotations

import socket

_BACKLOG = 128
"""Connections that wait until they are accepted."""


def listen_on(host: str, port: int) -> list[socket.socket]:
    """Returns a socket for each address of the host, all on one port; an empty host stands for every address.

    Raises OSError; nothing is left open then.
    """
    sockets: list[socket.socket] = []
    try:
        # The same address may be found several times.
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            made = socket.socket(family, kind, protocol)
            sockets.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family is socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.setblocking(False)
            made.bind((address[0], port, *address[2:]))
            port = made.getsockname()[1]
            made.listen(_BACKLOG)
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets
