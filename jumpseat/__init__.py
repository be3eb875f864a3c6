"""The front door: settings, the commands, and the building of the parts (closed in reverse).

A folder, not one file, because five commands, their settings and the doctor are more than one file should hold.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """The ``jumpseat`` command. Its parts take a while to load, and Ctrl-C may come while they do."""
    try:
        from jumpseat.commands import main as command  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(130)
    command()
