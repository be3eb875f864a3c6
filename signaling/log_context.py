"""Log lines that say of which run they are, and of which viewer."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any


class LogContext(logging.LoggerAdapter[logging.Logger]):
    """Puts both ids in front of the line for people, and beside it, as ``run`` and ``viewer``, for machines."""

    def __init__(self, logger: logging.Logger, run_id: str, viewer_id: str | None = None) -> None:
        viewer = {"viewer": viewer_id} if viewer_id else {}
        super().__init__(logger, {"run": run_id, **viewer})
        self._prefix = f"[run {run_id}]" + (f" [viewer {viewer_id}]" if viewer_id else "")

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[str, MutableMapping[str, Any]]:  # noqa: ANN401 - as logging has it
        return f"{self._prefix} {msg}", {**kwargs, "extra": self.extra}
