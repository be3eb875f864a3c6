"""Log lines that say of which run they are, and no secret."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from runner.run.masking import Masking


class RunLog(logging.LoggerAdapter[logging.Logger]):
    """Masks the whole line, its arguments and its traceback; carries the run's id as ``run``."""

    def __init__(self, logger: logging.Logger, run_id: str, masking: Masking) -> None:
        super().__init__(logger, {"run": run_id})
        self._prefix = f"[run {run_id[:8]}]"
        self._masking = masking

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401 - as logging has it
        if not self.isEnabledFor(level):
            return
        text = f"{self._prefix} {str(msg) % args if args else msg}"
        if kwargs.pop("exc_info", None):
            text += f"\n{traceback.format_exc().rstrip()}"
        self.logger.log(level, "%s", self._masking.text(text), extra=dict(self.extra or {}), **kwargs)
