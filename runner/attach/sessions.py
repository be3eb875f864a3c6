"""The attach sessions of a server. Implements signaling.ports.Attachments."""

from __future__ import annotations

from control.errors import Busy, ProtocolError
from control.protocol.attach import NewAttachSession
from control.protocol.models import SessionRef
from control.protocol.wording import counted
from media.aio import CloseOnce
from runner.attach.reservation import EndpointReservation
from runner.attach.session import AttachSession, AttachSettings


class AttachSessions:
    """Opens, finds and closes attach sessions."""

    def __init__(self, settings: AttachSettings, *, max_per_owner: int | None = None) -> None:
        """``max_per_owner``: how many sessions an owner may have open at once; None: any number."""
        self._settings = settings
        self._max_per_owner = max_per_owner
        self._sessions: dict[str, AttachSession] = {}
        self._close_once = CloseOnce(self._close)

    async def open(
        self, wanted: NewAttachSession, *, owner: str, endpoint: EndpointReservation | None = None
    ) -> AttachSession:
        """Opens an endpoint on loopback: the one that was reserved, else one on the port that is wanted.

        Raises ProtocolError that names ``port`` where that one is taken, and Busy where the owner has too many open.
        """
        self._refuse_too_many(owner)
        endpoint = endpoint or _reserve(wanted.port)
        ref = SessionRef(id=endpoint.session_id, name=wanted.name, folder=wanted.folder)
        session = AttachSession(ref, wanted, owner=owner, settings=self._settings, endpoint=endpoint)
        self._sessions[ref.id] = session
        try:
            await session.start()
        except BaseException:
            await self.close(ref.id)
            raise
        return session

    def get(self, session_id: str) -> AttachSession | None:
        """Returns the open session of this id."""
        return self._sessions.get(session_id)

    async def close(self, session_id: str) -> None:
        """Ends the session's endpoint, its browsers and its unfinished runs; safe to repeat."""
        session = self._sessions.pop(session_id, None)
        if session is not None:
            await session.aclose()

    async def aclose(self) -> None:
        """Ends every session. Safe to repeat."""
        await self._close_once()

    def _refuse_too_many(self, owner: str) -> None:
        count = sum(session.owner == owner for session in self._sessions.values())
        if self._max_per_owner is not None and count >= self._max_per_owner:
            yours = f"{counted(count, 'attach session')} of yours {'is' if count == 1 else 'are'} open"
            raise Busy(f"{yours}, and one owner may have {self._max_per_owner}: try again once one has ended")

    async def _close(self) -> None:
        for session_id in tuple(self._sessions):
            await self.close(session_id)


def _reserve(port: int) -> EndpointReservation:
    try:
        return EndpointReservation.make(port)
    except OSError:
        raise ProtocolError(f"port {port} is taken: choose another, or leave it out", field="port") from None
