"""Files and folders that only the server's own user may read: runs hold what people type, and pictures of it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

logger = logging.getLogger(__name__)

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077


def create_private_folder(folder: Path) -> None:
    """Makes the folder and what is missing above it; leaves those that are there as they are. Raises OSError."""
    missing = [folder, *folder.parents]
    for each in reversed([path for path in missing if not path.is_dir()]):
        each.mkdir(mode=FOLDER_MODE, exist_ok=True)


def create_private_file(file: Path) -> None:
    """Makes an empty file where there is none. Raises OSError."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, FILE_MODE))


def tighten(data_dir: Path, names: Sequence[str]) -> None:
    """Takes everybody else's rights from a data directory and from what the server keeps in it.

    Args:
        data_dir: is left as it is where all users are meant to share it (its sticky bit is set, as that of ``/tmp``).
        names: patterns of the files and folders in it that are the server's; folders with all that is in them.

    Follows no links, and logs how much could not be changed.
    """
    found = [path for name in names for path in data_dir.glob(name)]
    inside = [path for folder in found if folder.is_dir() and not folder.is_symlink() for path in _entries(folder)]
    shared = data_dir.stat().st_mode & stat.S_ISVTX
    failed = [path for path in (*(() if shared else (data_dir,)), *found, *inside) if not _tighten_one(path)]
    if failed:
        logger.warning("others may read %d files of the data directory, such as %s", len(failed), failed[0])


def _entries(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            yield Path(folder, name)


def _tighten_one(path: Path) -> bool:
    """Returns False where others keep rights on it."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except FileNotFoundError:  # another server has removed it meanwhile
        return True
    except OSError:
        return False
    return True
