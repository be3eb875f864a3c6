"""The protocol that every planner implements, and what it is asked with and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from control.protocol.actions import Action
from control.protocol.models import Comment, SourceLocation, Step
from runner.driver import PageLook


@dataclass(frozen=True, slots=True)
class Task:
    """Holds what the run is about, and how far it has come."""

    url: str
    """The absolute URL that the run began with."""
    instructions: str
    version: int
    """The version of the instructions, which counts up when people rewrite them."""
    consumed: int
    """How many entries of the plan were settled since the run began: done, replaced, or skipped."""
    steps: Sequence[Step]
    """The steps that were done so far, by the planner or by people."""
    secrets: Sequence[str] = ()
    """The names of secrets that may be used as ``{{secret:NAME}}``."""
    comments: Sequence[Comment] = ()
    """What people have said about the run and the page."""


@dataclass(frozen=True, slots=True)
class Idea:
    """Holds one step that a planner wants done."""

    action: Action
    description: str
    """One line for a person: ``Click 'Checkout'``."""
    reasoning: str | None = None
    remaining: int | None = None
    """How many steps are still planned, this one included; None where the planner cannot know."""
    location: SourceLocation | None = None
    """Where the client's code makes the call, in an attached run."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Describes what went wrong, for a planner to repair."""

    reason: str
    step: Step | None
    """The step that failed; None where the planner had no idea how to go on."""
    attempt: int
    """How often the planner was asked about this failure, from 1."""
    retry: bool = False
    """A person wants it to be tried again as it is."""
    expired: bool = False
    """Nobody has helped in time, or nobody is left who might; only an attached run is still going then."""
    page_said: Sequence[str] = ()
    """What went wrong in the page meanwhile: uncaught errors, requests that failed. The page's words: data."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Holds what a planner makes of a failure; without fields, it knows no way on."""

    retry: Idea | None = None
    """May be done without asking anybody. The same action as the failed step's counts as another attempt of it."""
    suggestions: tuple[Idea, ...] = ()
    """Near matches: shown to people, done only when approved."""
    reason: str | None = None
    """A better sentence for people than the failure's own."""


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Holds what a run has used of a model."""

    tokens: int = 0
    cost: float | None = None
    """US dollars; None where the model's price is not known."""


class Stuck(Exception):
    """Raised where the planner cannot go on; the message says why and what to do."""


class Planner(Protocol):
    """Plans one run, one step at a time; each call may be cancelled at any await."""

    looks_ahead: bool
    """True where `propose` is cheap enough to be called while the run is paused."""

    def remaining(self, task: Task) -> int | None:
        """Returns how many steps are planned from here; None where that is not known without looking at the page."""

    def expects(self, task: Task) -> bool:
        """Returns whether the next step is known to be an expectation, without looking at the page."""

    async def propose(self, task: Task, driver: PageLook) -> Idea | None:
        """Returns the next step; None where nothing is left. Raises Stuck."""

    async def repair(self, task: Task, driver: PageLook, failure: Failure) -> Repair:
        """Returns a way on after a failure, with the page as it now is. Raises Stuck."""

    async def aclose(self) -> None: ...
