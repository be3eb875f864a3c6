"""The writing of files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from runner.store.permissions import create_private_file, create_private_folder


def atomic_write(file: Path, data: bytes) -> None:
    """Writes a file that only this user may read, and makes its folder where it is missing.

    Raises OSError, and leaves nothing behind then.
    """
    create_private_folder(file.parent)
    part = file.with_name(f"{file.name}.part")
    try:
        create_private_file(part)
        part.write_bytes(data)
        os.replace(part, file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
