"""A run with a clock of its own, and a session and a planner of the simplest kind, to test the state machine with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from control.event_log import Entry
from control.next_action import Diagnose, Perform, Plan
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action, ActionType
from control.protocol.models import Mode, NewRun, Place, PlannerName, Proposal, RunStatus, Step, StepStatus
from control.roles import Actor, Role, authorize
from control.run import Run

OWNER = Actor("viewer-owner", Role.OWNER, "Olga")
ADA = Actor("viewer-ada", Role.CONTROLLER, "Ada")
BOB = Actor("viewer-bob", Role.CONTROLLER, "Bob")
VIEWER = Actor("viewer-vic", Role.VIEWER, "Vic")
PASSED, FAILED, SKIPPED = StepStatus.PASSED, StepStatus.FAILED, StepStatus.SKIPPED
GRACE = timedelta(seconds=20)
HELP = timedelta(minutes=2)


def click(name: str) -> Action:
    return Action(type=ActionType.CLICK, selector=f"#{name}")


def expect(name: str) -> Action:
    return Action(type=ActionType.EXPECT_VISIBLE, selector=f"#{name}")


class FakeClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


class RunScenario:
    """A run over a plan of ``length`` clicks on ``#plan-1``, ``#plan-2`` …; what it published is in ``published``."""

    def __init__(
        self,
        length: int = 3,
        *,
        looks_ahead: bool = True,
        planner: PlannerName = "plain",
        mode: Mode = "auto",
        expects: int | None = None,
        pause_before: int | None = None,
    ) -> None:
        """``expects``: the number of the entry that is an expectation."""
        self._expectation = f"#plan-{expects}"
        ids = (f"proposal-{number}" for number in count(1))
        self.clock = FakeClock()
        self.length = length
        self.base = 0
        self.run = Run(
            NewRun(url="https://shop.example/", instructions="Buy a pear.", mode=mode, pause_before=pause_before),
            run_id="run-1",
            planner=planner,
            new_id=lambda: next(ids),
            describe=lambda action: f"{action.type} {action.selector or action.text}",
            clock=self.clock,
            grace=GRACE,
            looks_ahead=looks_ahead,
        )
        self._ids = ids
        self.published: list[Entry] = []
        self.run.log.listen(self.published.append)

    # What people do

    def send(self, command: c.Command, actor: Actor = ADA) -> list[Entry]:
        """Authorizes the command and applies it, as the command's way through the product does."""
        authorize(actor, command.type)
        return self.run.apply(command, actor)

    def override(self, name: str, place: Place = "instead") -> list[Entry]:
        return self.send(c.StepOverride(action=click(name), place=place))

    def instruct(self, text: str = "Buy a plum.", *, length: int = 3) -> None:
        self.send(c.UpdateInstructions(instructions=text))
        self.length = length
        self.base = self.run.consumed

    def take(self, actor: Actor = ADA) -> None:
        self.run.join(actor)
        self.send(c.TakeControl(), actor)

    # What the session and the planner do

    def open(self) -> RunScenario:
        self.run.start()
        self.run.ready(self.remaining)
        return self

    @property
    def remaining(self) -> int:
        return max(0, self.length - (self.run.consumed - self.base))

    def idea(self, name: str | None = None, *, source: str = "plan", version: int | None = None) -> Proposal:
        """What the planner answers to ``Plan``: the plan's next entry."""
        action = click(name or f"plan-{self.run.consumed - self.base + 1}")
        if action.selector == self._expectation:
            action = expect(action.selector.removeprefix("#"))
        return Proposal.model_validate(
            {
                "proposal_id": next(self._ids),
                "step_number": len(self.run.steps) + 1,
                "action": action,
                "description": f"click {action.selector}",
                "source": source,
                "instructions_version": version or self.run.planning.version,
            }
        )

    def plan(self) -> Proposal:
        """The planner answers what it is asked."""
        next_action = self.run.next_action()
        assert isinstance(next_action, Plan), next_action
        idea = self.idea(version=next_action.instructions_version)
        assert self.run.propose(idea, remaining=self.remaining)
        return idea

    def begin(self) -> Step:
        """The next step is dispatched, proposed first where it is not yet."""
        if isinstance(self.run.next_action(), Plan):
            self.plan()
        next_action = self.run.next_action()
        assert isinstance(next_action, Perform), next_action
        return self.run.begin_step(next_action.proposal)

    def do(self, status: StepStatus = PASSED, *, error: str | None = None) -> Step:
        """The next step, from its proposal to its end."""
        self.begin()
        step = self.run.end_step(status, error=error or ("it is not there" if status is FAILED else None))
        assert step is not None
        return step

    def retry(self) -> Proposal:
        """The planner proposes the step that failed once more."""
        next_action = self.run.next_action()
        assert isinstance(next_action, Diagnose), next_action
        assert next_action.failed_step is not None
        assert next_action.failed_step.full_action.selector is not None
        idea = self.idea(next_action.failed_step.full_action.selector.removeprefix("#"), source="repair")
        assert self.run.propose(idea, remaining=self.remaining)
        return idea

    # What was published

    def status(self) -> RunStatus:
        return self.run.status

    @property
    def kinds(self) -> list[str]:
        return [entry.body.type for entry in self.published]

    @property
    def dropped(self) -> list[Action]:
        return [entry.body.action for entry in self.published if isinstance(entry.body, e.StepOverrideDropped)]

    @property
    def done(self) -> list[str]:
        """The targets of all steps, in order, with how they stand."""
        return [f"{step.target} {step.status}" for step in self.run.steps]


def in_status(status: RunStatus) -> RunScenario:
    """A scenario that has come to this status by the shortest way."""
    scenario = RunScenario()
    match status:
        case RunStatus.QUEUED:
            return scenario
        case RunStatus.STARTING:
            scenario.run.start()
            return scenario
    scenario.open()
    match status:
        case RunStatus.PAUSED:
            scenario.send(c.Pause())
        case RunStatus.DIAGNOSING:
            scenario.do(FAILED)
        case RunStatus.FAILED:
            scenario.run.fail("the browser has gone")
        case RunStatus.CANCELLED:
            scenario.send(c.Cancel())
        case RunStatus.PASSED:
            scenario.run.plan_exhausted(1)
            scenario.run.finish()
    assert scenario.run.status is status
    return scenario
