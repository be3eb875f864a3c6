"""The planner that does given actions in their order."""

from __future__ import annotations

from collections.abc import Sequence

from control.protocol.actions import Action
from runner.driver import PageLook
from runner.planners.base import Failure, Idea, PlanEntry, Repair, Task
from runner.planners.near_names import lacks_its_file, looks_transient, nearest
from runner.selectors.describe import describe_action


class ScriptPlanner:
    """Proposes the given actions in their order, without looking at the page."""

    looks_ahead = True

    def __init__(self, actions: Sequence[Action]) -> None:
        self._actions = tuple(actions)

    def remaining(self, task: Task) -> int | None:
        return max(len(self._actions) - task.consumed, 0)

    def plan(self, task: Task) -> Sequence[PlanEntry]:
        return [PlanEntry(describe_action(action)) for action in self._actions[task.consumed :]]

    def expects(self, task: Task) -> bool:
        return task.consumed < len(self._actions) and self._actions[task.consumed].type.expects

    async def propose(self, task: Task, driver: PageLook) -> Idea | None:
        if task.consumed >= len(self._actions):
            return None
        action = self._actions[task.consumed]
        return Idea(action, describe_action(action), remaining=self.remaining(task))

    async def repair(self, task: Task, driver: PageLook, failure: Failure) -> Repair:
        """Returns one retry where the page has changed or the failure looks transient; else near matches."""
        step = failure.step
        if step is None or (lacks_its_file(step.full_action, failure.reason) and not failure.retry):
            return Repair()
        if failure.retry:
            return Repair(retry=Idea(step.full_action, step.description, remaining=self.remaining(task)))
        if failure.attempt == 1 and await _may_work_now(step.full_action, step.url, driver, failure.reason):
            retry = Idea(step.full_action, step.description, "The page may be ready for it now.", self.remaining(task))
            return Repair(retry=retry)
        return await nearest(step.full_action, driver)

    async def aclose(self) -> None:
        return None


async def _may_work_now(action: Action, url: str | None, driver: PageLook, reason: str) -> bool:
    if action.selector:
        return await driver.count(action.selector) > 0
    return looks_transient(reason) or driver.url != url
