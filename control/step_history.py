"""The steps of one run, and how far its plan has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from control.errors import NotFound
from control.protocol.actions import Action, ActionType, Box, Size
from control.protocol.models import (
    DialogAnswer,
    ElementCall,
    Proposal,
    Source,
    SourceLocation,
    Step,
    StepStatus,
)
from control.protocol.shape import Clock

MAX_DIALOGS = 100
"""Dialogs that one step may record; a page may open them without end."""


class StepFacts(TypedDict, total=False):
    """Fields of a step that become known while it is done; see ``Step``."""

    screenshot_url: str | None
    before_screenshot_url: str | None
    url: str | None
    description: str
    duration_ms: int
    reasoning: str | None
    proposed: Action | None
    attempts: int
    box: Box | None
    viewport: Size | None
    tab: int | None
    note: str | None
    page_said: tuple[str, ...]
    carried_out: tuple[ElementCall, ...]
    location: SourceLocation | None
    timestamp: datetime


class _ActionFields(TypedDict):
    action: ActionType
    target: str | None
    value: str | None
    full_action: Action


class _StepFields(StepFacts, total=False):
    status: StepStatus
    error: str | None
    action: ActionType
    target: str | None
    value: str | None
    full_action: Action
    dialogs: tuple[DialogAnswer, ...]


def _action_fields(action: Action) -> _ActionFields:
    """Returns the fields of a step that describe its action."""
    return {
        "action": action.type,
        "target": action.selector or (action.text or None),
        "value": None if action.value is None else action.shown,
        "full_action": action,
    }


class StepHistory:
    """Holds every step that was begun, in order, and counts the plan's entries.

    An entry of the plan is begun by the first step that is done for it, and settled once: by a step that passes, by a
    skip, or by what a person did in its place. Steps that fail, and repairs of them, belong to the entry that is begun.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.steps: list[Step] = []
        self.in_flight: Step | None = None
        """The step that is being done."""
        self.consumed = 0
        """How many entries of the plan are settled: done, replaced, or skipped. Never goes down."""
        self._clock = clock
        self._planned: int | None = None
        """Entries that are not begun; None where the planner cannot know."""
        self._entry_begun = False
        self.overcome = 0
        """How many steps failed and were skipped or replaced."""
        self._failed: list[int] = []
        """The steps that failed and of which nobody knows yet what becomes of them."""
        self._early_dialogs: tuple[DialogAnswer, ...] = ()
        """Dialogs that opened before the first step."""

    @property
    def total(self) -> int | None:
        """How many steps are recorded and still planned; None where the planner cannot know."""
        return None if self._planned is None else len(self.steps) + self._planned

    @property
    def next_entry(self) -> int:
        """The index of the plan's first entry that is not begun; the first is 0."""
        return self.consumed + self._entry_begun

    @property
    def next_number(self) -> int:
        """The number that the next recorded step gets; the first is 1."""
        return len(self.steps) + 1

    @property
    def current(self) -> int:
        """The number of the step that is being done, else of the last one; 0 before the first."""
        return self.in_flight.step_number if self.in_flight else len(self.steps)

    def get(self, number: int) -> Step:
        """Returns the step of this number. Raises NotFound."""
        if not 1 <= number <= len(self.steps):
            raise NotFound(f"there is no step {number}; the run has {len(self.steps)} so far")
        return self.steps[number - 1]

    def expect(self, remaining: int | None) -> None:
        """Sets how many entries of the plan are not settled, the begun one included; None: nobody knows."""
        self._planned = None if remaining is None else max(0, remaining - self._entry_begun)

    def forget_plan(self) -> None:
        """Lets another plan take the place of this one."""
        self._planned = None
        self._entry_begun = False
        self.count_failures()

    def settle_entry(self, *, by: Step | None = None) -> None:
        """Settles the entry that is begun, else the next one: by a step that is over, else by people.

        A step that failed before, and is the same as this one, was not replaced: it has passed at last.
        """
        self._begin_entry()
        self._entry_begun = False
        self.consumed += 1
        if by is not None and by.status is StepStatus.PASSED:
            self._failed = [number for number in self._failed if not _same(self.get(number), by)]
        self.count_failures()

    def note_failure(self, number: int) -> None:
        """Notes that a step has failed, and that it is not known yet what becomes of it."""
        if number not in self._failed:
            self._failed.append(number)

    def count_failures(self) -> None:
        """Counts every step that has failed since the last entry was settled as skipped or replaced."""
        self.overcome += len(self._failed)
        self._failed.clear()

    def forgive_failures(self) -> None:
        """Leaves what has failed out of the count: it was given to somebody who deals with it."""
        self._failed.clear()

    def begin(
        self, action: Action, *, source: Source, version: int, planned: bool = True, **facts: Unpack[StepFacts]
    ) -> Step:
        """Appends a step that is in flight from now on; one that is not ``planned`` is for no entry of the plan.

        ``version`` is that of the instructions.
        """
        if planned:
            self._begin_entry()
        self.in_flight = self.record(action, StepStatus.RUNNING, source=source, version=version, **facts)
        return self.in_flight

    def begin_proposed(
        self, proposal: Proposal, *, failed: Step | None, displaced: Action | None, version: int, planned: bool
    ) -> Step:
        """Puts the proposed step in flight: the step that ``failed`` once more where it is that, else one of its own.

        Also the same step is one of its own where others were done since: it stands where it is done.
        """
        facts: StepFacts = {
            "reasoning": proposal.reasoning,
            "box": proposal.box,
            "viewport": proposal.viewport,
            "location": proposal.location,
        }
        if failed is not None and failed.full_action == proposal.action:
            if failed.step_number == len(self.steps):
                return self.begin_again(failed.step_number, **facts)
            again = "Checked" if proposal.action.type.expects else "Tried"
            facts["note"] = f"{again} again: step {failed.step_number} had failed."
        facts |= {"description": proposal.description, "proposed": displaced}
        source = source_of(proposal)
        return self.begin(proposal.action, source=source, version=version, planned=planned, **facts)

    def begin_again(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """Puts a step that failed in flight once more, and counts the attempt."""
        self._begin_entry()
        facts["attempts"] = self.get(number).attempts + 1
        self.in_flight = self._update(number, status=StepStatus.RUNNING, error=None, **facts)
        return self.in_flight

    def close(self, status: StepStatus, error: str | None, **facts: Unpack[StepFacts]) -> Step:
        """Ends the step in flight; its duration is measured from its beginning unless ``facts`` say it."""
        assert self.in_flight is not None
        step = self.end(self.in_flight.step_number, status, error, **facts)
        self.in_flight = None
        if status is StepStatus.FAILED:
            self.note_failure(step.step_number)
        elif status is StepStatus.PASSED and step.step_number in self._failed:
            self._failed.remove(step.step_number)
        return step

    def record(
        self, action: Action, status: StepStatus, *, source: Source, version: int, **facts: Unpack[StepFacts]
    ) -> Step:
        """Appends a step, with the dialogs that opened before the first one where it is that."""
        step = Step(
            step_number=self.next_number,
            description=facts.pop("description", action.type),
            source=source,
            status=status,
            timestamp=self._clock(),
            instructions_version=version,
            plan_index=None if self._planned is None else self.consumed,
            **_action_fields(action),
        )
        self.steps.append(step)
        early, self._early_dialogs = self._early_dialogs, ()
        return self._update(step.step_number, dialogs=early, **facts)

    def record_skipped(self, proposal: Proposal, *, displaced: Action | None, version: int) -> Step:
        """Appends the proposal as a step that was skipped; ``displaced`` is what the planner had proposed instead."""
        return self.record(
            proposal.action,
            StepStatus.SKIPPED,
            source=source_of(proposal),
            version=version,
            description=proposal.description,
            reasoning=proposal.reasoning,
            proposed=displaced,
            duration_ms=0,
            location=proposal.location,
        )

    def record_human(self, action: Action, *, merges: bool, version: int, **facts: Unpack[StepFacts]) -> Step:
        """Appends what a person did in the page; with ``merges``, a person's last step becomes this instead."""
        if merges and self.steps and self.steps[-1].source is Source.HUMAN:
            return self._update(len(self.steps), **_action_fields(action), **facts)
        facts.setdefault("duration_ms", 0)
        return self.record(action, StepStatus.PASSED, source=Source.HUMAN, version=version, **facts)

    def amend(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """Adds what became known after the step's end. Raises NotFound."""
        self.get(number)
        return self._update(number, **facts)

    def end(self, number: int, status: StepStatus, error: str | None, **facts: Unpack[StepFacts]) -> Step:
        """Ends a step, in flight or recorded while it ran; its duration is as for ``close``. Raises NotFound."""
        took = self._clock() - self.get(number).timestamp
        facts.setdefault("duration_ms", max(0, int(took / timedelta(milliseconds=1))))
        return self._update(number, status=status, error=error, **facts)

    def replace_action(self, number: int, action: Action, *, description: str) -> Step:
        """Replaces the action of a step, and what it is called. Raises NotFound."""
        self.get(number)
        return self._update(number, description=description, **_action_fields(action))

    def resolve_target(self, action: Action) -> None:
        """Has the step in flight, if there is one yet, name the elements that its selectors were resolved to."""
        if self.in_flight is not None:
            self._update(self.in_flight.step_number, **_action_fields(action))

    def record_dialog(self, answer: DialogAnswer) -> Step | None:
        """Adds a dialog to the step in flight, else to the last one, and returns that step.

        Returns None before the first step, which gets the dialog later, and where the step has `MAX_DIALOGS` already.
        """
        before = self.steps[self.current - 1].dialogs if self.steps else self._early_dialogs
        if len(before) >= MAX_DIALOGS:
            return None
        if not self.steps:
            self._early_dialogs = (*before, answer)
            return None
        return self._update(self.current, dialogs=(*before, answer))

    def _begin_entry(self) -> None:
        if not self._entry_begun and self._planned:
            self._planned -= 1
        self._entry_begun = True

    def _update(self, number: int, **fields: Unpack[_StepFields]) -> Step:
        step = self.steps[number - 1].model_copy(update=fields)
        self.steps[number - 1] = step
        if self.in_flight and self.in_flight.step_number == number:
            self.in_flight = step
        return step


def _same(failed: Step, passed: Step) -> bool:
    """Returns whether a step is another attempt at one that failed, perhaps at an element that was found otherwise."""
    if passed.source is not Source.PLAN:
        return False
    return failed.full_action == passed.full_action or failed.description == passed.description


def source_of(proposal: Proposal) -> Source:
    """Returns whose idea a step is that is made from this proposal; a repair is the plan's."""
    return Source.OVERRIDE if proposal.source == "override" else Source.PLAN
