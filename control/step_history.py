"""The steps of one run, and how far its plan has come."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict, Unpack

from control.errors import NotFound
from control.protocol.actions import Action, ActionType, Box, Size
from control.protocol.models import DialogAnswer, Source, Step, StepStatus
from control.protocol.shape import Clock

MAX_DIALOGS = 100
"""Of one step; a page may open them without end."""


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


def _told(action: Action) -> _ActionFields:
    """How an action stands in a step."""
    return {
        "action": action.type,
        "target": action.selector or (action.text or None),
        "value": None if action.value is None else action.shown,
        "full_action": action,
    }


class StepHistory:
    """Every step that was begun, in order, and the count of the plan's entries.

    An entry of the plan is begun by the first step that is done for it, and settled once: by a step that passes, by a
    skip, or by what a person did in its place. Steps that fail, and repairs of them, belong to the entry that is begun.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.steps: list[Step] = []
        self.in_flight: Step | None = None
        self.consumed = 0
        """How many entries of the plan are settled: done, replaced, or skipped. Never goes down."""
        self._clock = clock
        self._planned: int | None = None
        """Entries that are not begun; None where the planner cannot know."""
        self._begun = False
        self._early: tuple[DialogAnswer, ...] = ()
        """Dialogs that opened before the first step."""

    @property
    def total(self) -> int | None:
        """Steps recorded and still planned."""
        return None if self._planned is None else len(self.steps) + self._planned

    @property
    def next_number(self) -> int:
        return len(self.steps) + 1

    @property
    def current(self) -> int:
        """The number of the step that is being done, else of the last one; 0 before the first."""
        return self.in_flight.step_number if self.in_flight else len(self.steps)

    def get(self, number: int) -> Step:
        """Raises NotFound."""
        if not 1 <= number <= len(self.steps):
            raise NotFound(f"there is no step {number}; the run has {len(self.steps)} so far")
        return self.steps[number - 1]

    def expect(self, remaining: int | None) -> None:
        """So many entries of the plan are not settled, the begun one included."""
        self._planned = None if remaining is None else max(0, remaining - self._begun)

    def forget_plan(self) -> None:
        """Another plan takes the place of this one."""
        self._planned = None
        self._begun = False

    def settle(self) -> None:
        """The entry that is begun, else the next one, is done with."""
        self._begin_entry()
        self._begun = False
        self.consumed += 1

    def begin(self, action: Action, *, source: Source, version: int, **facts: Unpack[StepFacts]) -> Step:
        """A new step is in flight."""
        self._begin_entry()
        self.in_flight = self.record(action, StepStatus.RUNNING, source=source, version=version, **facts)
        return self.in_flight

    def begin_again(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """A step that failed is in flight once more."""
        self._begin_entry()
        facts["attempts"] = self.get(number).attempts + 1
        self.in_flight = self._update(number, status=StepStatus.RUNNING, error=None, **facts)
        return self.in_flight

    def close(self, status: StepStatus, error: str | None, **facts: Unpack[StepFacts]) -> Step:
        """The step in flight is over."""
        assert self.in_flight is not None
        took = self._clock() - self.in_flight.timestamp
        facts.setdefault("duration_ms", max(0, int(took / timedelta(milliseconds=1))))
        step = self._update(self.in_flight.step_number, status=status, error=error, **facts)
        self.in_flight = None
        return step

    def record(
        self, action: Action, status: StepStatus, *, source: Source, version: int, **facts: Unpack[StepFacts]
    ) -> Step:
        """Appends a step."""
        step = Step(
            step_number=self.next_number,
            description=facts.pop("description", action.type),
            source=source,
            status=status,
            timestamp=self._clock(),
            instructions_version=version,
            **_told(action),
        )
        self.steps.append(step)
        early, self._early = self._early, ()
        return self._update(step.step_number, dialogs=early, **facts)

    def merge(self, action: Action, **facts: Unpack[StepFacts]) -> Step | None:
        """A person's last step has become this; None where the last step was not a person's."""
        if not self.steps or self.steps[-1].source is not Source.HUMAN:
            return None
        return self._update(len(self.steps), **_told(action), **facts)

    def amend(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """Adds what became known after the step's end. Raises NotFound."""
        self.get(number)
        return self._update(number, **facts)

    def met(self, action: Action) -> None:
        """The step in flight is done to what its selectors have met; ``action`` names exactly that."""
        assert self.in_flight is not None
        self._update(self.in_flight.step_number, **_told(action))

    def note_dialog(self, answer: DialogAnswer) -> Step | None:
        """Puts it down for the step in flight, else the last one; None before the first, and where it is too many."""
        before = self.steps[self.current - 1].dialogs if self.steps else self._early
        if len(before) >= MAX_DIALOGS:
            return None
        if not self.steps:
            self._early = (*before, answer)
            return None
        return self._update(self.current, dialogs=(*before, answer))

    def _begin_entry(self) -> None:
        if not self._begun and self._planned:
            self._planned -= 1
        self._begun = True

    def _update(self, number: int, **fields: Unpack[_StepFields]) -> Step:
        step = self.steps[number - 1].model_copy(update=fields)
        self.steps[number - 1] = step
        if self.in_flight and self.in_flight.step_number == number:
            self.in_flight = step
        return step
