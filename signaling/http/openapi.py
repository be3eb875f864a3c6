"""The OpenAPI 3.1 description of the HTTP API and of the control messages.

``python -m signaling.http.openapi`` prints it; the player's TypeScript types are generated from that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any

from aiohttp import web

from signaling.http.attach import AttachApi
from signaling.http.audit import AuditApi
from signaling.http.description_page import STYLE, description_page
from signaling.http.health import Health
from signaling.http.instructions import InstructionsApi
from signaling.http.operations import Content, Operation, operations_of
from signaling.http.page_log import PageLogApi
from signaling.http.rest import RestApi
from signaling.http.schemas import component_schemas, reference, schema_of
from signaling.watching.recordings import RecordingApi
from signaling.watching.traces import TraceApi
from signaling.watching.whep import WhepEndpoint

DESCRIBED: tuple[type[object], ...] = (
    RestApi,
    PageLogApi,
    RecordingApi,
    TraceApi,
    AuditApi,
    InstructionsApi,
    AttachApi,
    WhepEndpoint,
    Health,
)
"""The classes whose handlers declare operations."""


class OpenApiPages:
    """``/openapi.json`` and ``/docs``."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/openapi.json", self.openapi),
            web.get("/docs", self.docs),
            web.get("/docs.css", self.style),
        ]

    async def openapi(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(describe))

    async def docs(self, request: web.Request) -> web.Response:
        return web.Response(text=description_page(operations()), content_type="text/html")

    async def style(self, request: web.Request) -> web.Response:
        return web.Response(text=STYLE, content_type="text/css")


def operations() -> list[Operation]:
    """Returns every operation of the HTTP API, in the order in which the handlers stand."""
    return [operation for endpoints in DESCRIBED for _, operation in operations_of(endpoints)]


@cache
def describe() -> dict[str, Any]:
    """Returns the OpenAPI 3.1 description, built from the handlers' declarations and the pydantic models.

    It is built once, when it is first asked for, as it takes a while: what is returned is shared, and not to be
    changed.
    """
    schemas = component_schemas(_contents())
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schemas)
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
            "schemas": schemas,
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


def _contents() -> Iterator[Content]:
    """Yields the content of every request and answer, with the kind of schema that it has."""
    for operation in operations():
        if operation.body:
            yield _in_request(operation.body)
        if operation.answer:
            yield _in_answer(operation.answer)


def _in_request(content: Content) -> Content:
    return replace(content, mode=content.mode or "validation")


def _in_answer(content: Content) -> Content:
    return replace(content, mode=content.mode or "serialization")


def _describe(operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.id,
        "parameters": [
            *(_path_parameter(name) for name in operation.path_parameters),
            *(
                {"name": each.name, "in": "query", "description": each.description, "schema": dict(each.schema)}
                for each in operation.query
            ),
        ],
        "responses": _responses(operation, schemas),
    }
    if operation.body:
        found["requestBody"] = {"required": True, "content": _media(_in_request(operation.body), schemas)}
    if operation.open:
        found["security"] = []
    return found


def _responses(operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": operation.summary}
    if operation.answer:
        success["content"] = _media(_in_answer(operation.answer), schemas)
    problem = {"application/problem+json": {"schema": reference("ProblemDetails")}}
    everywhere = () if operation.open else _EVERYWHERE
    late = (408,) if operation.body else ()
    refusals = sorted({*operation.refusals, *everywhere, *late})
    return {
        str(operation.status): success,
        **({"304": {"description": "What If-None-Match names is the newest still."}} if operation.conditional else {}),
        **{str(status): {"description": _REFUSALS[status], "content": problem} for status in refusals},
    }


def _media(content: Content, schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {media: {"schema": schema_of(content, schemas)} for media in (content.media, *content.others)}


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1} if name == "stepNumber" else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


_EVERYWHERE = (403, 429)
"""Refusals of every request that needs a credential: its page's origin or the name that the server was reached under is
not allowed, or too many wrong keys came from its address."""
_REFUSALS = {
    400: "The body cannot be read.",
    401: "The credential is missing, wrong, expired or revoked.",
    403: "The credential does not allow it, or the page's origin is not allowed.",
    404: "There is no such thing, or it is not yours.",
    408: "The body has not come in time.",
    409: "The run's state does not allow it now.",
    410: "It was there, and was removed to make room.",
    412: "If-Match is not the session's ETag.",
    413: "The body is too large.",
    415: "The body is of another type than is needed here, or has a content encoding.",
    416: "The range of bytes begins beyond the end.",
    422: "Something in the request is wrong; the fields are named.",
    428: "If-Match is missing from an ICE restart.",
    429: "Too often, or too many wrong keys from this address; see Retry-After.",
    503: "As many runs or viewers as there may be; see Retry-After.",
}

if __name__ == "__main__":
    json.dump(describe(), sys.stdout, indent=2)
