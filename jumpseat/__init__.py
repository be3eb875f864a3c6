"""The front door: settings, the commands, and the building of the parts (closed in reverse).

A folder, not one file, because five commands, their settings and the doctor are more than one file should hold.
"""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """The ``jumpseat`` command. Its parts take a while to load, and Ctrl-C may come while they do."""
    try:
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
