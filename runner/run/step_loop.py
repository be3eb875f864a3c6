"""The step loop of one run: asks the run for the next action, does it, and reports back what came of it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, assert_never

from control.errors import SecretRefused, UnknownSecret
from control.next_action import Diagnose, End, Finish, Perform, Plan, Wait
from control.protocol.actions import Action, ActionType
from control.protocol.models import PlannedStep, PlannerName, Proposal, Step, StepStatus
from control.protocol.shape import Clock
from control.protocol.wording import counted
from control.run import Run
from control.secrets import references
from control.step_history import StepFacts
from runner.driver import BrowserGone, CarriedOut, Driver, StepFailed, Target
from runner.log import RunLog
from runner.planners.base import Failure, Idea, PlanEntry, Planner, Repair, Stuck, Task
from runner.reports.page_evidence import with_evidence
from runner.run.changes import Alarm, Changes, NoLongerWanted
from runner.run.escaped_look import EscapedLook
from runner.run.masking import Masking
from runner.run.screenshots import Screenshots
from runner.run.take_over import TakeOver
from runner.run.trace import RunTrace
from runner.run.waits import Waits
from runner.selectors.describe import shorten

T = TypeVar("T")

MAX_RETRIES = 2
"""How often a failure is retried without asking anybody; counted anew after a person has steered the run."""

_HELD = re.compile(r": it holds '.*'", re.DOTALL)
"""What a field is told to hold, which may be a part of a secret, or a secret in other words."""
_FIND_TIMEOUT = 2.0
"""Seconds to find out where a proposal's target is."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: StepStatus
    error: str | None
    facts: StepFacts


class StepLoop:
    """Carries out what the run asks for while its page is open."""

    def __init__(
        self,
        run: Run,
        driver: Driver,
        *,
        planner: Callable[[PlannerName], Planner],
        changes: Changes,
        take_over: TakeOver,
        screenshots: Screenshots,
        masking: Masking,
        trace: RunTrace,
        waits: Waits,
        page_said: Callable[[], Sequence[str]],
        clock: Clock,
        alarm: Alarm,
        overtime: float,
        max_steps: int,
        logger: RunLog,
    ) -> None:
        self._run = run
        self._driver = driver
        self._look = EscapedLook(driver)
        self._planner = planner
        self._changes = changes
        self._take_over = take_over
        self._screenshots = screenshots
        self._masking = masking
        self._trace = trace
        self._waits = waits
        self._page_said = page_said
        self._clock = clock
        self._alarm = alarm
        self._overtime = overtime
        self._max_steps = max_steps
        self._logger = logger

    def task(self) -> Task:
        """Returns what a planner may know of the run."""
        return Task(
            url=self._run.spec.address,
            instructions=self._run.planning.instructions or "",
            version=self._run.planning.version,
            consumed=self._run.consumed,
            steps=tuple(self._run.steps),
            secrets=self._masking.names,
            comments=self._run.comments.all,
        )

    async def run(self) -> None:
        """Carries out the run's next action, again and again until the run is over. Raises BrowserGone."""
        while True:
            change = self._changes.next()
            await self._take_over.settle()
            self._look_ahead()
            match self._run.next_action():
                case End():
                    return
                case Wait(until):
                    await self._wait(change, until)
                case Plan() as wanted:
                    await self._plan(wanted)
                case Perform(proposal):
                    await self._perform(proposal)
                case Diagnose() as wanted:
                    await self._diagnose(wanted)
                case Finish():
                    await self._finish()
                case wanted:
                    assert_never(wanted)

    async def _wait(self, change: asyncio.Future[None], until: datetime | None) -> None:
        if until is None:
            await asyncio.wait([change])
            return
        alarm = asyncio.ensure_future(self._alarm(until))
        try:
            await asyncio.wait([change, alarm], return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
        if self._clock() >= until:
            if self._run.control_lease.grace_until is not None:
                await self._take_over.flush()
            self._run.tick()

    async def _finish(self) -> None:
        with suppress(NoLongerWanted):
            await self._changes.while_wanted(
                self._screenshots.settle(), lambda: isinstance(self._run.next_action(), Finish)
            )
        self._run.finish()

    # Plan

    def _look_ahead(self) -> None:
        """Tells the run what is planned, once it does not know."""
        ahead = self._run.plan_ahead
        if not ahead.wanted:
            return
        entries = self._planner(self._run.planning.planner).plan(self.task())
        planned = None if entries is None else [self._planned(index, each) for index, each in enumerate(entries)]
        self._run.look_ahead(planned)

    def _planned(self, offset: int, entry: PlanEntry) -> PlannedStep:
        words = shorten(self._masking.text(entry.words))
        return PlannedStep(index=self._run.consumed + offset, words=words, line=entry.line)

    async def _plan(self, wanted: Plan) -> None:
        try:
            planner = self._planner(self._run.planning.planner)
            with self._waits.for_planner(planner):
                idea = await self._while_next(wanted, planner.propose(self.task(), self._look))
        except NoLongerWanted:
            return
        except (Stuck, StepFailed) as error:
            self._run.planner_stuck(self._masking.text(str(error)), wanted.instructions_version)
        except BrowserGone:
            raise
        except Exception as error:
            self._logger.error("the planner failed", exc_info=True)
            self._run.planner_stuck(self._masking.text(f"the planner failed: {error}"), wanted.instructions_version)
        else:
            await self._propose_or_finish(wanted, idea)

    async def _propose_or_finish(self, wanted: Plan, idea: Idea | None) -> None:
        if idea is not None:
            await self._propose(wanted, idea, "plan")
        elif self._run.next_action() == wanted:
            self._run.plan_exhausted(wanted.instructions_version)

    async def _propose(self, wanted: Plan | Diagnose, idea: Idea, source: Literal["plan", "repair"]) -> None:
        try:
            proposal = await self._while_next(wanted, self._proposal(idea, source))
        except NoLongerWanted:
            return
        remaining = idea.remaining
        if remaining is None and source == "plan":
            remaining = self._planner(self._run.planning.planner).remaining(self.task())
        self._run.propose(proposal, remaining=remaining)

    async def _proposal(self, idea: Idea, source: Literal["plan", "repair"]) -> Proposal:
        version = self._run.planning.version
        action = self._masking.action(idea.action)
        target = await self._find(action)
        return Proposal(
            proposal_id=secrets.token_urlsafe(16),
            step_number=len(self._run.steps) + 1,
            action=action,
            description=self._masking.text(idea.description),
            reasoning=self._masking.text(idea.reasoning) if idea.reasoning else None,
            source=source,
            box=target.box if target else None,
            viewport=target.viewport if target else None,
            instructions_version=version,
            location=idea.location,
        )

    async def _find(self, action: Action) -> Target | None:
        if not action.selector:
            return None
        try:
            async with asyncio.timeout(_FIND_TIMEOUT):
                return await self._look.find(action.selector)
        except (StepFailed, TimeoutError):
            return None

    # Perform

    async def _perform(self, proposal: Proposal) -> None:
        if len(self._run.steps) >= self._max_steps:
            self._run.fail(f"the run has made {counted(self._max_steps, 'step')} and is not done: more it may not make")
            return
        is_override = proposal.source == "override"
        expected = is_override and self._planner(self._run.planning.planner).expects(self.task())
        step = self._run.begin_step(proposal, expected=expected)
        control_changes = self._take_over.control_changes

        def undisturbed() -> bool:
            return not self._run.final and self._take_over.control_changes == control_changes

        try:
            outcome = await self._changes.while_wanted(self._attempt(step), undisturbed)
        except NoLongerWanted:
            self._skip_interrupted(step)
            return
        self._run.end_step(outcome.status, error=outcome.error, **outcome.facts)

    def _skip_interrupted(self, step: Step) -> None:
        if self._run.end_step(StepStatus.SKIPPED, error=f"interrupted: {self._take_over.last_holder} took control"):
            self._screenshots.invalidate()
            self._screenshots.take_later(step.step_number)

    async def _attempt(self, step: Step) -> _Outcome:
        before = await self._screenshots.before(step.step_number)
        done = CarriedOut()
        async with self._trace.step(step):
            started = self._clock()
            error = await self._do(step.full_action, done)
            took = self._clock() - started
        after = await self._screenshots.after(step.step_number)
        facts = StepFacts(
            screenshot_url=after,
            before_screenshot_url=before,
            url=self._masking.text(self._driver.url),
            duration_ms=int(took.total_seconds() * 1000),
            tab=self._driver.acted_in,
            page_said=() if error is None else tuple(self._page_said()),
            **self._carried_out(done, step.full_action),
        )
        return _Outcome(StepStatus.PASSED if error is None else StepStatus.FAILED, error, facts)

    def _carried_out(self, done: CarriedOut, action: Action) -> StepFacts:
        calls = tuple(filter(None, map(self._masking.call, done.calls)))
        if references(action.text):
            # What a field has made of a value is not known again.
            named = (call for call in calls if references(call.value or "") or call.method == "blur")
            return StepFacts(carried_out=tuple(named))
        facts = StepFacts(carried_out=calls)
        return facts if done.note is None else StepFacts(**facts, note=self._masking.text(done.note))

    async def _do(self, action: Action, carried_out: CarriedOut) -> str | None:
        """Returns what went wrong, or None. Only here are secrets' values put in."""
        self._screenshots.invalidate()
        timeout_ms = self._run.spec.step_timeout_ms
        if action.type is ActionType.WAIT:
            timeout_ms += int(action.number or 0)
        patience = timeout_ms / 1000 + self._overtime
        try:
            async with asyncio.timeout(patience):
                asked = self._masking.resolve(action)
                async with self._driver.covering() if references(action.text) else nullcontext():
                    done = await self._driver.perform(
                        asked,
                        timeout_ms=timeout_ms,
                        carried_out=carried_out,
                        origins=self._masking.origins_for(action),
                    )
        except (StepFailed, UnknownSecret, SecretRefused) as error:
            said = _HELD.sub("", str(error)) if references(action.text) else str(error)
            return self._masking.text(said)
        except TimeoutError:
            return f"the browser did not answer within {patience:g} s"
        if done != asked:
            resolved = self._masking.found_action(done)
            changed = {
                name: getattr(resolved, name)
                for name in ("selector", "target")
                if getattr(done, name) != getattr(asked, name)
            }
            self._run.history.resolve_target(action.model_copy(update=changed))
        return None

    # Diagnose

    async def _diagnose(self, wanted: Diagnose) -> None:
        try:
            repair = await self._while_next(wanted, self._repair(wanted))
            if repair.retry is None or wanted.attempt > MAX_RETRIES:
                await self._ask_help(wanted, repair)
                return
        except NoLongerWanted:
            return
        await self._propose(wanted, repair.retry, "repair")

    async def _ask_help(self, wanted: Diagnose, repair: Repair) -> None:
        suggestions = [await self._while_next(wanted, self._proposal(idea, "repair")) for idea in repair.suggestions]
        reason = self._masking.text(repair.reason) if repair.reason else wanted.reason
        self._run.ask_help(with_evidence(reason, self._page_said()), tuple(suggestions))

    async def _repair(self, wanted: Diagnose) -> Repair:
        failure = Failure(
            wanted.reason,
            wanted.failed_step,
            wanted.attempt,
            retry=wanted.retry,
            expired=wanted.expired,
            page_said=self._page_said(),
        )
        try:
            planner = self._planner(self._run.planning.planner)
            with self._waits.for_planner(planner):
                return await planner.repair(self.task(), self._look, failure)
        except (Stuck, StepFailed) as error:
            return Repair(reason=str(error))
        except BrowserGone:
            raise
        except Exception:
            self._logger.error("the planner failed to look at a failure", exc_info=True)
            return Repair()

    async def _while_next(self, wanted: Plan | Diagnose, work: Coroutine[Any, Any, T]) -> T:
        """Returns the work's result, unless the run comes to want something else or control changes hands.

        Raises NoLongerWanted then.
        """
        control_changes = self._take_over.control_changes
        return await self._changes.while_wanted(
            work, lambda: self._run.next_action() == wanted and self._take_over.control_changes == control_changes
        )
