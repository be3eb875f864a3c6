"""docs/protocol.md says what the code does: every message, field, shape, error code and example."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter

from control import errors
from control.event_log import EventLog
from control.protocol import actions
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol import models as shapes
from control.protocol.actions import ActionType
from control.protocol.commands import MAX_MESSAGE_BYTES
from control.protocol.models import RunStatus
from control.protocol.shape import Shape
from control.roles import Role, authorize
from control.run import Run
from signaling import problems
from signaling.connections import dispatcher
from tests.control.run_scenarios import ADA, OWNER, VIEWER, FakeClock

TEXT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
SERVER_MESSAGE: TypeAdapter[e.Event | e.Reply] = TypeAdapter(Annotated[e.Event | e.Reply, Field(discriminator="type")])


def parts(text: str, level: int) -> dict[str, str]:
    """What stands under each heading of this level, by heading."""
    pieces = re.split(rf"^{'#' * level} (.+)$", text, flags=re.MULTILINE)
    return {title.strip("`"): body for title, body in zip(pieces[1::2], pieces[2::2], strict=True)}


CHAPTERS = parts(TEXT, 2)
SHAPES: dict[str, type[Shape]] = {
    "Action": actions.Action,
    "Proposal": shapes.Proposal,
    "StepSummary": shapes.StepSummary,
    "Step": shapes.Step,
    "SourceLocation": shapes.SourceLocation,
    "ElementCall": shapes.ElementCall,
    "DialogAnswer": shapes.DialogAnswer,
    "Run": shapes.RunView,
    "AttachedClient": shapes.AttachedClient,
    "AttachedTest": shapes.AttachedTest,
    "SessionRef": shapes.SessionRef,
    "Control": shapes.Control,
    "Curtain": shapes.CurtainView,
    "Attention": shapes.Attention,
    "Comment": shapes.Comment,
    "Holder": shapes.Holder,
    "Watcher": shapes.Watcher,
    "Box": actions.Box,
    "Size": actions.Size,
    "Tab": e.Tab,
    "Choice": e.Choice,
    "File": c.FileContent,
}


def by_type(kinds: tuple[type[Shape], ...]) -> dict[str, type[Shape]]:
    return {kind.model_fields["type"].default: kind for kind in kinds}


COMMANDS = by_type(c.Command.__args__)
EVENTS = by_type(e.Event.__args__)
REPLIES = by_type(e.Reply.__args__)
CATALOGUES: list[tuple[str, dict[str, type[Shape]], set[str]]] = [
    ("Client to server", COMMANDS, {"type", "id"}),
    ("Server to client: events", EVENTS, {"type"}),
    ("Server to client: answers", REPLIES, {"type"}),
    ("Shapes", SHAPES, set()),
]
ENTRIES = [(chapter, name, kind, apart) for chapter, kinds, apart in CATALOGUES for name, kind in kinds.items()]


def table(text: str) -> list[list[str]]:
    """The cells of the first table's rows, without its head."""
    rows = re.search(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    lines = rows[0].splitlines()[2:] if rows else []
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def examples(text: str) -> list[Any]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)]


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


@pytest.mark.parametrize(("chapter", "kinds"), [(chapter, kinds) for chapter, kinds, _ in CATALOGUES])
def test_every_message_and_shape_has_its_section(chapter: str, kinds: dict[str, type[Shape]]) -> None:
    assert list(parts(CHAPTERS[chapter], 3)) == list(kinds)


@pytest.mark.parametrize(("chapter", "name", "kind", "apart"), ENTRIES, ids=[entry[1] for entry in ENTRIES])
def test_every_field_is_described(chapter: str, name: str, kind: type[Shape], apart: set[str]) -> None:
    fields = {field.alias or key for key, field in kind.model_fields.items()} - apart
    described = [row[0].strip("`") for row in table(parts(CHAPTERS[chapter], 3)[name])]
    assert sorted(described) == sorted(fields)


@pytest.mark.parametrize("type", COMMANDS)
def test_what_is_required_of_a_command_is_said(type: str) -> None:
    required = {field.alias or key for key, field in COMMANDS[type].model_fields.items() if field.is_required()}
    rows = table(parts(CHAPTERS["Client to server"], 3)[type])
    assert {row[0].strip("`") for row in rows if row[2] == "yes"} == required


@pytest.mark.parametrize("type", COMMANDS)
def test_the_examples_of_commands_are_read(type: str) -> None:
    found = examples(parts(CHAPTERS["Client to server"], 3)[type])
    assert found
    for example in found:
        command = c.parse(json.dumps(example))
        assert command.type == type
        assert example.keys() <= command.dump().keys()


@pytest.mark.parametrize("type", [*EVENTS, *REPLIES])
def test_the_examples_of_server_messages_are_whole(type: str) -> None:
    chapter = "Server to client: events" if type in EVENTS else "Server to client: answers"
    found = examples(parts(CHAPTERS[chapter], 3)[type])
    assert found
    for example in found:
        body = SERVER_MESSAGE.validate_python(example)
        assert body.type == type
        assert example == e.envelope(body, run_id=example["runId"], seq=example["seq"], at=example["at"])


def all_errors(base: type[errors.JumpseatError]) -> set[type[errors.JumpseatError]]:
    return {base}.union(*(all_errors(kind) for kind in base.__subclasses__()))


def test_every_error_code_is_explained() -> None:
    codes = {row[0].strip("`"): int(row[1]) for row in table(CHAPTERS["Error codes"])}
    ours = {kind.code for kind in all_errors(errors.JumpseatError) if kind.__module__ == errors.__name__}
    assert codes == {code: problems._STATUS.get(code, 500) for code in ours}


def test_the_roles_table_is_what_is_enforced() -> None:
    rows = {row[0].strip("`"): row[1] for row in table(CHAPTERS["Who may send what"])}
    assert list(rows) == list(Role)
    owners = names(rows["controller"].removeprefix("everything but"))
    for type in COMMANDS:
        authorize(OWNER, type)
        with pytest.raises(errors.Forbidden) if type in owners else nullcontext():
            authorize(ADA, type)
    for type in names(rows["viewer"]):
        authorize(VIEWER, type)
    for type in COMMANDS.keys() - names(rows["viewer"]):
        with pytest.raises(errors.Forbidden):
            authorize(VIEWER, type)


def test_every_status_and_action_type_is_named() -> None:
    assert {name for row in table(CHAPTERS["What a run does with commands"]) for name in names(row[0])} == set(
        RunStatus
    )
    types = next(row for row in table(parts(CHAPTERS["Shapes"], 3)["Action"]) if row[0] == "`type`")
    assert names(types[2]) == set(ActionType)


def test_the_limits_are_the_code_s() -> None:
    keeps = EventLog("run", clock=FakeClock())
    for _ in range(2001):
        keeps.append(e.Viewers(count=1))
    assert keeps.since(0) is None
    assert keeps.since(1) is not None
    assert "the newest 2000 are" in TEXT
    assert f"at most {MAX_MESSAGE_BYTES // 1024} KiB" in TEXT
    assert f"latest {dispatcher._IDS_PER_VIEWER} ids" in TEXT
    assert f"or {signature(Run).parameters['grace'].default.seconds} s after" in TEXT


def test_links_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", TEXT, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
