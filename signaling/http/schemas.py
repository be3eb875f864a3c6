"""The component schemas of the OpenAPI description: every body of the HTTP API, and every control message both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from control.protocol.commands import Command
from control.protocol.events import Event, Reply
from signaling.http.field_docs import DocumentedJsonSchema
from signaling.http.operations import Content, Mode
from signaling.http.shapes import ProblemDetails

_REFERENCE = "#/components/schemas/{model}"
_COMMANDS: tuple[type[BaseModel], ...] = get_args(Command)
_EVENTS: tuple[type[BaseModel], ...] = get_args(Event)
_REPLIES: tuple[type[BaseModel], ...] = get_args(Reply)
_OUTPUT = "Output"
CLIENT_MESSAGE = "ClientMessage"
SERVER_MESSAGE = "ServerMessage"


def component_schemas(contents: Iterable[Content]) -> dict[str, Any]:
    """Returns the schemas, by name, of the control messages and of the models in ``contents``, whose modes are set.

    Where what may be sent differs from what is answered, as with ``Action``, the first has the model's name, and the
    second has ``Output`` behind it.
    """
    wanted: dict[tuple[type[BaseModel], Mode], None] = {
        **dict.fromkeys(_in_mode(_COMMANDS, "validation")),
        **dict.fromkeys(_in_mode((ProblemDetails,), "validation")),
        **dict.fromkeys(_in_mode((*_EVENTS, *_REPLIES), "serialization")),
        **{(each.shape, each.mode or "serialization"): None for each in contents if not isinstance(each.shape, str)},
    }
    _, definitions = models_json_schema(
        tuple(wanted), by_alias=True, ref_template=_REFERENCE, schema_generator=DocumentedJsonSchema
    )
    schemas: dict[str, Any] = _renamed(definitions["$defs"])
    for model in _COMMANDS:
        # Each kind of message has its ``type`` as a default, for Python's sake; on the wire it tells them apart.
        schemas[model.__name__]["required"] = ["type", *schemas[model.__name__].get("required", ())]
    return schemas | {
        "Run": reference("RunView"),
        CLIENT_MESSAGE: _one_of(_COMMANDS) | {"description": "What a client may send, on any transport."},
        "Event": _one_of(_EVENTS) | {"description": "What every viewer is sent; each takes the next number."},
        "Reply": _one_of(_REPLIES) | {"description": "What one client is sent; takes no number."},
        "Envelope": _ENVELOPE,
        SERVER_MESSAGE: {
            "description": "What the server sends, on any transport.",
            "allOf": [reference("Envelope"), {"oneOf": [reference("Event"), reference("Reply")]}],
        },
    }


def schema_of(content: Content, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the schema of a request or an answer, by reference where it is one of the component ``schemas``."""
    name = shape_name(content.shape)
    if name == "string":
        return {"type": "string"}
    output = f"{name}{_OUTPUT}"
    return reference(output if content.mode == "serialization" and output in schemas else name)


def reference(name: str) -> dict[str, Any]:
    """Returns a reference to the component schema of this name."""
    return {"$ref": _REFERENCE.format(model=name)}


def shape_name(shape: type[BaseModel] | str) -> str:
    """Returns the name of a shape's component schema."""
    return shape if isinstance(shape, str) else shape.__name__


def _in_mode(models: Iterable[type[BaseModel]], mode: Mode) -> list[tuple[type[BaseModel], Mode]]:
    return [(model, mode) for model in models]


def _one_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    return {"oneOf": [reference(model.__name__) for model in models]}


def _renamed(definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions with `_OUTPUT` for pydantic's ``-Output`` and nothing for its ``-Input`` in names and references.

    Pydantic's titles, which repeat the names, are left out.
    """
    names = {name: name.removesuffix("-Input").replace("-Output", _OUTPUT) for name in definitions}
    references = {_REFERENCE.format(model=old): _REFERENCE.format(model=new) for old, new in names.items()}

    def rename(node: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(node, dict):
            return {
                key: references.get(value, value) if key == "$ref" and isinstance(value, str) else rename(value)
                for key, value in node.items()
                if not (key == "title" and isinstance(value, str))
            }
        return [rename(each) for each in node] if isinstance(node, list) else node

    return {names[name]: rename(schema) for name, schema in definitions.items()}


_ENVELOPE = {
    "type": "object",
    "description": "The fields that stand in front of every message from the server.",
    "required": ["runId", "seq", "at"],
    "properties": {
        "runId": {"type": "string"},
        "seq": {
            "type": "integer",
            "description": "An event's own number; on a reply, the number of the newest event.",
        },
        "at": {"type": "string", "description": "When the event happened, or the reply was made."},
    },
}
