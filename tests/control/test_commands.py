"""Reading messages: every type, and every way to get one wrong."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.errors import ProtocolError, TooLarge
from control.protocol import commands as c
from control.protocol.actions import Action, ActionType

CLICK = {"type": "click", "selector": "#pay"}
MESSAGES: list[tuple[dict[str, Any], c.Command]] = [
    ({"type": "pause"}, c.Pause()),
    ({"type": "resume", "id": "7"}, c.Resume(id="7")),
    ({"type": "step"}, c.StepOnce()),
    ({"type": "cancel"}, c.Cancel()),
    ({"type": "step_override", "action": CLICK}, c.StepOverride(action=Action(type=ActionType.CLICK, selector="#pay"))),
    ({"type": "skip_step"}, c.SkipStep()),
    ({"type": "approve_step", "proposalId": "p"}, c.ApproveStep(proposal_id="p")),
    ({"type": "update_instructions", "instructions": "Buy."}, c.UpdateInstructions(instructions="Buy.")),
    ({"type": "replay_step", "stepNumber": 5}, c.ReplayStep(step_number=5)),
    ({"type": "take_control", "force": True}, c.TakeControl(force=True)),
    ({"type": "request_control"}, c.RequestControl()),
    ({"type": "release_control", "to": "v"}, c.ReleaseControl(to="v")),
    (
        {"type": "input", "kind": "down", "x": 1.5, "y": 2, "width": 640, "height": 360, "clickCount": 2},
        c.Input(kind="down", x=1.5, y=2, width=640, height=360, click_count=2),
    ),
    (
        {"type": "input", "kind": "key_down", "key": "A", "code": "KeyA", "modifiers": ["Shift"], "repeat": True},
        c.Input(kind="key_down", key="A", code="KeyA", modifiers=("Shift",), repeat=True),
    ),
    ({"type": "pick", "x": 3, "y": 4}, c.Pick(x=3, y=4)),
    (
        {"type": "answer_dialog", "dialogId": "d", "accept": True, "files": [{"name": "a.txt", "data": "YQ=="}]},
        c.AnswerDialog(dialog_id="d", accept=True, files=(c.FileContent(name="a.txt", data="YQ=="),)),
    ),
    (
        {"type": "browse", "action": {"type": "navigate", "value": "/cart"}},
        c.Browse(action=Action(type=ActionType.NAVIGATE, value="/cart")),
    ),
    ({"type": "copy_selection", "id": "7"}, c.CopySelection(id="7")),
    ({"type": "add_comment", "text": " Why? ", "selector": "#pay"}, c.AddComment(text="Why?", selector="#pay")),
    ({"type": "remove_comment", "number": 2}, c.RemoveComment(number=2)),
    ({"type": "set_curtain", "closed": True}, c.SetCurtain(closed=True)),
    ({"type": "lift_covers", "lifted": False}, c.LiftCovers(lifted=False)),
    ({"type": "ping", "t": 12.5}, c.Ping(t=12.5)),
]


@pytest.mark.parametrize(
    ("message", "command"), MESSAGES, ids=lambda value: value.get("type") if isinstance(value, dict) else ""
)
def test_every_message_is_read(message: dict[str, Any], command: c.Command) -> None:
    text = json.dumps(message)
    assert c.parse(text) == c.parse(text.encode()) == command


def test_no_message_type_is_left_out() -> None:
    assert {type(command) for _, command in MESSAGES} == set(c.Command.__args__)


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert c.parse('{"type": "pause", "mood": "good"}') == c.Pause()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        b"\xff\xfe\x00",
        "[" * 5000,
        '{"type": "pause"} {}',
        '"pause"',
        "null",
        "17",
        '[{"type": "pause"}]',
        '{"type": "ping", "t": NaN}',
        '{"type": "ping", "t": -Infinity}',
        r'{"type": "ping", "t": "\ud800"}',
        r'{"type": "paws", "id": "\uDC00"}',
        '{"type": "ping", "t": "\ud800"}',
        rb'{"type": "ping", "t": "\ud800"}',
    ],
)
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(ProtocolError, match="one JSON object") as refusal:
        c.parse(text)
    assert refusal.value.code == "invalid"


@pytest.mark.parametrize(
    ("message", "field", "why"),
    [
        ({}, "type", "'type' is missing or names no message of ours; see docs/protocol.md"),
        ({"type": "paws"}, "type", "'type' is missing or names no message of ours; see docs/protocol.md"),
        ({"type": 4}, "type", "'type' is missing or names no message of ours; see docs/protocol.md"),
        ({"type": "step_override"}, "action", "action: Field required"),
        (
            {"type": "step_override", "action": {"type": "click"}},
            "action.selector",
            "action.selector: click needs 'selector'",
        ),
        ({"type": "step_override", "action": {"type": "press"}}, "action.value", "action.value: press needs 'value'"),
        ({"type": "step_override", "action": {"selector": "#a"}}, "action.type", "action.type: Field required"),
        ({"type": "replay_step", "stepNumber": 0}, "stepNumber", None),
        ({"type": "replay_step"}, "stepNumber", "stepNumber: Field required"),
        ({"type": "update_instructions", "instructions": ""}, "instructions", None),
        ({"type": "update_instructions", "instructions": "a" * 60_001}, "instructions", None),
        ({"type": "input", "kind": "dance"}, "kind", None),
        ({"type": "input", "kind": "key_down", "modifiers": ["Hyper"]}, "modifiers.0", None),
        ({"type": "answer_dialog", "dialogId": "d", "accept": True, "files": [{"name": ""}]}, "files.0.name", None),
        ({"type": "pause", "id": "a" * 129}, "id", None),
        ({"type": "pause", "id": {"a": 1}}, "id", None),
        ({"type": "step_override", "action": {**CLICK, "value": []}}, "action.value", None),
    ],
)
def test_a_field_that_is_wrong_is_named(message: dict[str, Any], field: str, why: str | None) -> None:
    with pytest.raises(ProtocolError) as refusal:
        c.parse(json.dumps(message))
    assert refusal.value.field == field
    assert str(refusal.value) == why if why else str(refusal.value).startswith(f"{field}: ")


def test_the_unknown_action_type_is_named() -> None:
    with pytest.raises(ProtocolError, match=r"^action\.type: .*'double_click'"):
        c.parse('{"type": "step_override", "action": {"type": "smash"}}')


@pytest.mark.parametrize("text", ['{"type": "ping", "t": 1e999}', '{"type": "input", "kind": "move", "x": -1e999}'])
def test_a_number_beyond_all_bounds_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        c.parse(text)
    assert refusal.value.field in {"t", "x"}


def test_text_beyond_the_basic_plane_is_read() -> None:
    assert c.parse(r'{"type": "ping", "t": "\ud83d\ude00"}') == c.Ping(t="\U0001f600")


@pytest.mark.parametrize(("id", "carried"), [("7", "7"), ("a" * 129, None), (7, None)])
def test_an_error_carries_the_id_that_could_be_read(id: object, carried: str | None) -> None:
    with pytest.raises(ProtocolError) as refusal:
        c.parse(json.dumps({"type": "paws", "id": id}))
    assert refusal.value.id == carried


@pytest.mark.parametrize("filler", ["a", "ä", "\U0001f600"])
def test_a_message_over_64_kib_is_refused_by_its_bytes(filler: str) -> None:
    message = '{"type": "ping", "t": "%s"}'
    room = c.MAX_MESSAGE_BYTES - len(message % "")
    fits = message % (filler * (room // len(filler.encode())))
    assert isinstance(c.parse(fits), c.Ping)
    for text in (fits + " " * 4, (fits + " " * 4).encode()):
        with pytest.raises(TooLarge) as refusal:
            c.parse(text)
        assert refusal.value.code == "too_large"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "action", "stepNumber", "instructions", "to", "force", "kind", "x", "modifiers", "files", "t"]
)


@given(st.text() | st.binary())
def test_any_text_is_a_command_or_a_protocol_error(text: str | bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert isinstance(c.parse(text), c.Ping)


@given(st.sampled_from([message["type"] for message, _ in MESSAGES]), st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_fields_make_a_command_or_a_protocol_error(type: str, fields: dict[str, Any]) -> None:
    with contextlib.suppress(ProtocolError):
        assert c.parse(json.dumps({**fields, "type": type})).type == type
