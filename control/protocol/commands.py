"""Client to server: every message that may be sent on any transport, and how one is read."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from control.errors import ProtocolError, TooLarge
from control.protocol.actions import Action, ActionType, Modifier, MouseButton
from control.protocol.models import Place
from control.protocol.shape import Shape, field_error
from control.protocol.wording import wording

MAX_MESSAGE_BYTES = 64 * 1024
_BROWSING: Final = (
    ActionType.BACK,
    ActionType.FORWARD,
    ActionType.RELOAD,
    ActionType.NAVIGATE,
    ActionType.NEW_TAB,
    ActionType.SWITCH_TAB,
    ActionType.CLOSE_TAB,
)


class _Command(Shape):
    """Base of everything that a client may send."""

    id: str | None = Field(default=None, max_length=128)
    """Chosen by the client; the answer carries it, and a command that comes twice is done once."""


class Pause(_Command):
    """Lets the step in flight end, and dispatches nothing more."""

    type: Literal["pause"] = "pause"


class Resume(_Command):
    """Ends a pause, or has a run that waits for help look again at what went wrong."""

    type: Literal["resume"] = "resume"


class StepOnce(_Command):
    """Does exactly one step, then pauses."""

    type: Literal["step"] = "step"


class Cancel(_Command):
    """Ends the run as cancelled."""

    type: Literal["cancel"] = "cancel"


class StepOverride(_Command):
    """Has this action done in place of the next step, or before it; several are done in order, one for each step."""

    type: Literal["step_override"] = "step_override"
    action: Action
    place: Place = "instead"
    """An expectation is not replaced by something else: that is done before it."""


class SkipStep(_Command):
    """Skips the step that is proposed, or the one that has failed."""

    type: Literal["skip_step"] = "skip_step"


class ApproveStep(_Command):
    """Approves the step that is proposed and waits for a person."""

    type: Literal["approve_step"] = "approve_step"
    proposal_id: str | None = None
    """Where given, only this proposal is approved, not one that has taken its place."""


class UpdateInstructions(_Command):
    """Replaces the instructions; the planner goes on from the new ones."""

    type: Literal["update_instructions"] = "update_instructions"
    instructions: str = Field(min_length=1, max_length=60_000)


FailedStep = Literal["retry", "done"]


class ReplayStep(_Command):
    """Asks for one step again; only its sender gets the answer."""

    type: Literal["replay_step"] = "replay_step"
    step_number: int = Field(ge=1)


class TakeControl(_Command):
    """Takes control of the page: the run waits, and the sender's input goes to the page."""

    type: Literal["take_control"] = "take_control"
    force: bool = False
    """An owner may take control from another person."""


class RequestControl(_Command):
    """Asks whoever holds control for it; they see who asks, and may hand it over."""

    type: Literal["request_control"] = "request_control"


class ReleaseControl(_Command):
    """Gives control back to the run, or hands it to another person."""

    type: Literal["release_control"] = "release_control"
    to: str | None = None
    """The viewer id of the person to hand control to."""
    failed_step: FailedStep | None = None
    """Whether the step that has failed is tried again, or was done by hand; None: as what the person did looks."""


class SetCurtain(_Command):
    """Shows everybody but the sender, who holds control, a still picture until control ends, or ends that."""

    type: Literal["set_curtain"] = "set_curtain"
    closed: bool


class LiftCovers(_Command):
    """Has live pictures show the fields that are covered in them, or covers these again."""

    type: Literal["lift_covers"] = "lift_covers"
    lifted: bool


InputKind = Literal[
    "move", "down", "up", "wheel", "key_down", "key_up", "text", "paste", "touch_start", "touch_move", "touch_end"
]


class _OnPicture(_Command):
    """Base of commands that name a point of the picture."""

    x: float = 0
    """Pixels from the left of the decoded picture."""
    y: float = 0
    """Pixels from the top of the decoded picture."""
    width: float = Field(default=0, ge=0)
    """The decoded picture's width, pixels; 0: ``x`` and ``y`` are CSS pixels of the page's viewport."""
    height: float = Field(default=0, ge=0)
    """The decoded picture's height, pixels."""


class Input(_OnPicture):
    """Carries what the holder of control does with pointer, wheel, keyboard or touch."""

    type: Literal["input"] = "input"
    kind: InputKind
    button: MouseButton = "left"
    click_count: int = Field(default=1, ge=0, le=3)
    delta_x: float = 0
    delta_y: float = 0
    key: str = Field(default="", max_length=32)
    """``KeyboardEvent.key``"""
    code: str = Field(default="", max_length=32)
    """``KeyboardEvent.code``"""
    text: str = Field(default="", max_length=32_768)
    repeat: bool = False
    modifiers: tuple[Modifier, ...] = ()


class Browse(_Command):
    """Has the holder of control do this at once, as with the buttons around a browser's page."""

    type: Literal["browse"] = "browse"
    action: Action

    @model_validator(mode="after")
    def _is_around_the_page(self) -> Self:
        if self.action.type not in _BROWSING:
            raise field_error("action", f"browse takes {', '.join(_BROWSING)}: anything else is input or an override")
        return self


class CopySelection(_Command):
    """Asks for the text that is selected in the page; only its sender, who holds control, gets the answer."""

    type: Literal["copy_selection"] = "copy_selection"


class AddComment(_Command):
    """Says something about the run, or an element that was picked, to everybody who watches and to the planner."""

    type: Literal["add_comment"] = "add_comment"
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    selector: str | None = Field(default=None, max_length=4096)
    """The element that it is about."""
    element: str | None = Field(default=None, max_length=200)
    """The same in words: ``button 'Pay now'``."""


class RemoveComment(_Command):
    """Takes a comment back: one's own, or any as the owner."""

    type: Literal["remove_comment"] = "remove_comment"
    number: int = Field(ge=1)


class Pick(_OnPicture):
    """Asks which element is at this point of the picture."""

    type: Literal["pick"] = "pick"


class FileContent(Shape):
    """One file for a file chooser."""

    name: str = Field(min_length=1, max_length=255)
    mime_type: str = "application/octet-stream"
    data: str
    """Base64."""


class AnswerDialog(_Command):
    """Answers a native dialog, a file chooser, a ``<select>`` or an ``<input>``: see the event ``dialog``."""

    type: Literal["answer_dialog"] = "answer_dialog"
    dialog_id: str
    accept: bool
    text: str | None = Field(default=None, max_length=10_000)
    values: tuple[str, ...] | None = None
    files: tuple[FileContent, ...] | None = None


class Ping(_Command):
    """Asks for a ``pong``, to measure the way there and back."""

    type: Literal["ping"] = "ping"
    t: float | int | str | None = None
    """Given back as it is."""


Command = (
    Pause
    | Resume
    | StepOnce
    | Cancel
    | StepOverride
    | SkipStep
    | ApproveStep
    | UpdateInstructions
    | ReplayStep
    | TakeControl
    | RequestControl
    | ReleaseControl
    | SetCurtain
    | LiftCovers
    | Input
    | Browse
    | CopySelection
    | AddComment
    | RemoveComment
    | Pick
    | AnswerDialog
    | Ping
)

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_MEMBERS_OF_UNIONS = {"str", "int", "float"}
"""What pydantic puts behind a field's name where the field may be one of several types."""

_COMMANDS: TypeAdapter[Command] = TypeAdapter(
    Annotated[Command, Field(discriminator="type")], config=ConfigDict(defer_build=True)
)


def in_words(command_type: str) -> str:
    """Returns a command's type as a sentence has it: ``take control`` for ``take_control``."""
    return command_type.replace("_", " ")


def parse(message: str | bytes, *, max_bytes: int = MAX_MESSAGE_BYTES) -> Command:
    """Returns the command in one message, JSON text. Raises ProtocolError, or TooLarge over ``max_bytes`` of UTF-8."""
    size = len(message) if isinstance(message, bytes) else len(message.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise TooLarge(f"a message may have at most {max_bytes} bytes, this one has {size}")
    try:
        # RFC 8259 §8.1: UTF-8 and nothing else; the parser by itself would guess, and let half surrogate pairs in.
        text = message.decode("utf-8") if isinstance(message, bytes) else message
        decoded = json.loads(text, parse_constant=_no_constant)
        _require_unicode(text, decoded)
    except (ValueError, RecursionError):
        raise ProtocolError("a message is one JSON object; this is not JSON") from None
    if not isinstance(decoded, dict):
        raise ProtocolError("a message is one JSON object, with a 'type'")
    return from_object(decoded)


def _no_constant(name: str) -> None:
    """Raises ValueError: JSON has no NaN and no Infinity (RFC 8259 §6)."""
    raise ValueError(name)


def _require_unicode(text: str, decoded: object) -> None:
    """Raises ValueError for half a surrogate pair, which nothing could store or send (RFC 8259 §8.2)."""
    if _SURROGATE.search(text):
        json.dumps(decoded, ensure_ascii=False).encode("utf-8")


def from_object(decoded: dict[str, Any]) -> Command:
    """Returns the command that this JSON object stands for. Raises ProtocolError naming the field that is wrong."""
    try:
        return _COMMANDS.validate_python(decoded)
    except ValidationError as error:
        id = decoded.get("id")
        raise explain(error, tagged=True, id=id if isinstance(id, str) and len(id) <= 128 else None) from None


def explain(error: ValidationError, *, tagged: bool = False, id: str | None = None) -> ProtocolError:
    """Returns one sentence for the first thing that is wrong, naming its field.

    ``tagged``: the error is of a union that ``type`` discriminates, whose tag pydantic puts before the field.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return ProtocolError("'type' is missing or names no message of ours; see docs/protocol.md", field="type", id=id)
    path = [str(part) for part in first["loc"][1 if tagged else 0 :] if part not in _MEMBERS_OF_UNIONS]
    named = first.get("ctx", {}).get("field")
    if named and (not path or path[-1] != named):
        path.append(str(named))
    field = ".".join(path) or None
    sentence = wording(first)
    return ProtocolError(f"{field}: {sentence}" if field else sentence, field=field, id=id)
