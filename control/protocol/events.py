"""Server to client: what happened, numbered by the run's log (``control.event_log``) and sent to every viewer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from control.protocol.actions import Action, Box, Size
from control.protocol.models import AttachedTest, Comment, Holder, Place, Proposal, RunStatus, RunView, Step, Watcher
from control.protocol.shape import Shape, Timestamp
from control.roles import Role

PROTOCOL_VERSION = 1


class Tab(Shape):
    """One tab of the browser."""

    index: int
    url: str
    title: str
    active: bool


InputType = Literal["date", "time", "datetime-local", "month", "week", "color", "list"]


class Choice(Shape):
    """One option of a ``<select>``."""

    value: str
    label: str
    selected: bool = False
    disabled: bool = False


class StreamAvailable(Shape):
    """There is a picture. Addresses and tokens differ from viewer to viewer and are filled in on the way out."""

    type: Literal["stream_available"] = "stream_available"
    stream_url: str | None = None
    whep_url: str | None = None
    livekit_url: str | None = None
    token: str | None = None


class RunState(Shape):
    """The run's status, or its pause, has changed."""

    type: Literal["run_state"] = "run_state"
    status: RunStatus
    paused: bool


class StepProposed(Shape):
    """A step is proposed to be done next, or no longer is."""

    type: Literal["step_proposed"] = "step_proposed"
    proposal: Proposal | None
    """None: what was proposed is withdrawn."""


class TestStep(Shape):
    """A step began, or is over."""

    __test__ = False
    type: Literal["test_step"] = "test_step"
    step: Step
    total_steps: int | None = None


class StepOverrideQueued(Shape):
    """An override waits to be done in place of a step, or before it."""

    type: Literal["step_override_queued"] = "step_override_queued"
    action: Action
    place: Place = "instead"


class StepOverrideDropped(Shape):
    """An override that was queued will not be done."""

    type: Literal["step_override_dropped"] = "step_override_dropped"
    action: Action
    reason: str


class InstructionsUpdated(Shape):
    """The run goes on from new instructions."""

    type: Literal["instructions_updated"] = "instructions_updated"
    instructions: str
    version: int


class HelpNeeded(Shape):
    """The run is stuck: try again, override, skip or take control before the deadline, or it fails."""

    type: Literal["help_needed"] = "help_needed"
    reason: str
    deadline: Timestamp | None
    """None in ``hello`` while the wait stands still: somebody holds control, or the run is paused."""
    suggestions: tuple[Proposal, ...] = ()


class ControlChanged(Shape):
    """Another person holds control, or nobody any more, or the holder has gone or come back."""

    type: Literal["control_changed"] = "control_changed"
    holder: Holder | None
    since: Timestamp | None = None
    grace_until: Timestamp | None = None
    """The holder has gone; control ends then, unless they come back."""
    requests: tuple[Holder, ...] = ()
    """Those who ask the holder for control, in the order in which they asked."""


class CurtainChanged(Shape):
    """The curtain was closed or opened, or covered fields are shown or covered again; both as in `CurtainView`."""

    type: Literal["curtain_changed"] = "curtain_changed"
    closed_by: Holder | None
    lifted_by: Holder | None


class Viewers(Shape):
    """Somebody has come or gone."""

    type: Literal["viewers"] = "viewers"
    count: int
    controllers: tuple[Holder, ...] = ()
    """Those of them who may control: whom control can be handed to."""
    watchers: tuple[Watcher, ...] = ()
    """All of them by name, in the order in which they came."""


class PageChanged(Shape):
    """The active page, its address or title, or the list of tabs has changed."""

    type: Literal["page_changed"] = "page_changed"
    url: str
    title: str
    tabs: tuple[Tab, ...] = ()
    viewport: Size | None = None


class Dialog(Shape):
    """A native dialog, file chooser, ``<select>``, or the popup of an ``<input>``, none of which is in the picture."""

    type: Literal["dialog"] = "dialog"
    dialog_id: str
    kind: Literal["alert", "confirm", "prompt", "beforeunload", "file_chooser", "select", "input"]
    message: str = ""
    default_value: str | None = None
    options: tuple[Choice, ...] | None = None
    multiple: bool | None = None
    accept: str | None = None
    input_type: InputType | None = None
    """Of an ``input``: what it takes; ``list`` is a text with suggestions, which are the ``options``."""
    deadline: Timestamp | None = None
    closed: bool = False
    """True: it was answered, or is gone."""


class Waiting(Shape):
    """The run waits for a model that chooses the next step, or for an element; or it no longer waits."""

    type: Literal["waiting"] = "waiting"
    subject: Literal["model", "element"] | None
    """None: it waits no more."""
    since: Timestamp | None = None
    reason: str | None = None
    """Of an ``element``: why it cannot be used yet."""
    tokens: int | None = None
    """Of a ``model``: what it has used in this run so far."""
    cost: float | None = None
    """Of a ``model``: US dollars so far, where its price is known."""


class TestIdentified(Shape):
    """It has become known, or has changed, which test an attached run belongs to."""

    __test__ = False
    type: Literal["test_identified"] = "test_identified"
    test: AttachedTest


class ConsoleMessage(Shape):
    """The page warned of something, or something went wrong in it; only the first ones of each step are sent."""

    type: Literal["console"] = "console"
    number: int
    """That of its `ConsoleEntry`."""
    step: int
    """The step that had been begun last; 0 before the first."""
    level: Literal["error", "warning"]
    kind: Literal["console", "exception", "policy"]
    text: str
    unsent: int = 0
    """How many others of the run were not sent as events so far."""


class RequestFailed(Shape):
    """A request of the page was answered with an error, or not at all; as many at most as of ``console``."""

    type: Literal["request_failed"] = "request_failed"
    number: int
    """That of its `RequestEntry`."""
    step: int
    method: str
    url: str
    origin: str | None = None
    """Of the document that asked."""
    resource_type: str
    status: int | None = None
    """None where no answer came."""
    error: str | None = None
    """Why no answer came."""
    unsent: int = 0
    """How many others of the run were not sent as events so far."""


class Downloaded(Shape):
    """The page has downloaded a file, or was kept from it."""

    type: Literal["downloaded"] = "downloaded"
    number: int
    """Names it in its address, from 1."""
    step: int
    name: str
    url: str
    size: int | None = None
    """Bytes; None where it is not kept."""
    error: str | None = None
    """Why it is not kept."""


class CommentChanged(Shape):
    """A person has said something about the run, or has taken it back."""

    type: Literal["comment"] = "comment"
    comment: Comment
    removed: bool = False


class RunFinished(Shape):
    """The run has come to its one final status."""

    type: Literal["run_finished"] = "run_finished"
    status: RunStatus
    error: str | None = None
    failed_steps: int = 0
    """As `RunView.failed_steps`."""


Event = (
    StreamAvailable
    | RunState
    | StepProposed
    | TestStep
    | StepOverrideQueued
    | StepOverrideDropped
    | InstructionsUpdated
    | HelpNeeded
    | ControlChanged
    | CurtainChanged
    | Viewers
    | PageChanged
    | Dialog
    | Waiting
    | TestIdentified
    | ConsoleMessage
    | RequestFailed
    | Downloaded
    | CommentChanged
    | RunFinished
)
"""What is sent to every viewer, numbered, in one order."""


class Hello(Shape):
    """The run as it stands, for a client that has just come."""

    type: Literal["hello"] = "hello"
    role: Role
    protocol: int = PROTOCOL_VERSION
    viewer_id: str
    run: RunView
    dialogs: tuple[Dialog, ...] = ()
    page: PageChanged | None = None
    """The active page, once there is one."""
    help: HelpNeeded | None = None
    """What people are asked, while the run waits for their help."""
    waiting: Waiting | None = None
    """What the run waits for."""


class Ack(Shape):
    """A command was carried out."""

    type: Literal["ack"] = "ack"
    id: str | None = None


class ErrorReply(Shape):
    """A message was refused, with a code for programs and a sentence for people."""

    type: Literal["error"] = "error"
    id: str | None = None
    code: str
    message: str
    field: str | None = None


class StepReplay(Shape):
    """One step, as it was asked for."""

    type: Literal["step_replay"] = "step_replay"
    id: str | None = None
    step: Step


class Picked(Shape):
    """The element at a point of the picture."""

    type: Literal["picked"] = "picked"
    id: str | None = None
    selector: str
    role: str | None = None
    name: str | None = None
    text: str | None = None
    box: Box | None = None
    viewport: Size | None = None


class Copied(Shape):
    """The text that is selected in the page."""

    type: Literal["copied"] = "copied"
    id: str | None = None
    text: str
    """Empty where nothing is selected, or what is selected is not shown to people."""
    cut: bool = False
    """Whether it is longer than what is sent."""


class Pong(Shape):
    """The answer to ``ping``."""

    type: Literal["pong"] = "pong"
    id: str | None = None
    t: float | int | str | None = Field(default=None)


Reply = Hello | Ack | ErrorReply | StepReplay | Picked | Copied | Pong
"""What is sent to one viewer only; it carries the newest event's number and adds none."""


def envelope(body: Event | Reply, *, run_id: str, seq: int, at: str) -> dict[str, Any]:
    """Returns the message as it goes over the wire: ``type``, ``runId``, ``seq``, ``at`` and the body's own fields."""
    fields = body.dump()
    return {"type": fields.pop("type"), "runId": run_id, "seq": seq, "at": at, **fields}
