"""Whether a run goes on, is paused, or does a single step."""

from __future__ import annotations

from enum import Enum, auto


class SingleStepState(Enum):
    """How far a single step that a person asked for has come."""

    NONE = auto()
    """No single step was asked for."""
    ARMED = auto()
    """The next step that is dispatched is the single one."""
    IN_FLIGHT = auto()
    """The step in flight is the single one: a pause follows it."""


class Pacing:
    """Holds the pause that people have asked for, and the single step that interrupts it.

    A hold by the control lease is none of its business: see ``Run.paused``.
    """

    def __init__(self) -> None:
        self.pause_requested = False
        self.single_step = SingleStepState.NONE

    @property
    def free(self) -> bool:
        """True while neither a pause nor a single step was asked for."""
        return not self.pause_requested and self.single_step is SingleStepState.NONE

    @property
    def step_armed(self) -> bool:
        """True from a single step's request until that step is dispatched."""
        return self.single_step is SingleStepState.ARMED

    def pause(self) -> None:
        """Requests a pause, and takes back a single step that has not begun."""
        self.pause_requested = True
        self.single_step = SingleStepState.NONE

    def resume(self) -> None:
        """Takes back the pause, and the one that would follow a single step."""
        self.pause_requested = False
        self.single_step = SingleStepState.NONE

    def step_once(self) -> None:
        """Lets exactly one step be dispatched from now on."""
        self.pause_requested = False
        self.single_step = SingleStepState.ARMED

    def step_began(self) -> None:
        """Notes that a step was dispatched."""
        if self.single_step is SingleStepState.ARMED:
            self.single_step = SingleStepState.IN_FLIGHT

    def step_ended(self) -> bool:
        """Notes that the step in flight is over; returns True where that was the single step, and pauses."""
        if self.single_step is not SingleStepState.IN_FLIGHT:
            return False
        self.pause()
        return True
