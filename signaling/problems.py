"""Refusals as ``application/problem+json`` (RFC 9457), and request bodies whose mistakes become such."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import HttpVersion11, web
from pydantic import BaseModel, ValidationError

from control.errors import Busy, JumpseatError, ProtocolError
from control.protocol.commands import explain
from control.protocol.wording import wording
from signaling.http.shapes import FieldProblem, ProblemDetails

logger = logging.getLogger(__name__)

CODE = web.ResponseKey("problem", str)
"""The key of a response under which a refusal keeps its code, for the metrics."""
BODY_SECONDS = web.AppKey("body_seconds", float)
"""How long the body of a request may take."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ShapeT = TypeVar("ShapeT", bound=BaseModel)

_STATUS = {
    "invalid": 422,
    "too_large": 413,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "control_held": 409,
    "not_holder": 409,
    "unsupported": 409,
    "rate_limited": 429,
    "busy": 503,
}
_CONTINUE = "100-continue"
_UNKNOWN_ADDRESS = "there is nothing at this address; see /docs for what there is"


class Problem(Exception):
    """A request is refused; raised by a handler, it becomes a problem document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, str | None]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """
        Args:
            status: of the HTTP answer.
            detail: one sentence for a person: what is wrong and what to do.
            code: the same codes as control messages have, for programs.
            errors: the fields that are wrong, each with ``field`` and ``message``.
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        details = ProblemDetails(
            type="about:blank",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            code=self.code or "",
            errors=tuple(FieldProblem.model_validate(each) for each in self.errors),
        )
        response = web.json_response(
            details.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            status=self.status,
            headers=self.headers,
            content_type="application/problem+json",
        )
        response[CODE] = self.code or ""
        return response


def from_code(code: str, message: str, *, field: str | None = None) -> Problem:
    """Returns the HTTP refusal for what a control message is refused with under this code."""
    errors = [{"field": field, "message": message.removeprefix(f"{field}: ")}] if field else ()
    return Problem(_STATUS.get(code, 500), message, code=code, errors=errors)


def from_error(error: JumpseatError) -> Problem:
    """Returns the HTTP refusal for an error of the run or of the run registry."""
    problem = from_code(error.code, str(error), field=error.field if isinstance(error, ProtocolError) else None)
    if isinstance(error, Busy):
        problem.headers["Retry-After"] = str(error.retry_after)
    return problem


def from_validation(error: ValidationError) -> Problem:
    """Returns 422 that names every field that is wrong."""
    first = explain(error)
    found = [_field_error(each) for each in error.errors(include_url=False, include_input=False)[:20]]
    return Problem(422, str(first), code="invalid", errors=found)


def _field_error(error: Any) -> dict[str, str | None]:  # noqa: ANN401 - pydantic's ErrorDetails
    named = error.get("ctx", {}).get("field")
    path = [str(part) for part in error["loc"]]
    if named and (not path or path[-1] != named):
        path.append(str(named))
    return {"field": ".".join(path) or None, "message": wording(error)}


def refuse_encoded(request: web.Request) -> None:
    """Raises Problem 415 for a content encoding (RFC 9110 §15.5.16): some kilobytes of one may be gigabytes of body."""
    encodings = ",".join(request.headers.getall("Content-Encoding", ())).split(",")
    if any(each.strip().lower() not in {"", "identity"} for each in encodings):
        detail = "send the body as it is: no Content-Encoding such as gzip is taken here"
        raise Problem(415, detail, headers={"Accept-Encoding": "identity"})


async def expect_nothing(request: web.Request) -> None:
    """Leaves ``Expect`` to `read_text`: a body is asked for once it is wanted. Raises 417 (RFC 9110 §10.1.1)."""
    if request.headers.get("Expect", "").lower() != _CONTINUE:
        raise web.HTTPExpectationFailed(text="Expect may only be 100-continue")


async def read_text(request: web.Request, *, limit: int) -> str:
    """Returns the body as UTF-8 text. Raises Problem 413 over ``limit`` bytes, 408, and 400."""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if request.headers.get("Expect", "").lower() == _CONTINUE and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # nothing of the answer itself has been sent
    body = bytearray()
    seconds = request.app[BODY_SECONDS]
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_chunked(65536):
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
        return body.decode()
    except TimeoutError:
        detail = f"the body has not come within {seconds:g} seconds: send it again"
        raise Problem(408, detail, headers={"Connection": "close"}) from None
    except (web.RequestPayloadError, ConnectionError):
        raise Problem(400, "the body is not what its headers say, or ends too soon", code="invalid") from None
    except UnicodeDecodeError:
        raise Problem(400, "the body is not UTF-8 text", code="invalid") from None


def _too_large(limit: int) -> Problem:
    # The rest of the body is not read, so the connection cannot be used again (RFC 9110 §15.5.14).
    return Problem(413, f"the body may have at most {limit} bytes", code="too_large", headers={"Connection": "close"})


async def read_json(request: web.Request, *, limit: int) -> str:
    """Returns the text of a JSON body. Raises Problem 413, 415 and 400."""
    if request.content_type != "application/json":
        raise Problem(415, "send the body as application/json", headers={"Accept": "application/json"})
    return await read_text(request, limit=limit)


async def read_shape(request: web.Request, shape: type[ShapeT], *, limit: int) -> ShapeT:
    """Returns the JSON body as a model. Raises Problem 400, 413, 415, and 422 naming every field that is wrong."""
    return parse_shape(await read_json(request, limit=limit), shape)


def parse_shape(text: str, shape: type[ShapeT]) -> ShapeT:
    """Returns the JSON text as a model. Raises Problem 400 or 422."""
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors()):
            raise Problem(400, "the body is not JSON", code="invalid") from None
        raise from_validation(error) from None


async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Calls the handler, and turns whatever it raises into a problem document without internals."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except JumpseatError as error:
        return from_error(error).response()
    except web.HTTPException as error:
        return _from_http(error).response()
    except ConnectionResetError:
        # The client has left before it was answered, which is no failure of ours; whatever is returned goes nowhere.
        logger.debug("%s %s: the client has left", request.method, request.path)
        return web.Response(status=499)
    except Exception:
        logger.error("%s %s has failed", request.method, request.path, exc_info=True)
        return Problem(500, "the server has failed at this; its log says why", code="internal").response()


def _from_http(error: web.HTTPException) -> Problem:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return _wrong_method(error)
    detail = _UNKNOWN_ADDRESS if error.status == 404 else (error.text or error.reason)
    return Problem(error.status, detail.removeprefix(f"{error.status}: "))


def _wrong_method(error: web.HTTPMethodNotAllowed) -> Problem:
    allowed = sorted(error.allowed_methods)
    detail = f"{error.method} does nothing at this address: use {' or '.join(allowed)}"
    return Problem(405, detail, headers={"Allow": ",".join(allowed)})
