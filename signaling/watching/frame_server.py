"""The frame server: the newest picture as JPEG, and all of them as MJPEG, for those who cannot have video."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass

from aiohttp import web

from media.aio import race
from media.errors import DecodeError, StreamClosed
from media.frames import JpegFrame, LatestFrame
from media.stream import LiveStream, StreamWatch
from signaling.access.authentication import Authenticator, RequestContext
from signaling.config import Config
from signaling.connections.connection import CloseReason, CloseSignal
from signaling.connections.registry import ConnectionRegistry
from signaling.metrics import Metrics
from signaling.problems import Problem, from_code
from signaling.watching.live_stream import RETRY_AFTER, live_stream, no_picture
from signaling.watching.thumbnails import LARGEST, SMALLEST, Thumbnails

LONGEST_WAIT = 10.0
"""Seconds that ``?after=`` waits for a newer picture."""
_ATTENTION = 5.0
"""Seconds that a stream stays watched after a poll, so that capture does not stop and start between two."""
_FRESH = 1.5
"""Seconds that the first poll waits for a picture newer than what was left from an earlier viewer."""
_AGAIN = 0.1
_IDLE = 2.0
_GONE_MS = 8000
_KEPT = 256 * 1024
"""Bytes that the kernel keeps for one viewer, some pictures; by itself it would keep megabytes."""
_BOUNDARY = "frame"


class FrameServer:
    """Handlers of ``/stream``."""

    def __init__(
        self, *, config: Config, authenticator: Authenticator, connections: ConnectionRegistry, metrics: Metrics
    ) -> None:
        self._config = config
        self._authenticator = authenticator
        self._connections = connections
        self._metrics = metrics
        self._attention = PollKeepalive()
        self._thumbnails = Thumbnails()

    def close(self) -> None:
        """Looks at no stream any more."""
        self._attention.close()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(r"/stream/{run_id:[^/]+}.mjpeg", self.mjpeg),
            web.get("/stream/{run_id}", self.newest),
        ]

    async def newest(self, request: web.Request) -> web.Response:
        """One picture. 304 where the asker has it already, or where none newer than ``after`` came in time."""
        context = await self._authenticator.authorize(request, request.match_info["run_id"])
        stream = live_stream(self._config, context.run)
        after = _number(request, "after", least=0, most=1 << 53)
        width = _number(request, "width", least=SMALLEST, most=LARGEST)
        frame = await self._frame(context, stream, after)
        headers = _headers(frame, width)
        unchanged = after is not None and frame.seq <= after
        if unchanged or _knows(request, headers["ETag"]):
            return web.Response(status=304, headers=headers)
        body = frame.data if width is None else await self._shrunk(context, frame, width)
        self._metrics.frames.labels("jpeg").inc()
        return web.Response(body=body, content_type="image/jpeg", headers=headers)

    async def mjpeg(self, request: web.Request) -> web.StreamResponse:
        """Pictures one after another, each replacing the one before (HTML standard, multipart/x-mixed-replace)."""
        context = await self._authenticator.authorize(request, request.match_info["run_id"])
        stream = live_stream(self._config, context.run)
        close_signal = CloseSignal()
        response = web.StreamResponse(
            headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}", "Connection": "close"}
        )
        with (
            self._connections.open(context, "mjpeg", close_signal.set),
            _watch(stream, context),
        ):
            _miss_soon(request)
            await response.prepare(request)
            await close_signal.run_until_set(self._send(response, context, stream, close_signal))
        await _finish(request, response)
        return response

    async def _frame(self, context: RequestContext, stream: LiveStream, after: int | None) -> JpegFrame:
        """The newest picture, or the first one after ``after``, or after the first look at a stream nobody watched."""
        cold = self._attention.look(stream, context)
        newest = stream.latest.newest
        if newest is not None and after is None and not cold:
            return newest
        seq, seconds = (after or 0, LONGEST_WAIT) if after is not None or newest is None else (newest.seq, _FRESH)
        frame = await self._first(context, stream.latest, seq, seconds) or stream.latest.newest
        if frame is None:
            raise no_picture(context.run)
        return frame

    async def _first(self, context: RequestContext, latest: LatestFrame, seq: int, seconds: float) -> JpegFrame | None:
        """As ``_wait``, for one request. Raises Problem 401 where its credential ends meanwhile."""
        close_signal = CloseSignal()
        with self._connections.open(context, "polling", close_signal.set, takes_slot=False, joins=False):
            frame = await _wait(latest, seq, seconds, close_signal)
        if close_signal.reason in {CloseReason.REVOKED, CloseReason.EXPIRED}:
            raise Problem(401, f"{close_signal.reason.text}: ask for a new one", code="unauthorized")
        return frame

    async def _shrunk(self, context: RequestContext, frame: JpegFrame, width: int) -> bytes:
        try:
            return await self._thumbnails.get(context.run.id, frame, width)
        except DecodeError as error:
            headers = {"Retry-After": str(RETRY_AFTER)}
            raise Problem(409, str(error), code="conflict", headers=headers) from None

    async def _send(
        self, response: web.StreamResponse, context: RequestContext, stream: LiveStream, close_signal: CloseSignal
    ) -> None:
        """Sends every picture that comes while the last one is taken, and the last one again on a still page: Chrome
        shows a part only once the next one begins."""
        seen, patience = 0, LONGEST_WAIT
        await response.write(f"--{_BOUNDARY}\r\n".encode())
        while context.run.stream is stream:
            newer = await _wait(stream.latest, seen, min(patience, _IDLE), close_signal)
            frame = newer or stream.latest.newest
            if frame is None:
                continue
            seen, patience = frame.seq, _IDLE if newer is None else _AGAIN
            async with asyncio.timeout(_GONE_MS / 1000):
                await response.write(_part(frame))
            self._metrics.frames.labels("mjpeg").inc()


@dataclass(slots=True)
class _Look:
    watch: StreamWatch
    timer: asyncio.TimerHandle


class PollKeepalive:
    """Keeps a stream watched from one poll to the next."""

    def __init__(self) -> None:
        self._looks: dict[LiveStream, _Look] = {}

    def look(self, stream: LiveStream, context: RequestContext) -> bool:
        """Watches for a while; True where nobody had been watching."""
        look = self._looks.get(stream)
        cold = look is None and stream.stats.viewers == 0
        if look is not None:
            look.timer.cancel()
        timer = asyncio.get_running_loop().call_later(_ATTENTION, self._away, stream)
        self._looks[stream] = _Look(look.watch if look else _watch(stream, context), timer)
        return cold

    def close(self) -> None:
        """Looks away from everything at once; safe to repeat."""
        for stream in tuple(self._looks):
            self._looks[stream].timer.cancel()
            self._away(stream)

    def _away(self, stream: LiveStream) -> None:
        self._looks.pop(stream).watch.close()


async def _wait(latest: LatestFrame, seq: int, seconds: float, close_signal: CloseSignal) -> JpegFrame | None:
    """The first picture after number ``seq``; None where none comes in time, or the server hangs up."""
    newer = asyncio.create_task(latest.after(seq))
    await race(newer, close_signal.wait(), timeout=seconds)
    return None if newer.cancelled() else newer.result()


def _watch(stream: LiveStream, context: RequestContext) -> StreamWatch:
    try:
        return stream.watch()
    except StreamClosed:
        raise no_picture(context.run) from None


def _headers(frame: JpegFrame, width: int | None) -> dict[str, str]:
    milliseconds = round(frame.captured_at * 1000)
    size = f"-{width}" if width else ""
    return {
        "ETag": f'"{frame.seq}-{milliseconds:x}{size}"',
        "Cache-Control": "no-store",
        "X-Frame-Seq": str(frame.seq),
        "X-Frame-Time": str(milliseconds),
    }


def _knows(request: web.Request, etag: str) -> bool:
    """Whether If-None-Match names this picture, or with ``*`` any (RFC 9110 §13.1.2)."""
    return any(tag.value in {"*", etag.strip('"')} for tag in request.if_none_match or ())


def _part(frame: JpegFrame) -> bytes:
    """One part, with the boundary that ends it: what follows may take a while."""
    head = (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(frame.data)}\r\nX-Frame-Seq: {frame.seq}\r\n"
        f"X-Frame-Time: {round(frame.captured_at * 1000)}\r\n\r\n"
    )
    return head.encode() + frame.data + f"\r\n--{_BOUNDARY}\r\n".encode()


def _miss_soon(request: web.Request) -> None:
    """Has the kernel give up a viewer who has not acknowledged anything for a while (RFC 5482), where it can, and keep
    little for one who does not read."""
    transport = request.transport
    raw = transport.get_extra_info("socket") if transport is not None else None
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KEPT)
    if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GONE_MS)


async def _finish(request: web.Request, response: web.StreamResponse) -> None:
    """Ends the answer, and lets go of a viewer that does not read."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(1):
            await response.write_eof()
    if request.transport is not None:
        request.transport.abort()


def _number(request: web.Request, name: str, *, least: int, most: int) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 17 or not least <= int(text) <= most:
        raise from_code("invalid", f"{name}: give a whole number from {least} to {most}", field=name)
    return int(text)
