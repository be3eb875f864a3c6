"""Files that hold how runs ended: each is written before the end is published, and removed once the database has it.

The database is written by a thread and may be locked; a small file is in the system's hands when the call returns, and
survives the end of the process from then on (not a power cut).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from control.protocol.models import RunView, Step
from runner.store.atomic_write import atomic_write
from runner.store.permissions import create_private_folder

logger = logging.getLogger(__name__)


class PendingFinal(BaseModel):
    """Holds the end of a run that the database does not have yet."""

    view: RunView
    steps: list[Step]


class PendingFinals:
    """Keeps one file for each run whose end is not in the database yet."""

    def __init__(self, folder: Path) -> None:
        """Creates the folder where it is missing. Raises OSError."""
        self._folder = folder
        create_private_folder(folder)

    def note(self, view: RunView, steps: Iterable[Step]) -> None:
        """Writes the file, which survives the end of this process from then on; takes about 1 ms. Raises OSError."""
        atomic_write(
            self._file(view.id), PendingFinal(view=view, steps=list(steps)).model_dump_json(by_alias=True).encode()
        )

    def find(self, run_id: str) -> PendingFinal | None:
        """Returns the end that is noted for the run; None where there is none, or it cannot be read."""
        try:
            return PendingFinal.model_validate_json(self._file(run_id).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            logger.warning("[run %s] its end cannot be read: %s", run_id, str(error).splitlines()[0])
            return None

    def forget(self, run_id: str) -> None:
        """Removes the run's file, as the database has its end now."""
        with suppress(OSError):
            self._file(run_id).unlink(missing_ok=True)

    def ids(self) -> list[str]:
        """Returns the ids of the runs that have a file."""
        return [file.stem for file in self._folder.glob("*.json")]

    def _file(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.json"
