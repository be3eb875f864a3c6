"""The REST API ``/api/attach``: sessions that take in somebody's own tests."""

from __future__ import annotations

from aiohttp import web

from control.protocol.attach import NewAttachSession
from signaling.access.authentication import Authenticator
from signaling.access.rate_limits import RateKind
from signaling.config import Limits
from signaling.http.operations import Query, json_content, operation, routes_of
from signaling.http.shapes import AttachSessionInfo
from signaling.http.unknown_fields import read_exactly
from signaling.ports import Attachments, AttachSessionHandle
from signaling.problems import Problem
from signaling.watching.stream_addresses import StreamAddresses

_SESSIONS = "/api/attach"
_SESSION = "/api/attach/{sessionId}"


class AttachApi:
    """Serves ``/api/attach``; a session is its owner's alone."""

    def __init__(
        self,
        *,
        attachments: Attachments | None,
        authenticator: Authenticator,
        stream_addresses: StreamAddresses,
        limits: Limits,
    ) -> None:
        """
        Args:
            attachments: None where this server takes in no tests.
        """
        self._attachments = attachments
        self._authenticator = authenticator
        self._stream_addresses = stream_addresses
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "POST",
        _SESSIONS,
        "Open an endpoint for the tests of one command.",
        id="openAttachSession",
        status=201,
        answer=json_content(AttachSessionInfo),
        body=json_content(NewAttachSession),
        refusals=(400, 401, 403, 404, 413, 415, 422, 503),
    )
    async def open(self, request: web.Request) -> web.Response:
        owner = await self._authenticator.owner(request, spends=RateKind.RUN)
        wanted = await read_exactly(request, NewAttachSession, limit=self._limits.max_body)
        session = await self._sessions().open(wanted, owner=owner)
        info = self._info(request, session)
        return web.json_response(info.dump(), status=201, headers={"Location": f"{_SESSIONS}/{info.session.id}"})

    @operation(
        "GET",
        _SESSION,
        "One attach session.",
        id="getAttachSession",
        answer=json_content(AttachSessionInfo),
        query=(
            Query(
                "present",
                "1: somebody is at the session's page; to be repeated within 15 seconds.",
                {"type": "string", "enum": ["1", "true"]},
            ),
        ),
        refusals=(401, 403, 404),
    )
    async def show(self, request: web.Request) -> web.Response:
        session = await self._owned(request)
        if session is None:
            raise _no_session()
        if request.query.get("present") in {"1", "true"}:
            session.attend()
        return web.json_response(self._info(request, session).dump())

    @operation(
        "DELETE",
        _SESSION,
        "End an attach session, its browsers and its unfinished runs; safe to repeat.",
        id="closeAttachSession",
        status=204,
        refusals=(401, 403, 404),
    )
    async def close(self, request: web.Request) -> web.Response:
        if await self._owned(request) is not None:
            await self._sessions().close(request.match_info["session_id"])
        return web.Response(status=204)

    async def _owned(self, request: web.Request) -> AttachSessionHandle | None:
        """Returns the session that the path names, or None where there is none. Raises Problem for a foreign one."""
        owner = await self._authenticator.owner(request)
        session = self._sessions().get(request.match_info["session_id"])
        if session is not None and session.owner != owner:
            raise _no_session()
        return session

    def _sessions(self) -> Attachments:
        if self._attachments is None:
            detail = "this server takes in no tests: 'jumpseat serve' and 'jumpseat attach' start one that does"
            raise Problem(404, detail, code="unsupported")
        return self._attachments

    def _info(self, request: web.Request, session: AttachSessionHandle) -> AttachSessionInfo:
        view = session.view()
        return AttachSessionInfo(**dict(view), watch_url=self._stream_addresses.session_url(request, view.session.id))


def _no_session() -> Problem:
    return Problem(404, "there is no such attach session, or it is not yours", code="not_found")
