"""WHEP: video over HTTP signaling (draft-ietf-wish-whep; what it takes over from WHIP is RFC 9725)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web

from media.aio import TaskSet
from media.errors import SdpRejected, StreamClosed
from media.webrtc.sdp import MOST_CANDIDATES, Fragment, Offer, read_fragment, read_offer
from signaling.access.authentication import Authenticator, RequestContext
from signaling.access.rate_limits import RateKind, RateMeter
from signaling.access.share_tokens import Purpose
from signaling.config import Config
from signaling.connections.connection import CloseReason, Connection
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.registry import ConnectionRegistry
from signaling.http.operations import CLIENT, operation, routes_of, text_content
from signaling.problems import Problem, read_text
from signaling.watching.availability import no_picture, require_stream
from signaling.watching.ice_servers import ice_links
from signaling.watching.stream_addresses import StreamAddresses
from signaling.watching.viewer import WhepViewer, sdp_problem

logger = logging.getLogger(__name__)

T = TypeVar("T")

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
_ENDPOINT = "/whep/{runId}"
_RESOURCE = "/whep/{runId}/{sessionId}"


@dataclass(slots=True, eq=False)
class WhepSession:
    """The WHEP resource of one viewer."""

    offer: Offer
    viewer: WhepViewer
    connection: Connection
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    etag: str = field(default_factory=lambda: f'"{secrets.token_urlsafe(8)}"')
    """The ETag of the ICE session, which is never restarted."""
    candidates: int = 0
    """How many remote candidates the session has, from the offer and from fragments."""

    def count(self, fragment: Fragment) -> None:
        """Counts the fragment's candidates. Raises Problem 422 where there are too many.

        Each is checked against each of ours, and kept as long as the session.
        """
        if self.candidates + len(fragment.candidates) > MOST_CANDIDATES:
            detail = f"this session may have at most {MOST_CANDIDATES} candidates, those of the offer included"
            raise Problem(422, f"{detail}: end it and make a new one", code="invalid")
        self.candidates += len(fragment.candidates)


class WhepEndpoint:
    """Serves ``/whep``, and keeps its sessions."""

    def __init__(
        self,
        *,
        config: Config,
        authenticator: Authenticator,
        connections: ConnectionRegistry,
        dispatcher: CommandDispatcher,
        stream_addresses: StreamAddresses,
    ) -> None:
        self._config = config
        self._authenticator = authenticator
        self._connections = connections
        self._dispatcher = dispatcher
        self._stream_addresses = stream_addresses
        self._checks = RateMeter(config.limits.check_rate)
        self._sessions: dict[str, WhepSession] = {}
        self._closing = TaskSet(logger)

    def __len__(self) -> int:
        """Returns how many sessions are open or being closed."""
        return len(self._sessions) + len(self._closing)

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    async def wait_closed(self) -> None:
        """Waits for the sessions that are being closed."""
        await self._closing.join()

    @operation("OPTIONS", _ENDPOINT, "What may be sent.", id="whepOptions", status=204, open=True, refusals=())
    async def options(self, request: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Accept-Post": SDP, "Accept-Patch": FRAGMENT})

    @operation(
        "POST",
        _ENDPOINT,
        "Watch by WebRTC: send an offer, get an answer.",
        id="whepOffer",
        status=201,
        answer=text_content(SDP),
        body=text_content(SDP),
        query=(CLIENT,),
        refusals=(400, 401, 403, 404, 409, 413, 415, 503),
    )
    async def create(self, request: web.Request) -> web.Response:
        """Answers an offer with 201, an SDP answer, and the session's address in ``Location``."""
        run_id = request.match_info["run_id"]
        context = await self._authenticator.authorize(request, run_id, opens=Purpose.WATCH)
        self._authenticator.spend(RateKind.WHEP, request, context.credential)
        require_stream(self._config, context.run)
        if request.content_type != SDP:
            raise Problem(415, f"send an offer as {SDP}", headers={"Accept-Post": SDP, "Accept": SDP})
        offer = await self._read(request, read_offer)
        session = self._open(request, context, offer)
        try:
            answer = await session.viewer.answer(offer)
        except StreamClosed:
            await self._close(session)
            raise no_picture(context.run) from None
        except BaseException:
            await self._close(session)
            raise
        response = web.Response(status=201, text=answer, content_type=SDP)
        response.headers["Location"] = self._stream_addresses.whep_session(request, context, session.id)
        response.headers["ETag"] = session.etag
        response.headers["Accept-Patch"] = FRAGMENT
        for link in ice_links(self._config, context.actor.viewer_id):
            response.headers.add("Link", link)
        return response

    @operation(
        "PATCH",
        _RESOURCE,
        "Send ICE candidates.",
        id="whepTrickle",
        status=204,
        body=text_content(FRAGMENT),
        refusals=(400, 401, 403, 404, 412, 413, 415, 422, 428),
    )
    async def trickle(self, request: web.Request) -> web.Response:
        """Takes candidates (RFC 9725 §4.3.2). An ICE restart is refused with 422: aiortc has none.

        Candidates that come without If-Match are taken, too, as there is one ICE session only; clients leave it out.
        """
        session = await self._find(request)
        if request.content_type != FRAGMENT:
            raise Problem(415, f"send candidates as {FRAGMENT}", headers={"Accept-Patch": FRAGMENT})
        match = request.headers.get("If-Match")
        if match is not None and match.strip() != "*" and session.etag not in [tag.strip() for tag in match.split(",")]:
            raise Problem(412, "If-Match is not the ETag of this session")
        fragment = await self._read(request, read_fragment)
        if _restarts(session.offer, fragment):
            if match is None:
                raise Problem(428, "send If-Match with an ICE restart")
            raise Problem(422, "ICE cannot be restarted here: end this session and make a new one")
        session.count(fragment)
        await session.viewer.add_candidates(fragment)
        return web.Response(status=204, headers={"ETag": session.etag})

    @operation("DELETE", _RESOURCE, "End the session; safe to repeat.", id="whepEnd", refusals=(401, 403, 404))
    async def end(self, request: web.Request) -> web.Response:
        """Ends the session, if it has not ended yet."""
        context = await self._authorize(request)
        session = self._sessions.get(request.match_info["session_id"])
        if session is not None and session.connection.context.run.id == context.run.id:
            await self._close(session)
        return web.Response(status=200)

    def _open(self, request: web.Request, context: RequestContext, offer: Offer) -> WhepSession:
        stream = require_stream(self._config, context.run)

        def request_close(reason: CloseReason) -> None:
            self._start_closing(session)

        connection = self._connections.open(context, "whep", request_close)
        viewer = WhepViewer(
            context,
            config=self._config,
            stream=stream,
            dispatcher=self._dispatcher,
            personalize=self._stream_addresses.personalizer(request, context),
            may_check=lambda: self._checks.take(context.credential.identity) is None,
            on_gone=lambda: self._start_closing(session),
        )
        session = WhepSession(offer, viewer, connection, candidates=offer.candidates)
        self._sessions[session.id] = session
        return session

    async def _read(self, request: web.Request, read: Callable[[str], T]) -> T:
        """Reads a body that is SDP or a fragment of it. Raises Problem 400 or 413."""
        try:
            return read(await read_text(request, limit=self._config.limits.max_sdp))
        except SdpRejected as error:
            raise sdp_problem(error) from error

    async def _authorize(self, request: web.Request) -> RequestContext:
        """Returns the context of a request to a session; a ticket has to be that session's own."""
        run_id = request.match_info["run_id"]
        context = await self._authenticator.authorize(request, run_id, opens=Purpose.WHEP_SESSION)
        claims = context.credential.claims
        if claims is not None and claims.session_id not in {None, request.match_info["session_id"]}:
            raise Problem(403, "this ticket is for another session", code="forbidden")
        return context

    async def _find(self, request: web.Request) -> WhepSession:
        context = await self._authorize(request)
        session = self._sessions.get(request.match_info["session_id"])
        if session is None or session.connection.context.run.id != context.run.id:
            raise Problem(404, "there is no such session, or it has ended", code="not_found")
        return session

    def _start_closing(self, session: WhepSession) -> None:
        """Starts closing the session, without waiting for it."""
        self._closing.spawn(self._close(session))

    async def _close(self, session: WhepSession) -> None:
        """Closes the session, and waits; safe to repeat."""
        self._sessions.pop(session.id, None)
        session.connection.close()
        await session.viewer.aclose()


def _restarts(offer: Offer, fragment: Fragment) -> bool:
    """Returns whether the fragment asks for an ICE restart by other credentials (RFC 8839 §4.4.1.1)."""
    given = (fragment.ufrag or offer.ufrag, fragment.password or offer.password)
    return given != (offer.ufrag, offer.password)
