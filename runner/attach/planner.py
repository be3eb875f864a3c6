"""The planner of an attached run: its ideas are the calls of the client."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from control.client_run import ClientRun
from runner.attach.calls import describe, to_action, types_into
from runner.attach.gate import Gate, PendingCall
from runner.driver import PageLook
from runner.planners.base import Failure, Idea, Repair, Task
from runner.planners.near_names import nearest


class CallPlanner:
    """Proposes what the client calls next, as long as people hold it."""

    looks_ahead = True

    def __init__(self, gate: Gate, reasons: Callable[[], str | None] = lambda: None) -> None:
        """``reasons``: says which step of its test the client is in, where that is known."""
        self._gate = gate
        self._reasons = reasons
        self._run: ClientRun | None = None

    def begin(self, run: ClientRun) -> None:
        self._run = run

    def remaining(self, task: Task) -> int | None:
        return None

    def plan(self, task: Task) -> None:
        return None

    def expects(self, task: Task) -> bool:
        return False  # what it is, is proposed before anything can be done in its place

    async def propose(self, task: Task, driver: PageLook) -> Idea | None:
        await self._gate.settle(task.consumed)
        while True:
            self._gate.news.clear()
            # A call that was aborted meanwhile is settled: what the task says may be of before.
            consumed = self._run.consumed if self._run is not None else task.consumed
            if self._keep_failure(consumed):
                await self._gate.news.wait()  # is cancelled as soon as the run asks what is to be done about it
                continue
            current = self._gate.next_held(consumed)
            if current is None:
                await self._gate.news.wait()
                continue
            idea = await self._idea(current)
            if not current.aborted:
                return idea

    async def repair(self, task: Task, driver: PageLook, failure: Failure) -> Repair:
        """Returns what may be tried; where nobody is there to choose, the client gets its error and the run goes on."""
        current = self._gate.current
        aborted = current is not None and current.aborted
        if self._run is None or failure.expired or aborted or not self._run.attended:
            await self._give_up(current)
            return Repair()
        if current is None or failure.step is None or current.kept is None:
            return Repair()
        if failure.retry:
            return Repair(retry=await self._idea(current))
        near = await nearest(failure.step.full_action, driver)
        return Repair(suggestions=self._at_its_place(near.suggestions, current), reason=near.reason)

    async def aclose(self) -> None:
        return None

    async def _give_up(self, current: PendingCall | None) -> None:
        if current is not None:
            await self._gate.give_up(current)
        if self._run is not None:
            self._run.give_up()

    def _keep_failure(self, consumed: int) -> bool:
        failed = self._gate.next_failed()
        if failed is None or failed.step is None or self._run is None or not self._run.keep_failure(failed.step):
            return False
        self._gate.take_failed(consumed)
        return True

    async def _idea(self, pending: PendingCall) -> Idea:
        call = pending.call
        field = types_into(call)
        action = self._gate.mask(to_action(call, hidden=field is not None and await self._gate.is_secret_field(field)))
        return Idea(action, describe(call, action), self._reasons(), location=call.location)

    def _at_its_place(self, ideas: Sequence[Idea], pending: PendingCall) -> tuple[Idea, ...]:
        place = pending.call.location
        return tuple(Idea(idea.action, idea.description, idea.reasoning, location=place) for idea in ideas)
