"""What a run wants its session to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control.protocol.models import Proposal, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """The planner is to be asked for the next step."""

    instructions_version: int
    """The instructions to plan from; an answer made from older ones is thrown away."""


@dataclass(frozen=True, slots=True)
class Perform:
    """This step is to be done."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Diagnose:
    """The planner is to look again at what went wrong, and to propose a way on; else people are asked for help."""

    reason: str
    failed_step: Step | None
    """The step that failed; None where the planner found no step to propose."""
    attempt: int
    """1 for the first look."""
    retry: bool = False
    """A person wants what has failed to be tried again as it is."""
    expired: bool = False
    """Nobody has helped in time, or nobody is left who might."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be done until something changes or the moment has come (then ``Run.tick``)."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do: the run is to be finished as passed."""


@dataclass(frozen=True, slots=True)
class End:
    """The run is over."""


NextAction = Plan | Perform | Diagnose | Wait | Finish | End
