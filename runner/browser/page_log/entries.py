"""Playwright's messages, errors and requests as entries of a page's log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from playwright.async_api import ConsoleMessage, Request, WebError, WebSocket

from control.headers import shown_value
from control.origins import origin_of
from control.protocol.page_log import ConsoleEntry, ConsoleLevel, HttpHeader, RequestEntry
from control.protocol.shape import utc_now

_LEVELS: Final[Mapping[str, ConsoleLevel]] = {
    "error": "error",
    "assert": "error",
    "warning": "warning",
    "debug": "debug",
}
_POLICY: Final = re.compile(r"Content[ -]Security[ -]Policy", re.IGNORECASE)
_GIVEN_UP: Final = re.compile(r"ERR_ABORTED|NS_BINDING_ABORTED|cancell?ed|ERR_BLOCKED_BY_CLIENT", re.IGNORECASE)
"""What browsers say of a request that the page itself, or a navigation, has ended."""
_LONGEST: Final = 16_000
"""Characters of a text, or of an address, that are looked at; less of it is kept."""
_MOST_HEADERS: Final = 60
_OLDEST: Final = timedelta(hours=24)


def console_entry(message: ConsoleMessage) -> ConsoleEntry:
    """Returns a line of the console; a browser's own words about the page's policy have no arguments."""
    text, place = _words(message.text), message.location
    policy = message.type == "error" and not message.args and _POLICY.search(text) is not None
    return ConsoleEntry(
        at=_moment(message.timestamp),
        level=_LEVELS.get(message.type, "info"),
        kind="policy" if policy else "console",
        text=text,
        url=_words(place["url"]) or None,
        line=place["lineNumber"] + 1 if place["url"] else None,
    )


def error_entry(uncaught: WebError) -> ConsoleEntry:
    """Returns an error that nothing in the page caught."""
    error = uncaught.error
    text = f"{error.name}: {error.message}" if error.name else error.message
    place = uncaught.location
    return ConsoleEntry(
        at=utc_now(),
        level="error",
        kind="exception",
        text=_words(text),
        url=_words(place["url"]) or None,
        line=place["line"] + 1 if place["url"] else None,
    )


def request_entry(request: Request) -> RequestEntry:
    """Returns a request that is over, however it ended."""
    response, error = request.existing_response, request.failure
    status = response.status if response is not None else None
    gone = error is not None and _GIVEN_UP.search(error) is not None
    timing = request.timing
    return RequestEntry(
        at=_moment(timing["startTime"]),
        method=_words(request.method),
        url=_words(request.url),
        origin=_origin(request),
        resource_type=request.resource_type,
        status=status,
        status_text=_words(response.status_text) if response is not None else "",
        error=None if error is None else _words(error),
        failed=not gone and (error is not None or (status or 0) >= 400),
        duration_ms=int(timing["responseEnd"]) if timing["responseEnd"] >= 0 else None,
        request_headers=_headers(request.headers),
        response_headers=_headers(response.headers) if response is not None else (),
    )


def socket_entry(socket: WebSocket, *, begun: datetime, error: str | None) -> RequestEntry:
    """Returns a WebSocket that was closed, or never came to be."""
    return RequestEntry(
        at=begun,
        method="GET",
        url=_words(socket.url),
        resource_type="websocket",
        status=101 if error is None else None,
        error="the connection was closed" if error is None else _words(error),
        failed=True,
    )


def _moment(milliseconds: float) -> datetime:
    """Returns the moment by the browser's clock; the present one where it says none that can be."""
    now = utc_now()
    if now.timestamp() - milliseconds / 1000 > _OLDEST.total_seconds():
        return now
    return min(now, datetime.fromtimestamp(milliseconds / 1000, UTC))


def _words(text: str) -> str:
    """Returns the beginning of a page's words, with nothing in it that is no character."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _origin(request: Request) -> str | None:
    if request.is_navigation_request() or request.service_worker is not None:
        return None
    return origin_of(request.frame.url)


def _headers(headers: Mapping[str, str]) -> tuple[HttpHeader, ...]:
    return tuple(
        HttpHeader(name=_words(name), value=shown_value(name, _words(value)))
        for name, value in list(headers.items())[:_MOST_HEADERS]
    )
