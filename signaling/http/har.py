"""A run's requests as an HTTP Archive: HAR 1.2, as browsers' tools read and write it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from control.protocol.page_log import HttpBody, HttpHeader, RequestEntry
from control.protocol.shape import rfc3339

_VERSION = "HTTP/1.1"
"""Browsers do not tell it beside each request, and the format needs one."""


def har_of(requests: Iterable[RequestEntry]) -> dict[str, Any]:
    """Returns the archive, with such bodies as are kept and without cookies; what is not known is -1, as HAR has it."""
    creator = {"name": "jumpseat", "version": version("jumpseat")}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(each) for each in requests]}}


def _entry(request: RequestEntry) -> dict[str, Any]:
    took = max(0, request.duration_ms or 0)
    return {
        "startedDateTime": rfc3339(request.at),
        "time": took,
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": _VERSION,
            "cookies": [],
            "headers": _headers(request.request_headers),
            "queryString": _query(request.url),
            "headersSize": -1,
            "bodySize": -1,
            **_posted(request),
        },
        "response": _response(request),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_step": request.step,
        "_resourceType": request.resource_type,
    }


def _response(request: RequestEntry) -> dict[str, Any]:
    headers = {each.name.lower(): each.value for each in request.response_headers}
    response: dict[str, Any] = {
        "status": request.status or 0,
        "statusText": request.status_text,
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _headers(request.response_headers),
        "content": {
            "size": _size(headers.get("content-length")),
            "mimeType": headers.get("content-type", "x-unknown"),
            **_text(request.response_body),
        },
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": -1,
    }
    return response | ({"_failureText": request.error} if request.error is not None else {})


def _posted(request: RequestEntry) -> dict[str, Any]:
    if request.request_body is None:
        return {}
    headers = {each.name.lower(): each.value for each in request.request_headers}
    text = {"text": "", **_text(request.request_body)}
    return {"postData": {"mimeType": headers.get("content-type", "x-unknown"), "params": [], **text}}


def _text(body: HttpBody | None) -> dict[str, str]:
    """Returns the fields for a body; a comment says what of it is not there."""
    if body is None:
        return {}
    comment = "only its beginning" if body.cut else body.left_out
    fields = {"text": body.text, "comment": comment}
    return {name: value for name, value in fields.items() if value is not None}


def _headers(headers: Iterable[HttpHeader]) -> list[dict[str, str]]:
    return [{"name": each.name, "value": each.value} for each in headers]


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _size(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else -1
