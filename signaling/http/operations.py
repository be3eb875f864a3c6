"""HTTP operations, declared at their handlers: the route table and the OpenAPI description are both built from them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel
from pydantic.alias_generators import to_snake

HandlerT = TypeVar("HandlerT", bound=Callable[..., Awaitable[web.StreamResponse]])
Mode = Literal["validation", "serialization"]
"""Pydantic's two kinds of schema: what may be sent to the server, where fields with a default may be left out, and what
the server sends, where every field is there."""

READ = (401, 404)
"""Status codes with which a request that only reads one run may be refused."""
COMMAND = (401, 403, 404, 409)
"""Status codes with which a command without a body may be refused."""
COMMAND_WITH_BODY = (400, 401, 403, 404, 409, 413, 415, 422)
"""Status codes with which a command with a body may be refused."""

_DECLARED = "__http_operations__"
_PARAMETER = re.compile(r"{(\w+)}")
_NO_RUN_IDS = ("check", "file")
"""What stands for itself where paths otherwise have a run's id."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a request or of an answer."""

    media: str
    """Its content type."""
    shape: type[BaseModel] | str
    """A model, the name of a component schema, or ``string``."""
    mode: Mode | None = None
    """None: ``validation`` in a request, ``serialization`` in an answer."""
    others: tuple[str, ...] = ()
    """The content types that it may have instead."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query parameter."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    """JSON schema of its value."""


CLIENT = Query("client", "A random key of the client's own: the same one on every transport is one viewer.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path."""

    method: str
    path: str
    """As OpenAPI writes it: ``/api/tests/{runId}``."""
    id: str
    summary: str
    status: int
    answer: Content | None
    body: Content | None
    query: tuple[Query, ...]
    refusals: tuple[int, ...]
    open: bool
    """Needs no credential."""
    conditional: bool
    """Answers 304 to If-None-Match."""

    @property
    def path_parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)

    def route(self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.RouteDef:
        """The route to ``handler``; a path parameter ``{runId}`` is ``match_info["run_id"]`` there."""
        path = _PARAMETER.sub(lambda found: _pattern(found[1]), self.path)
        return web.get(path, handler) if self.method == "GET" else web.route(self.method, path, handler)


def operation(
    method: Literal["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
    path: str,
    summary: str,
    *,
    id: str,
    status: int = 200,
    answer: Content | None = None,
    body: Content | None = None,
    query: tuple[Query, ...] = (),
    refusals: tuple[int, ...] = READ,
    open: bool = False,
    conditional: bool = False,
) -> Callable[[HandlerT], HandlerT]:
    """Declares that the decorated method answers ``method`` on ``path``; a method may be declared for several.

    Args:
        summary: one sentence for people.
        id: the ``operationId``, by which generators of clients name their functions.
        status: of the answer where all is well.
        refusals: status codes of the problem documents that may be answered instead.
        open: whether no credential is needed.
        conditional: whether the answer has an ETag, and is 304 to a request that knows it.
    """
    declared = Operation(
        method=method,
        path=path,
        id=id,
        summary=summary,
        status=status,
        answer=answer,
        body=body,
        query=query,
        refusals=refusals,
        open=open,
        conditional=conditional,
    )

    def declare(handler: HandlerT) -> HandlerT:
        setattr(handler, _DECLARED, (declared, *getattr(handler, _DECLARED, ())))
        return handler

    return declare


def operations_of(endpoints: type[object]) -> Iterator[tuple[str, Operation]]:
    """Yields the operations that are declared at the methods of a class, each with its method's name."""
    for name, member in vars(endpoints).items():
        for declared in getattr(member, _DECLARED, ()):
            yield name, declared


def routes_of(endpoints: object) -> list[web.RouteDef]:
    """Returns a route for every operation that is declared at the methods of this object's class."""
    return [declared.route(getattr(endpoints, name)) for name, declared in operations_of(type(endpoints))]


def json_content(shape: type[BaseModel] | str, *, mode: Mode | None = None) -> Content:
    """JSON of this model, or of the component schema of this name."""
    return Content("application/json", shape, mode)


def text_content(media: str, *others: str) -> Content:
    """Text, or bytes, of one of these content types."""
    return Content(media, "string", others=others)


def _pattern(parameter: str) -> str:
    limits = {"stepNumber": r":\d{1,9}", "runId": rf":(?!(?:{'|'.join(_NO_RUN_IDS)})$)[^/]+"}
    return f"{{{to_snake(parameter)}{limits.get(parameter, '')}}}"
