"""What is known of a run that is stuck, and how long people have to help it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from control.next_action import Diagnose, Wait
from control.protocol.actions import Action
from control.protocol.events import HelpNeeded
from control.protocol.models import Proposal, Step


@dataclass(slots=True)
class Diagnosis:
    """Holds why the run is stuck, and what was tried so far."""

    reason: str
    failed_step: Step | None = None
    """The step that failed; None where the planner found no step to propose."""
    attempt: int = 1
    """1 for the first look; counts the repairs that were tried since a person last did something."""
    help_request: HelpNeeded | None = None
    """What people were asked, while their help is waited for. A pause stops the wait."""
    asked_at: datetime | None = None
    """When people were asked last."""
    retry: bool = False
    """A person wants what has failed to be tried again as it is."""
    expired: bool = False
    """Nobody has helped in time, or nobody is left who might."""

    @property
    def deadline(self) -> datetime | None:
        """When the run fails unless people help; None while nobody is asked."""
        return self.help_request.deadline if self.help_request else None

    @property
    def expected(self) -> bool:
        """True where what has failed is an expectation."""
        return self.failed_step is not None and self.failed_step.action.expects

    def request_help(
        self, reason: str, suggestions: tuple[Proposal, ...], *, now: datetime, wait: timedelta
    ) -> HelpNeeded:
        """Waits for people from now on, for so long, and returns what they are asked."""
        self.reason = reason
        self.help_request = HelpNeeded(reason=reason, deadline=now + wait, suggestions=suggestions)
        self.asked_at = now
        self.retry = False
        return self.help_request

    def asked(self, *, paused: bool) -> HelpNeeded | None:
        """Returns what people are asked, if anything; while the run is paused the wait stands still."""
        request = self.help_request
        return request.model_copy(update={"deadline": None}) if request and paused else request

    def begin_repair(self) -> None:
        """Counts a repair that is being done: people need not help for now."""
        self.attempt += 1
        self.help_request = None
        self.retry = False

    def repair_failed(self, reason: str, step: Step) -> None:
        """Replaces the reason and the failed step by those of the repair."""
        self.reason = reason
        self.failed_step = step

    def restart(self) -> None:
        """Makes the next look the first one again."""
        self.attempt = 1
        self.help_request = None

    def repairs_recorded_step(self, proposal: Proposal) -> bool:
        """Returns whether the proposal repairs a step that the history holds already, as failed."""
        return proposal.source == "repair" and self.failed_step is not None

    def retries(self, action: Action) -> bool:
        """Returns whether this is the step that a person wants to be tried again."""
        return self.retry and self.failed_step is not None and self.failed_step.full_action == action

    def next_action(self) -> Diagnose | Wait:
        """Returns the wait for help where people were asked, else another look."""
        if self.deadline is not None:
            return Wait(self.deadline)
        return Diagnose(self.reason, self.failed_step, self.attempt, retry=self.retry, expired=self.expired)

    def expire(self) -> None:
        """Ends the wait for help without any."""
        self.help_request = None
        self.expired = True
