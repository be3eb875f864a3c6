"""The planner that follows plain-language instructions, one sentence a step, without a language model."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from control.protocol.actions import Action, ActionType
from control.protocol.models import Step
from runner.driver import PageLook
from runner.planners.base import Failure, Idea, Repair, Stuck, Task
from runner.planners.element_lookup import ElementLookup, LookupResult, field_with
from runner.planners.grammar import UnknownSentence, parse
from runner.planners.intents import Intent, Thing
from runner.planners.near_names import lacks_its_file, looks_transient, nearest, what_is_there
from runner.planners.sentence_splitter import Sentence, UnclosedQuote, split
from runner.selectors.build import page_without

_DEFAULT_VIEWPORT_HEIGHT = 720.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """Holds the sentences of one version of the instructions."""

    version: int
    sentences: tuple[Sentence, ...]
    base: int
    """``Task.consumed`` less this is the sentence that comes next."""
    fault: str | None = None
    """Why the instructions cannot be read."""

    def position(self, consumed: int) -> int:
        return min(max(consumed - self.base, 0), len(self.sentences))


class PlainPlanner:
    """Resolves each sentence on the page by role, label, placeholder, alternative text, title, text and test id.

    ``wait_ms`` bounds how long a proposal waits for its element to appear; ``settle_ms`` how long a name that matches
    only in part waits for a better match.
    """

    looks_ahead = True

    def __init__(self, *, wait_ms: int = 3_000, settle_ms: int = 400) -> None:
        self._wait_ms = wait_ms
        self._settle_ms = settle_ms
        self._plan: _Plan | None = None
        self._settled: tuple[str, ...] = ()
        """The sentences that were settled when the instructions were last rewritten."""

    def remaining(self, task: Task) -> int | None:
        plan = self._follow(task)
        return None if plan.fault else len(plan.sentences) - plan.position(task.consumed)

    def expects(self, task: Task) -> bool:
        plan = self._follow(task)
        at = plan.position(task.consumed)
        try:
            return at < len(plan.sentences) and parse(plan.sentences[at]).type.expects
        except UnknownSentence:
            return False

    async def propose(self, task: Task, driver: PageLook) -> Idea | None:
        sentence = self._sentence(task)
        if sentence is None:
            return None
        intent = _understand(sentence)
        action, note = await self._resolve(intent, task, driver)
        return Idea(action, sentence.text, note, self.remaining(task))

    async def repair(self, task: Task, driver: PageLook, failure: Failure) -> Repair:
        """Returns one retry where the element is there now, or a person wants it; else elements with similar names."""
        step, sentence = failure.step, self._sentence(task)
        if step is None:
            return Repair()
        own = sentence if sentence is not None and step.description == sentence.text else None
        if failure.retry:
            return Repair(retry=await self._again(own, step, task, driver))
        if lacks_its_file(step.full_action, failure.reason):
            return Repair()
        if own is None:
            return await nearest(step.full_action, driver)
        return await self._mend(own, step, task, driver, failure)

    async def aclose(self) -> None:
        return None

    # Where the run stands in the instructions

    def _sentence(self, task: Task) -> Sentence | None:
        """Returns the sentence that comes next. Raises Stuck where the instructions cannot be read."""
        plan = self._follow(task)
        if plan.fault:
            raise Stuck(plan.fault)
        at = plan.position(task.consumed)
        return plan.sentences[at] if at < len(plan.sentences) else None

    def _follow(self, task: Task) -> _Plan:
        if self._plan is None or self._plan.version != task.version:
            self._plan = self._begin(task)
        return self._plan

    def _begin(self, task: Task) -> _Plan:
        """Returns the plan for new instructions; settled leading sentences that they share are not done again."""
        if self._plan is not None and not self._plan.fault:
            done = self._plan.sentences[: self._plan.position(task.consumed)]
            self._settled = tuple(sentence.text for sentence in done)
        try:
            sentences = tuple(split(task.instructions))
        except UnclosedQuote as error:
            return _Plan(task.version, (), task.consumed, str(error))
        shared = 0
        for sentence, settled in zip(sentences, self._settled, strict=False):
            if sentence.text != settled:
                break
            shared += 1
        return _Plan(task.version, sentences, task.consumed - shared)

    # From a sentence to an action

    async def _resolve(self, intent: Intent, task: Task, driver: PageLook) -> tuple[Action, str | None]:
        if intent.thing is None:
            return await _without_a_thing(intent, task, driver), None
        thing, note = await self._find(intent.thing, intent, driver)
        to_see = intent.type is ActionType.EXPECT_VISIBLE and not intent.gone
        if to_see and not thing.seen and (field := await field_with(driver, intent.thing, self._wait_ms)):
            return Action(type=ActionType.EXPECT_TEXT, selector=field, value=intent.thing.name), note
        if intent.gone:
            return Action(type=intent.type, selector=page_without(thing.selector)), None
        if thing.offers:
            return Action(type=ActionType.SELECT, selector=thing.selector, value=intent.thing.name), note
        if intent.target is None:
            return Action(type=intent.type, selector=thing.selector, value=intent.value), note
        target, other = await self._find(intent.target, intent, driver)
        return Action(type=intent.type, selector=thing.selector, target=target.selector), note or other

    async def _find(self, thing: Thing, intent: Intent, driver: PageLook) -> tuple[LookupResult, str | None]:
        found = await ElementLookup(driver, thing, intent.type).within(self._wait_ms, self._settle_ms)
        if found.seen or intent.type in {ActionType.EXPECT_VISIBLE, ActionType.WAIT}:
            return found, found.note
        return found, f"Nothing called '{thing.name}' is on the page yet."

    # After a failure

    async def _mend(self, sentence: Sentence, step: Step, task: Task, driver: PageLook, failure: Failure) -> Repair:
        intent = _understand(sentence)
        retry = await self._second_try(intent, sentence, task, driver, failure)
        if retry is not None:
            return Repair(retry=retry)
        if intent.thing is None or intent.thing.selector or intent.gone:
            return Repair()
        return await self._near(intent, driver, step.full_action)

    async def _second_try(
        self, intent: Intent, sentence: Sentence, task: Task, driver: PageLook, failure: Failure
    ) -> Idea | None:
        if failure.attempt > 1 or not await _is_there_now(intent, driver, failure):
            return None
        action, note = await self._resolve(intent, task, driver)
        return Idea(action, sentence.text, note or "The page may be ready for it now.", self.remaining(task))

    async def _again(self, sentence: Sentence | None, step: Step, task: Task, driver: PageLook) -> Idea:
        """Returns the sentence of the step, looked up anew on the page as it now is; else the step as it was."""
        if sentence is None:
            return Idea(step.full_action, step.description, remaining=self.remaining(task))
        action, note = await self._resolve(_understand(sentence), task, driver)
        return Idea(action, sentence.text, note, self.remaining(task))

    async def _near(self, intent: Intent, driver: PageLook, action: Action) -> Repair:
        """Returns near matches for the thing that is missing: a drag's end where its beginning is there."""
        assert intent.thing is not None
        if await ElementLookup(driver, intent.thing, intent.type).now() is None:
            return await what_is_there(intent.thing, action, driver, field="selector")
        if intent.target and await ElementLookup(driver, intent.target, intent.type).now() is None:
            return await what_is_there(intent.target, action, driver, field="target")
        return Repair()


def _understand(sentence: Sentence) -> Intent:
    try:
        return parse(sentence)
    except UnknownSentence as error:
        raise Stuck(str(error)) from None


async def _is_there_now(intent: Intent, driver: PageLook, failure: Failure) -> bool:
    things = [thing for thing in (intent.thing, intent.target) if thing]
    if not things or intent.gone:
        return looks_transient(failure.reason)
    for thing in things:
        if await ElementLookup(driver, thing, intent.type).now() is None:
            return False
    return True


async def _without_a_thing(intent: Intent, task: Task, driver: PageLook) -> Action:
    value = intent.value
    if intent.type in {ActionType.NAVIGATE, ActionType.NEW_TAB} and value:
        value = str(value) if str(value).startswith("{{") else urljoin(task.url, str(value))
    elif intent.type is ActionType.EXPECT_URL:
        value = _address(str(value), intent, task)
    elif intent.type is ActionType.SCROLL and intent.up:
        page = await driver.find("html", timeout_ms=1_000)
        value = -(page.viewport.height if page else _DEFAULT_VIEWPORT_HEIGHT)
    return Action(type=intent.type, value=value)


def _address(wanted: str, intent: Intent, task: Task) -> str:
    """Returns the address as ``expect_url`` takes it: absolute, or a path, with ``*`` for anything."""
    if intent.contains:
        return f"*{wanted.strip('*')}*"
    return wanted if wanted.startswith(("/", "*", "{{")) else urljoin(task.url, wanted)
