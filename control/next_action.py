"""What a run wants its session to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control.protocol.models import Proposal, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """Ask the planner for the next step."""

    version: int
    """The instructions to plan from; an answer made from older ones is thrown away."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Do this step."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Look again at what went wrong, and propose a way on or ask for help."""

    reason: str
    step: Step | None
    """The step that failed; None where the planner found no step to propose."""
    attempt: int
    """1 for the first look."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing, until something changes or the moment has come (then ``Run.tick``)."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do: conclude the run as passed."""


@dataclass(frozen=True, slots=True)
class End:
    """The run is over."""


Todo = Plan | Perform | Diagnose | Wait | Finish | End
