"""Asks a language model, within bounds: time, tokens, calls, cost, retries.

The only module that imports pydantic-ai, which is an extra and takes more than a second to load.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable
from decimal import Decimal
from typing import Final

from genai_prices import Usage, calc_price
from pydantic_ai import Agent, BinaryContent, RunUsage, UsageLimits
from pydantic_ai.exceptions import ModelAPIError, UnexpectedModelBehavior, UsageLimitExceeded, UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.providers import infer_provider_class

from runner.planners.base import Stuck
from runner.planners.model import ModelOptions
from runner.planners.prompt import SYSTEM, Decision
from runner.selectors.describe import shorten

Sleep = Callable[[float], Awaitable[None]]
_FIRST_BACKOFF: Final = 1.0
_GO_ON: Final = "Go on by hand, or start a run with higher limits."
_RETRIED: Final = {408, 409, 429, 500, 502, 503, 504, 529}


class ModelClient:
    """Asks a model for one run; what the run has used counts against its limits."""

    def __init__(self, options: ModelOptions, *, sleep: Sleep = asyncio.sleep) -> None:
        """Raises Stuck where there is no such model, or its key is missing."""
        self._options = options
        self._sleep = sleep
        self._model = _usable_model(options)
        self._agent = _agent(self._model, options)
        self._usage = RunUsage()
        self._left = options.seconds
        """Seconds that the run may still wait."""

    async def ask(self, prompt: str, jpeg: bytes | None = None) -> Decision:
        """Returns the model's decision. Raises Stuck with what to do. Cancelling it ends the request."""
        if self._left <= 0:
            raise Stuck(self._too_long())
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(min(self._options.call_seconds, self._left)):
                return await self._with_retries(prompt, jpeg)
        except TimeoutError:
            if clock() - began >= self._left:
                raise Stuck(self._too_long()) from None
            raise Stuck(
                f"The model {self._options.model} gave no answer within {self._options.call_seconds:g} s. "
                "Resume to ask again, or override the step."
            ) from None
        finally:
            self._left -= clock() - began

    async def aclose(self) -> None:
        """Closes its connections to the service; safe to repeat."""
        async with self._model:  # leaving it closes the HTTP client that the library made for it
            pass

    def _too_long(self) -> str:
        waited = f"it has waited {self._options.seconds:g} s for it"
        return f"This run has used up what it may use of the model: {waited}. {_GO_ON}"

    async def _with_retries(self, prompt: str, jpeg: bytes | None) -> Decision:
        attempt = 0
        while True:
            try:
                return await self._request(prompt, jpeg)
            except ModelAPIError as error:
                await self._sleep(self._patience(error, attempt))
                attempt += 1
            except UsageLimitExceeded as error:
                raise Stuck(f"This run has used up what it may use of the model: {error}. {_GO_ON}") from None
            except UnexpectedModelBehavior as error:
                raise Stuck(
                    f"The model {self._options.model} gave no decision that can be read: {shorten(str(error))}. "
                    "Resume to ask again, or override the step."
                ) from None

    async def _request(self, prompt: str, jpeg: bytes | None) -> Decision:
        options = self._options
        cost = options.cost
        result = await self._agent.run(
            prompt if jpeg is None else [prompt, BinaryContent(jpeg, media_type="image/jpeg")],
            usage=self._usage,
            usage_limits=UsageLimits(
                request_limit=options.max_calls,
                total_tokens_limit=options.tokens,
                cost_limit=None if cost is None else Decimal(str(cost)),
            ),
            event_stream_handler=_drain if options.stream else None,
        )
        if cost is not None and self._usage.cost is None:
            raise Stuck(_priceless(options.model, cost))
        return result.output

    def _patience(self, error: ModelAPIError, attempt: int) -> float:
        """Returns the seconds to wait before the next attempt. Raises Stuck where there is to be none."""
        status = getattr(error, "status_code", None)
        if status is not None and status not in _RETRIED:
            raise Stuck(_refusal(self._options.model, status, error)) from None
        asked = error.retry_after
        seconds = _FIRST_BACKOFF * 2**attempt if asked is None else asked
        if attempt >= self._options.service_retries or seconds > self._options.longest_wait:
            what = f"answers {status}" if status else "cannot be reached"
            when = f" and asks to wait {asked:g} s" if asked else ""
            raise Stuck(
                f"The service of {self._options.model} {what}{when}; asked {attempt + 1} times. "
                "Resume later to ask again."
            ) from None
        return seconds


def _usable_model(options: ModelOptions) -> Model:
    try:
        model = _model(options)
    except (UserError, ValueError, ImportError) as error:
        raise Stuck(f"The model {options.model} cannot be used: {shorten(str(error))}") from None
    if options.cost is not None and not _has_price(model):
        raise Stuck(_priceless(options.model, options.cost))
    return model


def _agent(model: Model, options: ModelOptions) -> Agent[None, Decision]:
    # Retries of a failing service are ours, so that their number and patience have one bound.
    return Agent(
        model,
        output_type=Decision,
        instructions=SYSTEM,
        retries=options.malformed_retries,
        model_settings={"max_retries": 0, "timeout": options.call_seconds},
    )


def _model(options: ModelOptions) -> Model:
    provider, _, name = options.model.partition(":")
    if not provider or not name:
        raise ValueError("write it as provider:name, for example openai:gpt-5")
    given = {"base_url": options.base_url, "api_key": options.api_key}
    known = {key: value for key, value in given.items() if value is not None}
    kind = "openai-chat" if provider == "openai" else provider
    return infer_model(f"{kind}:{name}", lambda asked: infer_provider_class(asked)(**known))


def _has_price(model: Model) -> bool:
    try:
        calc_price(Usage(input_tokens=1, output_tokens=1), model.model_name, provider_id=model.system)
    except LookupError:
        return False
    return True


def _priceless(model: str, limit: float) -> str:
    return (
        f"The price of the model {model} is not known, so it cannot be kept below {limit:g} US dollars: "
        "unset JUMPSEAT_MODEL_COST, and bound its use by JUMPSEAT_MODEL_TOKENS."
    )


async def _drain(_: object, events: AsyncIterable[object]) -> None:
    async for _event in events:
        pass


def _refusal(model: str, status: int, error: Exception) -> str:
    hints: dict[int, str] = {
        401: "its key was refused: check the provider's API key",
        402: "the account has no credit left",
        403: "its key may not use this model",
        404: "there is no such model, or the base URL is wrong",
    }
    return f"The service of {model} answers {status}: {hints.get(status, shorten(str(error)))}."
