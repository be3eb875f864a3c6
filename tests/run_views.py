"""Views of runs, as tests put them into stores and exports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from control.protocol.models import Control, RunStatus, RunView


def run_view(at: datetime, **fields: Any) -> RunView:  # noqa: ANN401 - whatever a view holds
    """Returns a run of one step that has passed at that moment, but for these fields."""
    return RunView.model_validate(
        {
            "id": "r1",
            "name": "Buy",
            "status": RunStatus.PASSED,
            "paused": False,
            "url": "http://shop.test/",
            "instructions": None,
            "instructions_version": 1,
            "planner": "plain",
            "mode": "auto",
            "current_step": 1,
            "total_steps": 1,
            "steps": (),
            "proposal": None,
            "control": Control(),
            "viewers": 0,
            "created_at": at,
            "started_at": at,
            "ended_at": at,
            "error": None,
        }
        | fields
    )
