"""Conditional requests (RFC 9110 §13): who has the newest answer already gets 304 and no body."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aiohttp import web


def matches_etag(request: web.Request, etag: str) -> bool:
    """Returns whether If-None-Match names this quoted entity tag, or with ``*`` any (RFC 9110 §13.1.2)."""
    return any(tag.value in {"*", etag.strip('"')} for tag in request.if_none_match or ())


def json_or_not_modified(request: web.Request, body: dict[str, Any]) -> web.Response:
    """Returns the body with an entity tag of its content, or 304 where the client has the same."""
    text = json.dumps(body)
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag}
    if matches_etag(request, etag):
        return web.Response(status=304, headers=headers)
    return web.json_response(text=text, headers=headers)
