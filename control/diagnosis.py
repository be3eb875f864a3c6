"""What is known of a run that is stuck, and how long people have to help it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control.next_action import Diagnose, Wait
from control.protocol.events import HelpNeeded
from control.protocol.models import Step


@dataclass(slots=True)
class Diagnosis:
    """The run is stuck, and why."""

    reason: str
    step: Step | None = None
    """The step that failed; None where the planner found no step to propose."""
    attempt: int = 1
    """1 for the first look; counts the repairs that were tried since a person last did something."""
    help: HelpNeeded | None = None
    """What people were asked, while their help is waited for. A pause stops the wait."""

    @property
    def deadline(self) -> datetime | None:
        """When the run fails unless people help."""
        return self.help.deadline if self.help else None

    def ask(self, help: HelpNeeded) -> None:
        self.reason = help.reason
        self.help = help

    def try_repair(self) -> None:
        """A repair is being done: people need not help for now."""
        self.attempt += 1
        self.help = None

    def fail(self, reason: str, step: Step) -> None:
        """The repair has failed as well."""
        self.reason = reason
        self.step = step

    def restart(self) -> None:
        """Look at it as if for the first time."""
        self.attempt = 1
        self.help = None

    def todo(self) -> Diagnose | Wait:
        if self.deadline is not None:
            return Wait(self.deadline)
        return Diagnose(self.reason, self.step, self.attempt)
