"""What a planner is: something that knows the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from control.protocol.actions import Action
from control.protocol.models import Step
from runner.driver import Driver


@dataclass(frozen=True, slots=True)
class Task:
    """What the run is about, and how far it has come."""

    url: str
    """The address that the run began with."""
    instructions: str
    version: int
    """Counts up when people rewrite the instructions."""
    consumed: int
    """How many entries of the plan were settled since the run began: done, replaced, or skipped."""
    steps: Sequence[Step]
    """Everything that was done so far, by whomever."""
    secrets: Sequence[str] = ()
    """Names that may be used as ``{{secret:NAME}}``."""


@dataclass(frozen=True, slots=True)
class Idea:
    """One step that a planner wants done."""

    action: Action
    description: str
    """One line for a person: ``Click 'Checkout'``."""
    reasoning: str | None = None
    remaining: int | None = None
    """How many steps are still planned, this one included; None where the planner cannot know."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong."""

    reason: str
    step: Step | None
    """The step that failed; None where the planner had no idea how to go on."""
    attempt: int
    """1 for the first look."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What a planner makes of a failure."""

    retry: Idea | None = None
    """May be done without asking anybody. The same action as the failed step's counts as another attempt of it."""
    suggestions: tuple[Idea, ...] = ()
    """Near matches: shown to people, done only when approved."""
    reason: str | None = None
    """A better sentence for people than the failure's own."""


class Stuck(Exception):
    """The planner cannot go on; the message says why and what to do."""


class Planner(Protocol):
    """Asked for one step at a time; may be cancelled at any await."""

    looks_ahead: bool
    """Cheap enough to be asked while the run is paused."""

    def remaining(self, task: Task) -> int | None:
        """How many steps are planned from here, where that is known without looking at the page."""

    async def propose(self, task: Task, driver: Driver) -> Idea | None:
        """The next step; None where nothing is left. Raises Stuck."""

    async def repair(self, task: Task, driver: Driver, failure: Failure) -> Repair:
        """A way on after a failure, with the page as it now is."""

    async def aclose(self) -> None: ...
