"""Log adapters: lines that name their run and viewer, and aiohttp's without credentials."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError


class LogContext(logging.LoggerAdapter[logging.Logger]):
    """Puts both ids in front of the line for people, and beside it, as ``run`` and ``viewer``, for machines."""

    def __init__(self, logger: logging.Logger, run_id: str, viewer_id: str | None = None) -> None:
        viewer = {"viewer": viewer_id} if viewer_id else {}
        super().__init__(logger, {"run": run_id, **viewer})
        self._prefix = f"[run {run_id}]" + (f" [viewer {viewer_id}]" if viewer_id else "")

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[str, MutableMapping[str, Any]]:  # noqa: ANN401 - as logging has it
        return f"{self._prefix} {msg}", {**kwargs, "extra": self.extra}


class HttpLog(logging.LoggerAdapter[logging.Logger]):
    """Shortens what aiohttp logs of a request that cannot be read, or whose sender goes too soon.

    aiohttp itself would log an error with its stack and the whole first line, credential included; anybody can cause
    that by the thousand.
    """

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401 - logging's own
        if isinstance(kwargs.get("exc_info"), HttpProcessingError | web.RequestPayloadError | ConnectionError):
            super().log(logging.DEBUG, "a request that cannot be read was refused")
        else:
            super().log(level, msg, *args, **kwargs)
