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
from media.stream import LiveStream
from media.watch_counter import StreamWatch
from signaling.access.audit import Audit
from signaling.access.authentication import Authenticator, RequestContext
from signaling.access.share_tokens import Purpose
from signaling.config import Config
from signaling.connections.connection import CloseReason, CloseSignal
from signaling.connections.registry import ConnectionRegistry
from signaling.http.conditional import matches_etag
from signaling.metrics import Metrics
from signaling.problems import Problem, from_code
from signaling.watching.availability import RETRY_AFTER, no_picture, require_stream
from signaling.watching.thumbnails import LARGEST, SMALLEST, Thumbnails

MAX_POLL_WAIT = 10.0
"""Seconds that ``?after=`` waits for a newer picture."""
_KEEPALIVE = 5.0
"""Seconds that a stream stays watched after a poll, so that capture does not stop and start between two."""
_REPEAT_DELAY = 0.1
"""Seconds after which the last MJPEG part is sent once more: Chrome shows a part only once the next one begins."""
_REPEAT_INTERVAL = 2.0
"""Seconds between repetitions of the last MJPEG part on a still page."""
_WRITE_TIMEOUT_MS = 8000
"""Milliseconds without an acknowledgement after which an MJPEG viewer is given up."""
_SEND_BUFFER = 256 * 1024
"""Bytes that the kernel keeps for one viewer, some pictures; by itself it would keep megabytes."""
_BOUNDARY = "frame"


class FrameServer:
    """Serves ``/stream``: JPEG by polling, and MJPEG."""

    def __init__(
        self,
        *,
        config: Config,
        authenticator: Authenticator,
        connections: ConnectionRegistry,
        audit: Audit,
        metrics: Metrics,
    ) -> None:
        self._config = config
        self._authenticator = authenticator
        self._connections = connections
        self._audit = audit
        self._metrics = metrics
        self._keepalive = PollKeepalive()
        self._thumbnails = Thumbnails()

    def close(self) -> None:
        """Stops watching the streams that were polled; safe to repeat."""
        self._keepalive.close()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(r"/stream/{run_id:[^/]+}.mjpeg", self.mjpeg),
            web.get("/stream/{run_id}", self.newest),
        ]

    async def newest(self, request: web.Request) -> web.Response:
        """Sends the newest picture; 304 where the client has it, or where none newer than ``after`` came in time."""
        context = await self._authorize(request)
        stream = require_stream(self._config, context.run)
        self._audit.watched(context, "polling")
        after = _number(request, "after", least=0, most=1 << 53)
        width = _number(request, "width", least=SMALLEST, most=LARGEST)
        frame = await self._frame_for_poll(context, stream, after)
        headers = _headers(frame, width)
        unchanged = after is not None and frame.seq <= after
        if unchanged or matches_etag(request, headers["ETag"]):
            return web.Response(status=304, headers=headers)
        body = frame.data if width is None else await self._scaled(context, frame, width)
        self._metrics.frames.labels("jpeg").inc()
        return web.Response(body=body, content_type="image/jpeg", headers=headers)

    async def mjpeg(self, request: web.Request) -> web.StreamResponse:
        """Sends each picture in place of the one before (HTML standard, multipart/x-mixed-replace)."""
        context = await self._authorize(request)
        stream = require_stream(self._config, context.run)
        close_signal = CloseSignal()
        response = web.StreamResponse(
            headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}", "Connection": "close"}
        )
        with (
            self._connections.open(context, "mjpeg", close_signal.set),
            _watch(stream, context),
        ):
            _bound_send_buffer(request)
            await response.prepare(request)
            await close_signal.run_until_set(self._send(response, context, stream, close_signal))
        await _finish(request, response)
        return response

    async def _authorize(self, request: web.Request) -> RequestContext:
        run_id = request.match_info["run_id"]
        return await self._authenticator.authorize(request, run_id, opens=Purpose.WATCH)

    async def _frame_for_poll(self, context: RequestContext, stream: LiveStream, after: int | None) -> JpegFrame:
        """Returns the newest picture, or the next one where ``after`` is given or nobody watched the stream."""
        cold = self._keepalive.polled(stream, context)
        viewer = context.actor.viewer_id
        newest = stream.frames_for(viewer).newest
        if newest is not None and after is None and not cold:
            return newest
        if after is not None or newest is None:
            seq, seconds = after or 0, MAX_POLL_WAIT
        else:
            seq, seconds = newest.seq, self._config.limits.first_poll_seconds
        frames = stream.frames_for(viewer)
        frame = await self._wait_connected(context, frames, seq, seconds) or stream.frames_for(viewer).newest
        if frame is None:
            raise no_picture(context.run)
        return frame

    async def _wait_connected(
        self, context: RequestContext, latest: LatestFrame, seq: int, seconds: float
    ) -> JpegFrame | None:
        """As ``_wait``, as an open connection. Raises Problem 401 where its token expires or is revoked meanwhile."""
        close_signal = CloseSignal()
        with self._connections.open(context, "polling", close_signal.set, takes_slot=False, joins=False):
            frame = await _wait(latest, seq, seconds, close_signal)
        if close_signal.reason in {CloseReason.REVOKED, CloseReason.EXPIRED, CloseReason.KEY_GONE}:
            raise Problem(401, f"{close_signal.reason.text}: ask for a new one", code="unauthorized")
        return frame

    async def _scaled(self, context: RequestContext, frame: JpegFrame, width: int) -> bytes:
        try:
            return await self._thumbnails.get(context.run.id, frame, width)
        except DecodeError as error:
            headers = {"Retry-After": str(RETRY_AFTER)}
            raise Problem(409, str(error), code="conflict", headers=headers) from None

    async def _send(
        self, response: web.StreamResponse, context: RequestContext, stream: LiveStream, close_signal: CloseSignal
    ) -> None:
        """Sends the newest picture whenever the last has been taken, and repeats it on a still page."""
        sent_seq, timeout = 0, _REPEAT_INTERVAL
        await response.write(f"--{_BOUNDARY}\r\n".encode())
        while context.run.stream is stream:
            frames = stream.frames_for(context.actor.viewer_id)
            newer = await _wait(frames, sent_seq, timeout, close_signal)
            frame = newer or stream.frames_for(context.actor.viewer_id).newest
            if frame is None:
                continue
            sent_seq, timeout = frame.seq, _REPEAT_INTERVAL if newer is None else _REPEAT_DELAY
            async with asyncio.timeout(_WRITE_TIMEOUT_MS / 1000):
                await response.write(_part(frame))
            self._metrics.frames.labels("mjpeg").inc()


@dataclass(slots=True)
class _PolledStream:
    watch: StreamWatch
    timer: asyncio.TimerHandle


class PollKeepalive:
    """Keeps a stream watched from one poll to the next, so that its run goes on capturing."""

    def __init__(self) -> None:
        self._polled: dict[LiveStream, _PolledStream] = {}

    def polled(self, stream: LiveStream, context: RequestContext) -> bool:
        """Watches the stream for some seconds more. Returns True where nobody had been watching it."""
        polled = self._polled.get(stream)
        cold = polled is None and stream.stats.viewers == 0
        if polled is not None:
            polled.timer.cancel()
        timer = asyncio.get_running_loop().call_later(_KEEPALIVE, self._expire, stream)
        self._polled[stream] = _PolledStream(polled.watch if polled else _watch(stream, context), timer)
        return cold

    def close(self) -> None:
        """Stops watching all streams at once; safe to repeat."""
        for stream in tuple(self._polled):
            self._polled[stream].timer.cancel()
            self._expire(stream)

    def _expire(self, stream: LiveStream) -> None:
        self._polled.pop(stream).watch.close()


async def _wait(latest: LatestFrame, seq: int, seconds: float, close_signal: CloseSignal) -> JpegFrame | None:
    """Returns the first picture after number ``seq``; None where none comes in time, or the server closes."""
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


def _part(frame: JpegFrame) -> bytes:
    """Returns one part, with the boundary that ends it: the next part may take a while."""
    head = (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(frame.data)}\r\nX-Frame-Seq: {frame.seq}\r\n"
        f"X-Frame-Time: {round(frame.captured_at * 1000)}\r\n\r\n"
    )
    return head.encode() + frame.data + f"\r\n--{_BOUNDARY}\r\n".encode()


def _bound_send_buffer(request: web.Request) -> None:
    """Has the kernel buffer little for a viewer that does not read, and give up one that acknowledges nothing.

    The latter is the TCP user timeout (RFC 5482), where the system has it.
    """
    transport = request.transport
    raw = transport.get_extra_info("socket") if transport is not None else None
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _WRITE_TIMEOUT_MS)


async def _finish(request: web.Request, response: web.StreamResponse) -> None:
    """Ends the response, and aborts the transport of a viewer that does not read."""
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
