"""The planner that has a language model choose each step, and its options."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from control.protocol.actions import Action
from runner.driver import PageLook, StepFailed
from runner.planners.base import Failure, Idea, ModelUsage, Repair, Stuck, Task
from runner.planners.prompt import Decision, Mask, compose
from runner.selectors.describe import describe_action

INSTALL: Final = (
    "the model planner needs more packages: pip install genai-prices 'pydantic-ai-slim[openai,anthropic]', into the "
    "environment that jumpseat runs in"
)
_LOOKS: Final = 2
"""How often the page may change under the model's eyes before people are asked."""
_MOST_ALIKE: Final = 4
"""How often the same step may be done on a page that does not change."""
_DESCRIPTION_CHARS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Holds which model is used, and how much of it one run may use."""

    model: str
    """``provider:name``, such as ``openai:gpt-5`` or ``anthropic:claude-sonnet-4-6``. ``openai`` is any endpoint
    with OpenAI's chat completions; ``openai-responses`` for OpenAI's newer interface."""
    base_url: str | None = None
    """None: the provider's usual variable (``OPENAI_BASE_URL``), else its own address."""
    api_key: str | None = None
    """None: the provider's usual variable (``OPENAI_API_KEY``, ``ANTHROPIC_API_KEY``)."""
    stream: bool = False
    """Ask for a streamed answer."""
    screenshots: bool = False
    """Send a picture of the page too. Never done in a run that has secrets, as a picture cannot be masked."""
    call_seconds: float = 60.0
    """Seconds that one decision may take, its retries included."""
    seconds: float = 3600.0
    """Seconds that one run may wait for the model, all its decisions together."""
    max_calls: int = 200
    """Requests to the model in one run, retries of malformed answers included."""
    tokens: int = 1_000_000
    """Input and output tokens in one run."""
    cost: float | None = None
    """US dollars in one run; None: no limit. A model whose price is not known is not asked under a limit."""
    history: int = 30
    """How many of the run's last steps are sent to the model."""
    page_chars: int = 20_000
    """How many characters of the page's snapshot are sent to the model."""
    malformed_retries: int = 2
    """How often the model may mend an answer that cannot be read."""
    service_retries: int = 3
    """How often a call is repeated after 429, 5xx or a broken connection."""
    longest_wait: float = 30.0
    """Seconds: a service that asks for more patience (``Retry-After``) is not waited for."""


class Asked(Protocol):
    """Gives one run access to a model."""

    async def ask(self, prompt: str, jpeg: bytes | None = None) -> Decision:
        """Raises Stuck."""

    @property
    def usage(self) -> ModelUsage:
        """Returns what the run has used so far."""

    async def aclose(self) -> None:
        """Closes its connections; safe to repeat."""


Connect = Callable[[ModelOptions], Asked]


def connect(options: ModelOptions) -> Asked:
    """Returns a client of the model. Raises Stuck. Loading its library takes more than a second the first time."""
    try:
        from runner.planners.model_client import ModelClient  # noqa: PLC0415 - an extra
    except ImportError:
        raise Stuck(INSTALL) from None
    return ModelClient(options)


class ModelPlanner:
    """Shows the model the instructions and the page, and proposes what it decides.

    ``mask`` is applied to every word that is sent: the model knows secrets by name only.
    """

    looks_ahead = False

    def __init__(self, options: ModelOptions, *, mask: Mask, connect: Connect = connect) -> None:
        self._options = options
        self._mask = mask
        self._connect = connect
        self._connecting = asyncio.Lock()
        self._asked: Asked | None = None
        self._pages: dict[int, tuple[str, str]] = {}
        """Address and snapshot of the page that the model saw, by the number of steps done before."""

    @property
    def usage(self) -> ModelUsage:
        """Returns what the run has used of the model so far."""
        return self._asked.usage if self._asked else ModelUsage()

    def remaining(self, task: Task) -> int | None:
        return None

    def plan(self, task: Task) -> None:
        return None

    def expects(self, task: Task) -> bool:
        return False

    async def propose(self, task: Task, driver: PageLook) -> Idea | None:
        return await self._next(task, driver, None)

    async def repair(self, task: Task, driver: PageLook, failure: Failure) -> Repair:
        """Returns the model's next step, chosen with the failure in its prompt. Raises Stuck."""
        if failure.step is None:
            return Repair()
        if failure.retry:
            return Repair(retry=Idea(failure.step.full_action, failure.step.description))
        idea = await self._next(task, driver, failure)
        if idea is None:
            return Repair(reason=f"{failure.reason}. The model holds that all is done: skip the step if you agree.")
        return Repair(retry=idea)

    async def aclose(self) -> None:
        if self._asked is not None:
            await self._asked.aclose()

    async def _next(self, task: Task, driver: PageLook, failure: Failure | None) -> Idea | None:
        for _ in range(_LOOKS):
            decision = await self._decide(task, driver, failure)
            if decision.decision == "done":
                return None
            if decision.decision != "act":
                raise Stuck(decision.message.strip())
            try:
                action = await _durable(decision.action(), driver)
            except StepFailed:
                continue
            self._refuse_endless(task, action)
            return Idea(action, _description(decision, action), decision.reasoning.strip() or None)
        raise Stuck("The page changes faster than the model can choose an element. Resume to look again, or override.")

    def _refuse_endless(self, task: Task, action: Action) -> None:
        """Raises Stuck where the model chooses what it has done again and again, and nothing has come of it."""
        done = len(task.steps)
        last = task.steps[-_MOST_ALIKE:]
        alike = [step for step in last if action in {step.full_action, step.proposed}]
        pages = {self._pages.get(number) for number in range(done - _MOST_ALIKE, done + 1)}
        if len(alike) < _MOST_ALIKE or len(pages) > 1 or None in pages:
            return
        self._pages.clear()  # who resumes lets it try again
        raise Stuck(
            f"The model has chosen the same step {_MOST_ALIKE} times, and the page has not changed: "
            f"{describe_action(action)}. Override the step, change the instructions, or resume to let it go on."
        )

    async def _decide(self, task: Task, driver: PageLook, failure: Failure | None) -> Decision:
        view = await driver.observe()
        self._pages[len(task.steps)] = (view.url, view.snapshot)
        self._pages.pop(len(task.steps) - _MOST_ALIKE - 1, None)
        prompt = compose(
            task,
            view,
            mask=self._mask,
            history=self._options.history,
            page_chars=self._options.page_chars,
            failure=failure,
        )
        picture = await _picture(driver) if self._options.screenshots and not task.secrets else None
        return await (await self._model()).ask(prompt, picture)

    async def _model(self) -> Asked:
        """Connects in a thread, as loading the library would hold up the picture."""
        async with self._connecting:
            if self._asked is None:
                self._asked = await asyncio.to_thread(self._connect, self._options)
            return self._asked


async def _picture(driver: PageLook) -> bytes | None:
    try:
        return await driver.screenshot()
    except StepFailed:
        return None


async def _durable(action: Action, driver: PageLook) -> Action:
    """Refs hold only until the next look; selectors made of them hold as long as the page is alike."""
    changed = {
        field: await driver.durable(selector)
        for field in ("selector", "target")
        if (selector := getattr(action, field)) and selector.startswith("aria-ref=")
    }
    return action.model_copy(update=changed)


def _description(decision: Decision, action: Action) -> str:
    line = " ".join(decision.description.split())
    return line[:_DESCRIPTION_CHARS] or describe_action(action)
