"""The recordings of runs over HTTP: an MP4 that is put together while it is sent, from any byte on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from control.protocol.recording import RecordingTimeline
from media.recording.movie import MovieFile
from signaling.access.authentication import Authenticator, RequestContext
from signaling.access.share_tokens import Purpose
from signaling.connections.connection import CloseSignal
from signaling.connections.registry import ConnectionRegistry
from signaling.http.file_names import of_run
from signaling.http.operations import READ, Query, json_content, operation, routes_of, text_content
from signaling.problems import Problem, from_code

logger = logging.getLogger(__name__)

_RECORDING = "/api/tests/{runId}/recording"
_CHUNK = 256 * 1024
_WRITE_SECONDS = 60
"""For one chunk to be taken: a player that is paused takes none for a while, and asks again for the rest."""


class _Piece(NamedTuple):
    """Some bytes of a movie: of its head, or of a file."""

    source: bytes | Path
    first: int
    length: int


class RecordingApi:
    """Serves ``/api/tests/{runId}/recording``."""

    def __init__(self, *, authenticator: Authenticator, connections: ConnectionRegistry) -> None:
        self._authenticator = authenticator
        self._connections = connections

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "GET",
        _RECORDING,
        "The recording of the run's pictures so far, with a chapter for each step; any range of its bytes.",
        id="getRecording",
        answer=text_content("video/mp4"),
        query=(
            Query(
                "until",
                "Milliseconds from the recording's beginning: nothing that begins later, and no chapters. The same "
                "bytes come of it each time, though the run goes on.",
                {"type": "integer", "minimum": 0},
            ),
        ),
        refusals=(*READ, 416, 422),
    )
    async def recording(self, request: web.Request) -> web.StreamResponse:
        context = await self._authorize(request)
        file = await context.run.recording.movie(until_ms=_until(request))
        headers = {
            "Content-Type": "video/mp4",
            "Accept-Ranges": "bytes",
            "ETag": _etag(file),
            "Cache-Control": "private, no-cache",
            "Content-Disposition": of_run(context.run.view(), "{}.mp4", kind="inline"),
        }
        size = file.movie.size
        wanted = _range(request, size, headers["ETag"])
        if wanted is not None:
            headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
        sent = wanted if wanted is not None else range(size)
        response = web.StreamResponse(status=206 if wanted is not None else 200, headers=headers)
        response.content_length = len(sent)
        await self._send(request, context, response, file, sent)
        return response

    @operation(
        "GET",
        f"{_RECORDING}/timeline",
        "How long the recording is so far, and where nothing happens in it.",
        id="getRecordingTimeline",
        answer=json_content(RecordingTimeline),
    )
    async def timeline(self, request: web.Request) -> web.Response:
        context = await self._authorize(request)
        return web.json_response((await context.run.recording.timeline()).dump())

    async def _authorize(self, request: web.Request) -> RequestContext:
        return await self._authenticator.authorize(request, request.match_info["run_id"], opens=Purpose.WATCH)

    async def _send(
        self,
        request: web.Request,
        context: RequestContext,
        response: web.StreamResponse,
        file: MovieFile,
        sent: range,
    ) -> None:
        """Sends these bytes, as a connection that is cut where the link is revoked."""
        close_signal = CloseSignal()
        with self._connections.open(context, "recording", close_signal.set, takes_slot=False, joins=False):
            await response.prepare(request)
            if request.method != "HEAD":
                await close_signal.run_until_set(_write(request, response, file, sent))


async def _write(request: web.Request, response: web.StreamResponse, file: MovieFile, sent: range) -> None:
    """Writes all of it; else aborts the connection, so that nobody takes a part for the whole."""
    is_whole = False
    try:
        for piece in _pieces(file, sent):
            data = piece.source if isinstance(piece.source, bytes) else await asyncio.to_thread(_read, piece)
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.write(data)
        is_whole = True
    except (OSError, TimeoutError) as error:
        logger.debug("a recording was not sent to its end: %s", error)
    finally:
        if not is_whole and request.transport is not None:
            request.transport.abort()


def _pieces(file: MovieFile, sent: range) -> Iterator[_Piece]:
    """Yields what these bytes are, none longer than a chunk."""
    begins = 0
    sources: list[tuple[bytes | Path, int]] = [(file.movie.head, len(file.movie.head))]
    sources += [(path, each.size) for path, each in zip(file.paths, file.movie.segments, strict=True)]
    for source, size in sources:
        first, last = max(sent.start - begins, 0), min(sent.stop - begins, size)
        for at in range(first, last, _CHUNK):
            count = min(_CHUNK, last - at)
            yield _Piece(source[at : at + count] if isinstance(source, bytes) else source, at, count)
        begins += size


def _read(piece: _Piece) -> bytes:
    assert isinstance(piece.source, Path)
    with piece.source.open("rb") as file:
        file.seek(piece.first)
        data = file.read(piece.length)
    if len(data) != piece.length:
        raise OSError("the segment is shorter than it was")
    return data


def _etag(file: MovieFile) -> str:
    digest = hashlib.sha256(file.movie.head).hexdigest()[:32]
    return f'"{digest}-{file.movie.size:x}"'


def _range(request: web.Request, size: int, etag: str) -> range | None:
    """Returns the bytes that are asked for; None: all of them, also where the range is none (RFC 9110 §14.2).

    Raises Problem 416 where it is beyond the end.
    """
    if request.headers.get("If-Range", etag) != etag or "Range" not in request.headers:
        return None
    try:
        wanted = request.http_range
    except ValueError:
        return None
    if wanted.start is None and wanted.stop is None:
        return None
    found = range(*wanted.indices(size)[:2])
    if not found:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Problem(416, f"the recording has {size} bytes: ask for some of these", headers=headers)
    return found


def _until(request: web.Request) -> int | None:
    text = request.query.get("until")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise from_code("invalid", "until: give milliseconds from the recording's beginning", field="until")
    return int(text)
