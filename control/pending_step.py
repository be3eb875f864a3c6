"""What comes next: the step that is proposed, and the overrides that wait to take its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from control.errors import InvalidTransition
from control.event_log import EventLog
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import Proposal

Describe = Callable[[Action], str]
"""One line for a person, telling what an action does."""

MAX_WAITING = 100
"""Overrides; each is an action of at most a message's size."""


@dataclass(frozen=True, slots=True)
class _Override:
    action: Action
    displaced: Action | None = None
    """What the planner had proposed in its place, where it had."""


class PendingStep:
    """At most one proposal, and a bounded queue of overrides. An override needs nobody's approval.

    An override leaves by ``take``, to be done, or is reported as dropped.
    """

    def __init__(self, log: EventLog, *, new_id: Callable[[], str], describe: Describe) -> None:
        self.proposal: Proposal | None = None
        self.displaced: Action | None = None
        """What the planner had proposed where the proposal is an override."""
        self._log = log
        self._new_id = new_id
        self._describe = describe
        self._asks = False
        self._approved = False
        self._overrides: deque[_Override] = deque()

    @property
    def cleared(self) -> bool:
        """There is a proposal, and nobody needs to approve it any more."""
        return self.proposal is not None and (self._approved or not self._asks)

    @property
    def is_override(self) -> bool:
        return self.proposal is not None and self.proposal.source == "override"

    def show(self, proposal: Proposal, *, asks: bool, approved: bool = False) -> None:
        """``asks``: it is not done until a person approves it."""
        self.proposal = proposal
        self._asks = asks
        self._approved = approved
        self._log.append(e.StepProposed(proposal=proposal))

    def approve(self) -> None:
        self._approved = True

    def revoke_approval(self) -> None:
        self._approved = False

    def require_asking(self, proposal_id: str | None) -> None:
        """Raises InvalidTransition where this proposal does not wait for approval."""
        if self.proposal is None:
            raise InvalidTransition("no step waits for approval")
        if proposal_id is not None and proposal_id != self.proposal.proposal_id:
            raise InvalidTransition("that proposal has been replaced by another: look at the new one")
        if self.cleared:
            raise InvalidTransition("the proposed step waits for nobody's approval")

    def take(self) -> tuple[Proposal, Action | None]:
        """The proposal, to be done now, and what it has displaced."""
        assert self.proposal is not None
        taken = self.proposal, self.displaced
        self._clear()
        return taken

    def withdraw(self) -> None:
        """What is proposed will not be done. Not for an override: see ``set_aside`` and ``drop``."""
        if self.proposal is not None:
            self._clear()
            self._log.append(e.StepProposed(proposal=None))

    def queue(self, action: Action) -> None:
        """Raises InvalidTransition where too many wait already."""
        if len(self._overrides) >= MAX_WAITING:
            raise InvalidTransition(f"{MAX_WAITING} overrides are waiting already")
        self._overrides.append(_Override(action))
        self._log.append(e.StepOverrideQueued(action=action))

    def promote(self, *, step_number: int, version: int) -> None:
        """The override that has waited longest becomes the proposal, unless one is."""
        if not self._overrides or self.is_override:
            return
        override = self._overrides.popleft()
        self.displaced = self.proposal.action if self.proposal else override.displaced
        proposal = Proposal(
            proposal_id=self._new_id(),
            step_number=step_number,
            action=override.action,
            description=self._describe(override.action),
            source="override",
            instructions_version=version,
        )
        self.show(proposal, asks=False)

    def set_aside(self) -> None:
        """What is proposed is not to be done now: an override waits again, at the front, and the rest is withdrawn."""
        if self.proposal is not None and self.is_override:
            self._overrides.appendleft(_Override(self.proposal.action, self.displaced))
        self.withdraw()

    def drop(self, reason: str) -> None:
        """The proposal will not be done, and is reported as dropped where it is an override."""
        if self.proposal is not None and self.is_override:
            self._log.append(e.StepOverrideDropped(action=self.proposal.action, reason=reason))
        self.withdraw()

    def drop_all(self, reason: str) -> None:
        """Nothing comes any more."""
        self.drop(reason)
        while self._overrides:
            self._log.append(e.StepOverrideDropped(action=self._overrides.popleft().action, reason=reason))

    def _clear(self) -> None:
        self.proposal = None
        self.displaced = None
        self._asks = False
        self._approved = False
