"""The database that a new store makes, for tests that ask for a store and are not about how one begins."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine

from runner.store import schema
from runner.store.permissions import FILE_MODE, create_private_folder

FILE = "jumpseat.sqlite3"


def with_database(folder: Path) -> Path:
    """Puts a database that holds nothing into the data directory where there is none: to make one takes longer."""
    create_private_folder(folder)
    if not (folder / FILE).exists():
        with open(folder / FILE, "xb", opener=lambda path, flags: os.open(path, flags, FILE_MODE)) as file:
            file.write(_empty())
    return folder


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        engine = create_engine(f"sqlite:///{file}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.rollback()
            schema.migrate(connection, file)
        engine.dispose()
        return file.read_bytes()
