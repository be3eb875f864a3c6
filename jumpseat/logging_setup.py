"""Logging: one line an event, for people or for machines."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from control.protocol.shape import rfc3339
from control.user_info import for_log
from control.visible import visible

logger = logging.getLogger(__name__)

_NOISY = ("aioice", "aiohttp.access", "aiortc", "aiosqlite", "alembic", "asyncio", "libav", "websockets")
"""Libraries that log at INFO what only their authors want to know."""


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": for_log(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in ("run", "viewer") if hasattr(record, name)}
        if record.exc_info:
            line["error"] = for_log(self.formatException(record.exc_info))
        return json.dumps(line)


class _TextLine(logging.Formatter):
    """Writes one event for people; what a page has put into it stays within its lines."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(for_log(super().format(record)))


def configure_logging(level: str, format: str) -> None:
    """Sends everything from ``level`` up to stderr; ``format`` is ``text`` or ``json``."""
    handler = logging.StreamHandler(sys.stderr)
    text = _TextLine("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonLine() if format == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # The SDK words every failed attempt to connect as an error, and may put addresses with tokens into it.
    logging.getLogger("livekit").setLevel(logging.CRITICAL)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def pass_over_lost_peers(loop: asyncio.AbstractEventLoop) -> None:
    """Logs a viewer who has vanished at DEBUG only.

    aiortc sends in tasks that nobody awaits, and each that finds the connection gone would log a traceback.
    """

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, ConnectionError):
            logger.debug("a peer has gone: %s", error)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
