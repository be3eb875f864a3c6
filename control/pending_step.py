"""What comes next: the step that is proposed, and the overrides that wait to take its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from control.errors import InvalidTransition
from control.event_log import EventLog
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import Place, Proposal

Describe = Callable[[Action], str]
"""Returns one line for a person that says what an action does."""

MAX_WAITING = 100
"""Overrides that may wait; each is an action of at most a message's size."""


@dataclass(frozen=True, slots=True)
class _Override:
    action: Action
    place: Place
    displaced: Proposal | None = None
    """What the planner had proposed in its place, where it had."""


class PendingStep:
    """Holds at most one proposal, and a bounded queue of overrides. An override needs nobody's approval.

    An override leaves by ``take``, to be done, or is reported as dropped.
    """

    def __init__(self, log: EventLog, *, new_id: Callable[[], str], describe: Describe) -> None:
        self.proposal: Proposal | None = None
        self.displaced: Proposal | None = None
        """What the planner had proposed where the proposal is an override."""
        self.shown_at: datetime | None = None
        """When the latest proposal was published."""
        self._log = log
        self._new_id = new_id
        self._describe = describe
        self._needs_approval = False
        self._approved = False
        self._overrides: deque[_Override] = deque()

    @property
    def cleared(self) -> bool:
        """True where there is a proposal, and nobody needs to approve it any more."""
        return self.proposal is not None and (self._approved or not self._needs_approval)

    @property
    def is_override(self) -> bool:
        """True where what is proposed is an override."""
        return self.proposal is not None and self.proposal.source == "override"

    def show(self, proposal: Proposal, *, needs_approval: bool, approved: bool = False) -> None:
        """Proposes this step, and publishes it; with ``needs_approval`` it is not done until a person approves it."""
        self.proposal = proposal
        self._needs_approval = needs_approval
        self._approved = approved
        self.shown_at = datetime.fromisoformat(self._log.append(e.StepProposed(proposal=proposal)).at)

    def approve(self) -> None:
        """Clears what is proposed to be done."""
        self._approved = True

    def revoke_approval(self) -> None:
        """Has what is proposed wait for approval again, where it needs one."""
        self._approved = False

    def require_awaiting_approval(self, proposal_id: str | None) -> None:
        """Raises InvalidTransition where this proposal (None: whichever there is) does not wait for approval."""
        if self.proposal is None:
            raise InvalidTransition("no step waits for approval")
        if proposal_id is not None and proposal_id != self.proposal.proposal_id:
            raise InvalidTransition("that proposal has been replaced by another: look at the new one")
        if self.cleared:
            raise InvalidTransition("the proposed step waits for nobody's approval")

    def take(self, *, expected: bool = False) -> tuple[Proposal, Proposal | None]:
        """Returns the proposal, to be done now, and what it has displaced; nothing is proposed any more.

        ``expected``: the plan's next entry is an expectation, which only another one replaces.
        """
        assert self.proposal is not None
        taken, displaced = self.proposal, self.displaced
        if expected and self.is_override and not taken.action.type.expects:
            taken = taken.model_copy(update={"place": "before"})
        self._clear()
        return taken, displaced

    def withdraw(self) -> None:
        """Takes back what is proposed, and publishes that. An override goes by ``set_aside`` or ``drop`` instead."""
        if self.proposal is not None:
            self._clear()
            self._log.append(e.StepProposed(proposal=None))

    def queue(self, action: Action, place: Place = "instead") -> None:
        """Adds an override to the queue. Raises InvalidTransition where `MAX_WAITING` wait already."""
        if len(self._overrides) >= MAX_WAITING:
            raise InvalidTransition(f"{MAX_WAITING} overrides are waiting already")
        self._overrides.append(_Override(action, place))
        self._log.append(e.StepOverrideQueued(action=action, place=place))

    def promote(self, *, step_number: int, instructions_version: int, expected: bool = False) -> None:
        """Makes the override that has waited longest the proposal, unless an override is proposed already.

        Only an expectation replaces an expectation, ``expected`` or proposed: what else there is comes before it.
        """
        if not self._overrides or self.is_override:
            return
        override = self._overrides.popleft()
        self.displaced = self.proposal or override.displaced
        expected = expected or (self.displaced is not None and self.displaced.action.type.expects)
        place: Place = "before" if expected and not override.action.type.expects else override.place
        proposal = Proposal(
            proposal_id=self._new_id(),
            step_number=step_number,
            action=override.action,
            description=self._describe(override.action),
            source="override",
            place=place,
            instructions_version=instructions_version,
            location=self.displaced.location if self.displaced else None,
        )
        self.show(proposal, needs_approval=False)

    def set_aside(self) -> None:
        """Keeps what is proposed from being done: an override waits again, at the front, and the rest is withdrawn."""
        if self.proposal is not None and self.is_override:
            self._overrides.appendleft(_Override(self.proposal.action, self.proposal.place, self.displaced))
        self.withdraw()

    def drop(self, reason: str) -> None:
        """Gives up what is proposed, and reports it as dropped where it is an override."""
        if self.proposal is not None and self.is_override:
            self._log.append(e.StepOverrideDropped(action=self.proposal.action, reason=reason))
        self.withdraw()

    def drop_all(self, reason: str) -> None:
        """Gives up what is proposed and everything that waits, and reports every override as dropped."""
        self.drop(reason)
        while self._overrides:
            self._log.append(e.StepOverrideDropped(action=self._overrides.popleft().action, reason=reason))

    def _clear(self) -> None:
        self.proposal = None
        self.displaced = None
        self._needs_approval = False
        self._approved = False
