"""The description of the HTTP API: OpenAPI 3.1 for programs, and one page for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from control.protocol.actions import Action
from control.protocol.commands import Command
from control.protocol.events import Event, Reply
from control.protocol.models import NewRun, RunStatus, RunView, Step
from signaling.http.operations import OPERATIONS, Operation

_REF = "#/components/schemas/{model}"
_MODELS: tuple[type[BaseModel], ...] = (NewRun, RunView, Step, Action)
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
code{font:0.9em ui-monospace,monospace;background:#f1f3f5;padding:0.1em 0.3em;border-radius:3px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:0.4rem;
border-bottom:1px solid #dde1e6}@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e9ed}
code{background:#262b31}a{color:#8ab4ff}td,th{border-color:#333a42}}"""


@dataclass(frozen=True, slots=True)
class _Answer:
    """How an answer looks in the description."""

    status: str
    description: str
    content: Mapping[str, Any] | None


class OpenApiPages:
    """``/openapi.json`` and ``/docs``."""

    def __init__(self) -> None:
        self._description = describe()
        self._page = _page()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/openapi.json", self.openapi),
            web.get("/docs", self.docs),
            web.get("/docs.css", self.style),
        ]

    async def openapi(self, request: web.Request) -> web.Response:
        return web.json_response(self._description)

    async def docs(self, request: web.Request) -> web.Response:
        return web.Response(text=self._page, content_type="text/html")

    async def style(self, request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css")


def describe() -> dict[str, Any]:
    """The OpenAPI 3.1 description, from the shapes themselves."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jumpseat",
            "version": version("jumpseat"),
            "description": "Watch a browser test live, and steer it.",
        },
        "security": [{"bearer": []}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key or a share token."},
                "token": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "The same, where a header cannot be set.",
                },
            },
        },
    }


def _schemas() -> dict[str, Any]:
    models = [*_MODELS, *Command.__args__, *Event.__args__, *Reply.__args__]
    wanted = [
        (model, "validation" if model is NewRun or model in Command.__args__ else "serialization") for model in models
    ]
    _, definitions = models_json_schema(wanted, by_alias=True, ref_template=_REF)  # type: ignore[arg-type]
    schemas: dict[str, Any] = definitions.get("$defs", {})
    schemas["Run"] = {"$ref": _REF.format(model="RunView")}
    schemas["ControlMessage"] = {"oneOf": [_ref(model.__name__) for model in Command.__args__]}
    schemas["Problem"] = _PROBLEM
    return schemas | _SMALL


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.id,
        "parameters": [*_path_parameters(operation.path), *operation.query],
        "responses": {each.status: _response(each) for each in _answers(operation)},
    }
    if operation.body:
        media, schema = operation.body
        found["requestBody"] = {"required": True, "content": {media: {"schema": _schema(schema)}}}
    if operation.open:
        found["security"] = []
    return found


def _answers(operation: Operation) -> list[_Answer]:
    content = {operation.media: {"schema": _schema(operation.answer)}} if operation.answer else None
    good = _Answer(str(operation.status), operation.summary, content)
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    everywhere = () if operation.open else _EVERYWHERE
    refusals = sorted({*operation.refusals, *everywhere})
    return [good, *(_Answer(str(status), _REFUSALS[status], problem) for status in refusals)]


def _response(answer: _Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.description}
    if answer.content:
        found["content"] = answer.content
    return found


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [_path_parameter(name) for name in re.findall(r"{(\w+)}", path)]


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1} if name == "stepNumber" else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _schema(name: str) -> dict[str, Any]:
    return {"type": "string"} if name == "string" else _ref(name)


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": _REF.format(model=name)}


def _object(required: tuple[str, ...] | None = None, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    names = list(properties) if required is None else list(required)
    return {"type": "object", "required": names, "properties": properties}


_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_PROBLEM = _object(
    ("type", "title", "status", "detail"),
    type=_TEXT,
    title=_TEXT,
    status={"type": "integer"},
    detail={"type": "string", "description": "What is wrong, and what to do."},
    code={"type": "string", "description": "The same codes as control messages have."},
    errors={"type": "array", "items": _object(field=_TEXT_OR_NULL, message=_TEXT)},
)
_SMALL = {
    "RunList": _object(runs={"type": "array", "items": _ref("RunView")}, nextCursor=_TEXT_OR_NULL),
    "Steps": _object(steps={"type": "array", "items": _ref("Step")}),
    "OneStep": _object(step=_ref("Step")),
    "Status": _object(status={"type": "string", "enum": [status.value for status in RunStatus]}),
    "OverrideStep": _object(action=_ref("Action")),
    "NewInstructions": _object(instructions={"type": "string", "minLength": 1, "maxLength": 60_000}),
    "Message": {"type": "object", "required": ["type", "runId", "seq", "at"], "properties": {"type": _TEXT}},
    "TokenRequest": _object(
        ("role",),
        role={"type": "string", "enum": ["viewer", "controller"]},
        ttlSeconds={"type": "integer", "minimum": 1, "maximum": 30 * 24 * 3600, "default": 3600},
    ),
    "ShareToken": _object(id=_TEXT, role=_TEXT, token=_TEXT, watchUrl=_TEXT, expiresAt=_TEXT),
    "Stream": _object(
        streamUrl=_TEXT,
        mjpegUrl=_TEXT,
        whepUrl=_TEXT,
        controlUrl=_TEXT,
        iceServers={"type": "array", "items": {"type": "object"}},
        livekitUrl=_TEXT_OR_NULL,
        token=_TEXT_OR_NULL,
        viewerToken=_TEXT,
        expiresAt=_TEXT,
    ),
    "Health": _object(("status",), status=_TEXT, checks={"type": "object", "additionalProperties": _TEXT}),
}
_EVERYWHERE = (403, 429)
"""Of every request that needs a credential: a page or a name that is not ours, and too many wrong keys."""
_REFUSALS = {
    400: "The body cannot be read.",
    401: "The credential is missing, wrong, expired or revoked.",
    403: "The credential does not allow it, or the page's origin is not allowed.",
    404: "There is no such thing, or it is not yours.",
    409: "The run's state does not allow it now.",
    410: "It was there, and was removed to make room.",
    412: "If-Match is not the session's ETag.",
    413: "The body is too large.",
    415: "The body is of another type than is needed here.",
    422: "Something in the request is wrong; the fields are named.",
    428: "If-Match is missing.",
    429: "Too often, or too many wrong keys from this address; see Retry-After.",
    503: "As many runs or viewers as there may be; see Retry-After.",
}


def _page() -> str:
    rows = "\n".join(_row(operation) for operation in OPERATIONS)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>jumpseat: the HTTP API</title>
<link rel="stylesheet" href="/docs.css">
<h1>The HTTP API</h1>
<p>Send an API key or a share token as <code>Authorization: Bearer …</code>, or as <code>?token=…</code> where a header
cannot be set. Errors are <code>application/problem+json</code> with a <code>detail</code> that says what to do.
The full description, with every shape, is <a href="/openapi.json">/openapi.json</a>.</p>
<table>
<tr><th>Request</th><th>What it does</th><th>Body</th><th>Answer</th></tr>
{rows}
</table>
</html>
"""


def _row(operation: Operation) -> str:
    query = "&".join(f"{parameter['name']}=" for parameter in operation.query)
    address = escape(operation.path + (f"?{query}" if query else ""))
    body = escape(operation.body[1]) if operation.body else ""
    return (
        f"<tr><td><code>{operation.method.upper()} {address}</code></td><td>{escape(operation.summary)}</td>"
        f"<td>{body}</td><td>{operation.status} {escape(operation.answer)}</td></tr>"
    )
