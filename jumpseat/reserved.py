"""What `jumpseat attach` knows of its own server, and says to its command, before that server is loaded."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from control.protocol.attach import NewAttachSession
from jumpseat.ports import listen
from jumpseat.settings import BadSetting, Settings
from runner.attach.reservation import EndpointReservation
from signaling.config import Listening


@dataclass(frozen=True, kw_only=True, slots=True)
class Reserved:
    """One attach session, and the sockets at which it and its server will be found."""

    owner: str
    wanted: NewAttachSession
    endpoint: EndpointReservation
    listening: Listening


@contextmanager
def reserved(settings: Settings, wanted: NewAttachSession, *, owner: str) -> Iterator[Reserved]:
    """Yields sockets that listen; those that nobody has come to use are closed after that. Raises BadSetting."""
    listening = listen(settings)
    try:
        endpoint = EndpointReservation.make(wanted.port)
    except OSError as error:
        listening.close()
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        raise BadSetting(f"--playwright: port {wanted.port} {reason}: choose another") from None
    try:
        yield Reserved(owner=owner, wanted=wanted, endpoint=endpoint, listening=listening)
    finally:
        endpoint.close()
        listening.close()
