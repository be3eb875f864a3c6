"""Log lines of one run, secrets masked and addresses cut, and warnings that a page cannot repeat without end."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

from control.user_info import for_log


class RunLog(logging.LoggerAdapter[logging.Logger]):
    """Logs for one run: masks the whole line, its arguments and its traceback, cuts addresses, and adds ``run``."""

    def __init__(self, logger: logging.Logger, run_id: str, mask: Callable[[str], str]) -> None:
        """
        Args:
            mask: returns the text with dots in place of secrets' values.
        """
        super().__init__(logger, {"run": run_id})
        self._prefix = f"[run {run_id[:8]}]"
        self._mask = mask

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401 - as logging has it
        if not self.isEnabledFor(level):
            return
        text = f"{self._prefix} {str(msg) % args if args else msg}"
        if kwargs.pop("exc_info", None):
            text += f"\n{traceback.format_exc().rstrip()}"
        self.logger.log(level, "%s", for_log(self._mask(text)), extra=dict(self.extra or {}), **kwargs)


class ThrottledWarnings:
    """Logs the first warnings as they come, counts the others, and logs at the end how many there were."""

    def __init__(self, log: Callable[[str], object], *, more: str, most: int = 5) -> None:
        """
        Args:
            log: writes one line.
            more: the line at the end, with ``{}`` for how many were not logged.
            most: how many are logged.
        """
        self._log = log
        self._more = more
        self._most = most
        self._count = 0

    def warn(self, warning: str) -> None:
        """Logs the warning, or counts it where there were enough."""
        self._count += 1
        if self._count <= self._most:
            self._log(warning)

    def end(self) -> None:
        """Logs how many were not logged, and begins anew."""
        dropped, self._count = self._count - self._most, 0
        if dropped > 0:
            self._log(self._more.format(dropped))
