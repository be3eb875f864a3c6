"""Which runs a list is to have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from control.protocol.models import PlannerName, RunStatus, RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Says which of an owner's runs are wanted; None, and False, ask nothing."""

    status: RunStatus | None = None
    planner: PlannerName | None = None
    search: str | None = None
    """What is looked for, in any case, in name, address and instructions."""
    session: str | None = None
    """The id of an attach session."""
    attention: bool = False
    """Whether only those are wanted that need a person."""

    def matches(self, view: RunView) -> bool:
        """Returns whether the run is wanted as it is now."""
        return (
            self.status in {None, view.status}
            and self.planner in {None, view.planner}
            and (self.session is None or (view.session is not None and view.session.id == self.session))
            and (not self.attention or view.attention is not None)
            and (not self.search or self.search.casefold() in search_text(view))
        )


EVERY_RUN: Final = RunFilter()
"""Asks nothing."""


def search_text(view: RunView) -> str:
    """Returns what a search looks in: name, address and instructions, with case folded."""
    return "\n".join(text for text in (view.name, view.url, view.instructions) if text).casefold()
