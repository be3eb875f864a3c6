"""The JSON bodies of the HTTP API that are not part of the control protocol."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from control.protocol.actions import Action
from control.protocol.attach import AttachSessionView
from control.protocol.audit import NumberedAuditEntry
from control.protocol.links import SharedLink
from control.protocol.models import InstructionProblem, Place, RunStatus, RunView, SpecPlanner, Step
from control.protocol.page_log import ConsoleEntry, DownloadEntry, RequestEntry
from control.protocol.shape import Shape, Timestamp
from control.roles import Role
from signaling.access.share_tokens import DEFAULT_TTL, LONGEST_TTL


class RunList(Shape):
    """One page of the owner's runs, newest first."""

    runs: tuple[RunView, ...]
    next_cursor: str | None
    """The ``cursor`` of the next page; None on the last one."""


class StepList(Shape):
    """One page of a run's steps, in order."""

    steps: tuple[Step, ...]
    next_cursor: str | None
    """The ``cursor`` of the next page; None on the last one."""


class ConsoleList(Shape):
    """What the page logged and threw, in order: the newest, and those that failed, are kept."""

    entries: tuple[ConsoleEntry, ...]
    left_out: int
    """How many entries of the run were dropped."""
    muted_ms: int
    """Milliseconds for which a flood was not listened to: what came then is in no count."""


class RequestList(Shape):
    """The page's requests that are over, in order: the newest, and those that failed, are kept."""

    entries: tuple[RequestEntry, ...]
    left_out: int
    """How many entries of the run were dropped."""
    muted_ms: int
    """Milliseconds for which a flood was not listened to: what came then is in no count."""


class HarArchive(Shape):
    """Requests as HAR 1.2."""

    log: dict[str, Any]


class DownloadList(Shape):
    """The files that the page downloaded, or was kept from downloading, in order."""

    entries: tuple[DownloadEntry, ...]


class SingleStep(Shape):
    step: Step


class CommandAccepted(Shape):
    """The answer to a command that has a path of its own."""

    status: RunStatus
    """The run's status after the command."""


class StepOverrideRequest(Shape):
    action: Action
    place: Place = "instead"
    """Whether the next step is replaced, or done after this."""


class InstructionsRequest(Shape):
    instructions: str = Field(min_length=1, max_length=60_000)


class PlanEntryRequest(Shape):
    index: int = Field(ge=0)
    """The entry's, as in the run's ``plan``."""


class BreakpointRequest(PlanEntryRequest):
    on: bool
    """False: the breakpoint is removed."""


class InstructionsToCheck(Shape):
    instructions: str = Field(max_length=65536)
    planner: SpecPlanner | None = None
    """Who is to follow them; None: the server's default."""


class InstructionsChecked(Shape):
    """What is wrong with instructions, line by line; nothing where a run could be started with them."""

    problems: tuple[InstructionProblem, ...]


class SelectorToWrite(Shape):
    selector: str = Field(min_length=1, max_length=8192)
    """A Playwright selector, such as a step's ``target``."""


class SecretRequest(Shape):
    """Which password that was typed by hand is to be kept as a secret of the run."""

    name: str = Field(min_length=1, max_length=200)
    """The name in ``{{secret:NAME}}``, which is the step's value."""


class TokenRequest(Shape):
    """What a share token is made from."""

    role: Literal[Role.VIEWER, Role.CONTROLLER]
    ttl_seconds: int = Field(
        default=int(DEFAULT_TTL.total_seconds()), ge=1, le=int(LONGEST_TTL.total_seconds()), strict=True
    )


class ShareToken(Shape):
    """A token that opens one run with one role."""

    id: str
    """Names the token when it is revoked."""
    role: Role
    token: str = Field(repr=False)
    watch_url: str = Field(repr=False)
    """The watch page's address with the token in it."""
    expires_at: Timestamp


class SharedLinkList(Shape):
    """The links to a run that have neither expired nor been revoked."""

    tokens: tuple[SharedLink, ...]


class AuditPage(Shape):
    """A page of the audit trail, oldest first."""

    entries: tuple[NumberedAuditEntry, ...]
    next_cursor: str | None


class AttachSessionInfo(AttachSessionView):
    """An attach session, with the address of its page."""

    watch_url: str
    """Without a credential: the page needs the owner's key."""


class StreamInfo(Shape):
    """Where one viewer finds a run's picture and events."""

    stream_url: str
    """The newest frame as JPEG."""
    mjpeg_url: str
    """All frames as ``multipart/x-mixed-replace``."""
    whep_url: str
    control_url: str
    """The control WebSocket."""
    ice_servers: tuple[dict[str, Any], ...]
    """Each is an ``RTCIceServer`` dictionary (W3C WebRTC)."""
    livekit_url: str | None
    token: str | None = Field(repr=False)
    """A LiveKit token; None without LiveKit."""
    viewer_token: str = Field(repr=False)
    """A ticket of minutes that opens this run's pictures and events as a viewer, and nothing else: for an address."""
    expires_at: Timestamp
    """When ``viewer_token`` expires; what it has opened by then goes on."""


class Liveness(Shape):
    status: Literal["ok"] = "ok"


class Readiness(Shape):
    status: Literal["ready", "not ready"]
    checks: dict[str, str]
    """For each check ``ok``, or what is wrong."""


class FieldProblem(Shape):
    """What is wrong with one field of a request."""

    field: str | None
    """Path of the field, such as ``action.selector``; None where it is the body as a whole."""
    message: str


class ProblemDetails(Shape):
    """Every refusal (RFC 9457)."""

    type: str
    title: str
    """The phrase of the status code."""
    status: int
    detail: str
    """What is wrong, and what to do."""
    code: str = ""
    """The same codes as control messages have."""
    errors: tuple[FieldProblem, ...] = ()
