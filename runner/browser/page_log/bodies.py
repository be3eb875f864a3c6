"""The bodies of requests and of their answers: texts alone, bounded, without what a name says is secret."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from email.message import Message
from typing import Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Request, Response

from control.protocol.page_log import HttpBody
from control.secrets import MASK

MOST_CHARACTERS: Final = 32_000
"""Of one body that are kept."""
MOST_OF_RUN: Final = 4_000_000
"""Characters of all bodies of a run together."""
_MOST_BYTES: Final = 1_000_000
"""A larger one is not even asked for."""
_MOST_READ: Final = 4 * MOST_CHARACTERS
_SECONDS: Final = 5.0
_TEXT: Final = re.compile(r"text/.*|application/(.*\+)?(json|xml|javascript|graphql|x-www-form-urlencoded|x-ndjson)")
_SECRET_NAME: Final = r"[\w.-]*(?:passw|secret|token|authori|cookie|session|credential|api[-_]?key)[\w.-]*"
_IN_JSON: Final = re.compile(rf'("{_SECRET_NAME}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\d.]+)', re.IGNORECASE)
_IN_FORM: Final = re.compile(rf"((?:^|&){_SECRET_NAME}=)([^&\s]*)", re.IGNORECASE)


class Bodies:
    """Reads bodies until a run has as many as are kept."""

    def __init__(self) -> None:
        self._left = MOST_OF_RUN

    async def of(self, request: Request) -> tuple[HttpBody | None, HttpBody | None]:
        """Returns what was sent and what was answered; None where there is none."""
        return self._sent(request), await self._answered(request)

    def _sent(self, request: Request) -> HttpBody | None:
        data = request.post_data_buffer
        return None if not data else self._kept(data, request.headers.get("content-type", "text/plain"))

    async def _answered(self, request: Request) -> HttpBody | None:
        response = request.existing_response
        if response is None or response.status in {101, 204, 304} or 300 <= response.status < 400:
            return None
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._read(request, response)
        except (PlaywrightError, TimeoutError):
            return HttpBody(left_out="the browser does not have it any more")

    async def _read(self, request: Request, response: Response) -> HttpBody | None:
        kind = response.headers.get("content-type", "")
        if not _TEXT.fullmatch(_mime(kind)):
            return HttpBody(left_out=f"it is no text ({_mime(kind)[:100] or 'of no type'})")
        size = (await request.sizes())["responseBodySize"]
        if not size:
            return None
        if size > _MOST_BYTES:
            return HttpBody(size=size, left_out=f"it is larger than {_MOST_BYTES // 1_000_000} MB")
        data = await response.body()
        return self._kept(data, kind) if data else None

    def _kept(self, data: bytes, content_type: str) -> HttpBody:
        """Returns as much of it as there is room for."""
        size = len(data)
        is_whole = size <= _MOST_READ
        text = _decoded(data[:_MOST_READ], _charset(content_type), is_whole=is_whole)
        if text is None:
            return HttpBody(size=size, left_out="it is no text")
        if self._left <= 0:
            return HttpBody(size=size, left_out=f"a run keeps {MOST_OF_RUN // 1_000_000} million characters of bodies")
        kept = text[: min(MOST_CHARACTERS, self._left)]
        self._left -= len(kept)
        return HttpBody(text=_without_secrets(kept), size=size, cut=not is_whole or len(kept) < len(text))


def _without_secrets(text: str) -> str:
    """Returns the text with dots for what JSON or a form calls by the name of a secret."""
    return _IN_FORM.sub(rf"\1{MASK}", _IN_JSON.sub(rf'\1"{MASK}"', text))


def _decoded(data: bytes, charset: str, *, is_whole: bool) -> str | None:
    """Returns the text; browsers give an answer's as UTF-8 however it was sent. What is cut may end anywhere."""
    for name in ("utf-8", charset):
        with suppress(UnicodeError, LookupError):
            return data.decode(name, "strict" if is_whole else "ignore")
    return None


def _mime(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _charset(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    return message.get_content_charset("utf-8")
