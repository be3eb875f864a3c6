"""The attach sessions of a server. Implements signaling.ports.Attachments."""

from __future__ import annotations

import secrets

from control.protocol.attach import NewAttachSession
from control.protocol.models import SessionRef
from media.aio import CloseOnce
from runner.attach.session import AttachSession, AttachSettings


class AttachSessions:
    """Opens, finds and closes attach sessions."""

    def __init__(self, settings: AttachSettings) -> None:
        self._settings = settings
        self._sessions: dict[str, AttachSession] = {}
        self._close_once = CloseOnce(self._close)

    async def open(self, wanted: NewAttachSession, *, owner: str) -> AttachSession:
        """Opens an endpoint on loopback. Raises ProtocolError that names ``port`` where that one is taken."""
        ref = SessionRef(id=secrets.token_urlsafe(16), name=wanted.name, folder=wanted.folder)
        session = AttachSession(ref, wanted, owner=owner, settings=self._settings)
        await session.start()
        self._sessions[ref.id] = session
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

    async def _close(self) -> None:
        for session_id in tuple(self._sessions):
            await self.close(session_id)
