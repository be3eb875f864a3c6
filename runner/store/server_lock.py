"""The locks by which the server processes of a data directory are known to be alive: one file for each."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Self

from runner.store.permissions import FILE_MODE, create_private_folder


class ServerLock:
    """Stands for this process; the lock ends with the process, however that ends."""

    def __init__(self, folder: Path, id: str, descriptor: int) -> None:
        self.id = id
        self._folder = folder
        self._descriptor: int | None = descriptor

    @classmethod
    def register(cls, folder: Path) -> Self:
        """Makes and locks a file of a new id. Raises OSError."""
        create_private_folder(folder)
        id = secrets.token_urlsafe(16)
        descriptor = os.open(folder / id, os.O_RDWR | os.O_CREAT, FILE_MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return cls(folder, id, descriptor)

    def alive(self, id: str) -> bool | None:
        """Returns whether the process of that id still runs; removes the file of one that does not.

        Returns None for one that is not of this data directory: its lease in the database tells.
        """
        path = self._folder / id
        if not path.is_file():
            return None
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Removes the file and lets go of the lock. Safe to repeat."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            (self._folder / self.id).unlink(missing_ok=True)
            os.close(descriptor)
