"""What the driven page itself says: its console, its errors, its requests."""

from __future__ import annotations

from typing import Literal

from control.protocol.shape import Shape, Timestamp

ConsoleLevel = Literal["error", "warning", "info", "debug"]


class ConsoleEntry(Shape):
    """One line of the page's console, an error that nothing in the page caught, or a violation of its policy."""

    number: int = 0
    """Counts console entries and requests together, from 1."""
    at: Timestamp
    step: int = 0
    """The step that had been begun last; 0 before the first."""
    level: ConsoleLevel
    kind: Literal["console", "exception", "policy"] = "console"
    """``exception``: an uncaught error, or a rejected promise; ``policy``: of the Content Security Policy."""
    text: str
    url: str | None = None
    """The script or document that it comes from."""
    line: int | None = None
    """From 1."""

    @property
    def failed(self) -> bool:
        """True for errors and warnings."""
        return self.level in {"error", "warning"}


class HttpHeader(Shape):
    """One header; its value is dots where it may be a credential."""

    name: str
    value: str


class HttpBody(Shape):
    """What was sent, or answered, as far as it is a text."""

    text: str | None = None
    """Its beginning, with dots for secrets; None where it is not kept."""
    size: int | None = None
    """Bytes, where that is known."""
    cut: bool = False
    """Whether it goes on."""
    left_out: str | None = None
    """Why it is not kept."""


class RequestEntry(Shape):
    """One request of the page that is over, or a WebSocket of it that was closed."""

    number: int = 0
    """Counts console entries and requests together, from 1."""
    at: Timestamp
    """When it was begun."""
    step: int = 0
    """The step that had been begun last then; 0 before the first."""
    method: str
    url: str
    origin: str | None = None
    """Of the document that asked."""
    resource_type: str
    """As Playwright names them: ``document``, ``fetch``, ``image``, ``websocket`` and so on."""
    status: int | None = None
    """None where no answer came."""
    status_text: str = ""
    error: str | None = None
    """Why no answer came, in the browser's words."""
    failed: bool = False
    """An error's status, or no answer; not where the page itself, or a navigation, gave it up."""
    duration_ms: int | None = None
    request_headers: tuple[HttpHeader, ...] = ()
    response_headers: tuple[HttpHeader, ...] = ()
    request_body: HttpBody | None = None
    """Set, as is ``response_body``, in runs whose ``pageLog`` is ``bodies``; never for viewers."""
    response_body: HttpBody | None = None


class DownloadEntry(Shape):
    """One file that the page downloaded, or was kept from downloading."""

    number: int = 0
    """Names it in its address, from 1."""
    at: Timestamp
    """When it was begun."""
    step: int = 0
    """The step that had been begun last then; 0 before the first."""
    name: str
    """As the page or the server suggests it."""
    url: str
    size: int | None = None
    """Bytes; None where it is not kept."""
    error: str | None = None
    """Why it is not kept."""


class LeftOut(Shape):
    """What of a page's words was not kept, as there is room for the newest and for what failed."""

    console: int = 0
    """Entries that were heard and dropped."""
    requests: int = 0
    muted_ms: int = 0
    """Milliseconds for which a flood was not listened to: what came then is in no count."""


class PageLogView(Shape):
    """All that is kept of what a run's page said."""

    console: tuple[ConsoleEntry, ...] = ()
    requests: tuple[RequestEntry, ...] = ()
    downloads: tuple[DownloadEntry, ...] = ()
    left_out: LeftOut = LeftOut()
