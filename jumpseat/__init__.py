"""The front door: settings, the commands, the building of the parts (closed in reverse), and the client of the API.

What is public is loaded when it is first used: ``import jumpseat`` loads nothing, and ``from jumpseat import Client``
loads no browser, codec or server.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jumpseat.client import Client, Message, RunList, ShareToken, StreamInfo
    from jumpseat.client_errors import (
        ClientError,
        InvalidAddress,
        InvalidRequest,
        NotAuthenticated,
        NotPermitted,
        NotThere,
        RequestRefused,
        ServerUnreachable,
        StateConflict,
        TryLater,
        UnexpectedAnswer,
    )

__all__ = [
    "Client",
    "ClientError",
    "InvalidAddress",
    "InvalidRequest",
    "Message",
    "NotAuthenticated",
    "NotPermitted",
    "NotThere",
    "RequestRefused",
    "RunList",
    "ServerUnreachable",
    "ShareToken",
    "StateConflict",
    "StreamInfo",
    "TryLater",
    "UnexpectedAnswer",
    "__version__",
    "main",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("jumpseat")
    if name not in __all__:
        raise AttributeError(f"module 'jumpseat' has no attribute {name!r}")
    errors = import_module("jumpseat.client_errors")
    return getattr(errors if hasattr(errors, name) else import_module("jumpseat.client"), name)


def main() -> None:
    """The ``jumpseat`` command. Its parts take a while to load, and Ctrl-C may come while they do."""
    try:
        from jumpseat.loading import loading  # noqa: PLC0415

        with loading():
            from jumpseat.cli import main as command  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        command()
    except SystemExit as leaving:
        _leave(leaving)


def _leave(leaving: SystemExit) -> None:
    """LiveKit's native threads call Python at any moment; one that does while the interpreter ends aborts it all."""
    if "livekit.rtc" in sys.modules and isinstance(leaving.code, int):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(leaving.code)
    raise leaving
