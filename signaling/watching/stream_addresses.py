"""The addresses at which a viewer finds a run's pictures and events, and the credentials in them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlencode

from aiohttp import web

from control.protocol.events import Event, StreamAvailable
from control.roles import Role
from signaling.access.authentication import RequestContext
from signaling.access.origins import Origins
from signaling.access.share_tokens import TICKET_TTL, Purpose, ShareTokens
from signaling.config import Config, LiveKit
from signaling.connections.feed import PersonalizeEvent
from signaling.http.shapes import StreamInfo
from signaling.watching.availability import require_streaming
from signaling.watching.ice_servers import viewer_ice_servers

_SESSION_TTL = timedelta(hours=12)
"""Of a ticket that opens one WHEP session alone: it may be ended after as long as anybody watches."""


class StreamAddresses:
    """Words every address that is sent to a client, under the name by which the client reaches the server."""

    def __init__(self, config: Config, origins: Origins, tokens: ShareTokens) -> None:
        self._config = config
        self._origins = origins
        self._tokens = tokens

    def stream_info(self, request: web.Request, context: RequestContext) -> StreamInfo:
        """Returns the body of ``GET …/stream``, with a ticket for this run that may stand in an address.

        Raises Problem 404 where streaming is switched off.
        """
        require_streaming(self._config)
        run_id = context.run.id
        credential = context.credential
        token, claims = self._tokens.mint(
            run_id,
            Role.VIEWER,
            ttl=TICKET_TTL,
            parent=credential.claims,
            subject=credential.identity,
            purpose=Purpose.WATCH,
        )
        available = self._available(request, context)
        stream_url = self._stream_url(request, run_id)
        return StreamInfo(
            stream_url=stream_url,
            mjpeg_url=f"{stream_url}.mjpeg",
            whep_url=self._whep_url(request, run_id),
            control_url=self._control_url(request, run_id),
            ice_servers=tuple(viewer_ice_servers(self._config, context.actor.viewer_id)),
            livekit_url=available.livekit_url,
            token=available.token,
            viewer_token=token,
            expires_at=claims.expires_at,
        )

    def personalizer(self, request: web.Request, context: RequestContext) -> PersonalizeEvent:
        """Returns a function that fills in this viewer's addresses where an event carries them."""

        def fill(body: Event) -> Event:
            return self._available(request, context) if isinstance(body, StreamAvailable) else body

        return fill

    def whep_session(self, request: web.Request, context: RequestContext, session_id: str) -> str:
        """Returns the address of a WHEP session.

        It holds a ticket where the offer's address held a token: such a client cannot send a header to it either.
        """
        address = f"/whep/{quote(context.run.id)}/{session_id}"
        if not request.query.get("token") or "Authorization" in request.headers:
            return address
        credential = context.credential
        ticket, _ = self._tokens.mint(
            context.run.id,
            Role.VIEWER,
            ttl=_SESSION_TTL,
            parent=credential.claims,
            subject=credential.identity,
            purpose=Purpose.WHEP_SESSION,
            session_id=session_id,
        )
        return f"{address}?{urlencode({'token': ticket})}"

    def watch_url(self, request: web.Request, run_id: str, token: str) -> str:
        """Returns the address of the watch page, with the credential that opens it."""
        return f"{self._origins.api_base(request)}/runs/{quote(run_id)}?{urlencode({'token': token})}"

    def session_url(self, request: web.Request, session_id: str) -> str:
        """Returns the address of an attach session's page, without a credential."""
        return f"{self._origins.api_base(request)}/sessions/{quote(session_id)}"

    def _available(self, request: web.Request, context: RequestContext) -> StreamAvailable:
        run_id, livekit = context.run.id, self._config.livekit
        return StreamAvailable(
            stream_url=self._stream_url(request, run_id),
            whep_url=self._whep_url(request, run_id),
            livekit_url=livekit.url if livekit else None,
            token=_livekit_token(livekit, context) if livekit else None,
        )

    def _stream_url(self, request: web.Request, run_id: str) -> str:
        return f"{self._origins.frame_base(request)}/stream/{quote(run_id)}"

    def _whep_url(self, request: web.Request, run_id: str) -> str:
        return f"{self._origins.api_base(request)}/whep/{quote(run_id)}"

    def _control_url(self, request: web.Request, run_id: str) -> str:
        base = self._origins.api_base(request).replace("http", "ws", 1)
        return f"{base}/ws/test-control?{urlencode({'runId': run_id})}"


def _livekit_token(livekit: LiveKit, context: RequestContext) -> str:
    from signaling.livekit.room_tokens import livekit_token  # noqa: PLC0415 - loads a library of 20 MB

    return livekit_token(livekit, context)
