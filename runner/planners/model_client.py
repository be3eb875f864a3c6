"""Asks a language model, within bounds: time, tokens, calls, cost, retries.

The only module that imports pydantic-ai, which is an extra and takes more than a second to load.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from copy import copy
from decimal import Decimal
from typing import Any, Final

from genai_prices import Usage, calc_price
from pydantic_ai import Agent, BinaryContent, NativeOutput, PromptedOutput, RunUsage, UsageLimits
from pydantic_ai.exceptions import ModelAPIError, UnexpectedModelBehavior, UsageLimitExceeded, UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers import infer_provider_class

from runner.planners.base import ModelUsage, Stuck
from runner.planners.model import ModelOptions
from runner.planners.model_http import NOTHING, LenientClient
from runner.planners.prompt import SYSTEM, Decision
from runner.selectors.describe import shorten

logger = logging.getLogger(__name__)
Sleep = Callable[[float], Awaitable[None]]
_FIRST_BACKOFF: Final = 1.0
_GO_ON: Final = "Go on by hand, or start a run with higher limits."
_FORM_REFUSED: Final = {400, 404, 422, 501}
_FORM: Final = re.compile(r"tool|function|response.?format|schema|json|grammar", re.IGNORECASE)
_RETRIED: Final = {408, 409, 429, 500, 502, 503, 504, 529}


class ModelClient:
    """Asks a model for one run; what the run has used counts against its limits."""

    def __init__(self, options: ModelOptions, *, sleep: Sleep = asyncio.sleep) -> None:
        """Raises Stuck where there is no such model, or its key is missing."""
        self._options = options
        self._sleep = sleep
        self._http, self._model = _usable_model(options)
        self._ways = deque(_ways(self._model, options))
        """How it may be asked, the best first; what its service refuses is left behind."""
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

    @property
    def usage(self) -> ModelUsage:
        """Returns what the run has used so far."""
        cost = self._usage.cost
        return ModelUsage(self._usage.total_tokens, None if cost is None else float(cost))

    async def aclose(self) -> None:
        """Closes its connections to the service; safe to repeat."""
        async with self._model:  # leaving it closes the HTTP client that the library made for it
            pass
        if self._http is not None:
            await self._http.aclose()

    def _too_long(self) -> str:
        waited = f"it has waited {self._options.seconds:g} s for it"
        return f"This run has used up what it may use of the model: {waited}. {_GO_ON}"

    def _used_up(self, error: str) -> str:
        options = self._options
        limits = {
            "request_limit": f"{options.max_calls} questions",
            "total_tokens_limit": f"{options.tokens} tokens",
            "cost_limit": f"{options.cost} US dollars",
        }
        limit = next((f"{words} ({name})" for name, words in limits.items() if name in error), "its limit")
        return f"This run has used up what it may use of the model: {limit}. {_GO_ON}"

    async def _with_retries(self, prompt: str, jpeg: bytes | None) -> Decision:
        attempt = 0
        while True:
            try:
                return await self._request(prompt, jpeg)
            except ModelAPIError as error:
                if len(self._ways) > 1 and _refuses_way(error):
                    self._ways.popleft()
                    continue
                await self._sleep(self._patience(error, attempt))
                attempt += 1
            except UsageLimitExceeded as error:
                raise Stuck(self._used_up(str(error))) from None
            except (UnexpectedModelBehavior, LookupError, TypeError, ValueError, AttributeError) as error:
                logger.info("an answer of %s cannot be read: %r", self._options.model, error)
                raise Stuck(
                    f"The model {self._options.model} gave no decision that can be read. "
                    "Resume to ask again, or override the step."
                ) from None

    async def _request(self, prompt: str, jpeg: bytes | None) -> Decision:
        options = self._options
        cost = options.cost
        result = await self._ways[0].run(
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
            what = "gives empty answers" if _message(error) == NOTHING else what
            when = f" and asks to wait {asked:g} s" if asked else ""
            raise Stuck(
                f"The service of {self._options.model} {what}{when}; asked {attempt + 1} times. "
                "Resume later to ask again."
            ) from None
        return seconds


def _usable_model(options: ModelOptions) -> tuple[LenientClient | None, Model]:
    try:
        http, model = _model(options)
    except (UserError, ValueError, ImportError) as error:
        raise Stuck(f"The model {options.model} cannot be used: {shorten(str(error))}") from None
    if options.cost is not None and not _has_price(model):
        raise Stuck(_priceless(options.model, options.cost))
    return http, model


def _ways(model: Model, options: ModelOptions) -> Iterator[Agent[None, Decision]]:
    """Yields how the model can be asked for a decision: as a call that it must make, or may make, or as JSON."""
    outputs: list[tuple[Any, ModelProfile]] = [(Decision, {})]
    if model.profile.get("openai_supports_tool_choice_required", True) and isinstance(model, OpenAIChatModel):
        outputs.append((Decision, OpenAIModelProfile(openai_supports_tool_choice_required=False)))
    outputs.append((PromptedOutput(Decision), {"supports_json_object_output": False}))
    outputs.append((NativeOutput(Decision), {"supports_json_schema_output": True}))
    for output, profile in outputs:
        # Retries of a failing service are ours, so that their number and patience have one bound.
        yield Agent(
            _with_profile(model, profile),
            output_type=output,
            instructions=SYSTEM,
            retries=options.malformed_retries,
            model_settings={"max_retries": 0, "timeout": options.call_seconds},
        )


def _with_profile(model: Model, profile: ModelProfile) -> Model:
    """Returns a model of the same connection that is held to have other features."""
    changed = copy(model)
    vars(changed)["profile"] = {**model.profile, **profile}
    return changed


def _model(options: ModelOptions) -> tuple[LenientClient | None, Model]:
    provider, _, name = options.model.partition(":")
    if not provider or not name:
        raise ValueError("write it as provider:name, for example openai:gpt-5")
    given = {"base_url": options.base_url, "api_key": options.api_key}
    known: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    kind = "openai-chat" if provider == "openai" else provider
    http = LenientClient() if kind == "openai-chat" else None
    more = {} if http is None else {"http_client": http}
    return http, infer_model(f"{kind}:{name}", lambda asked: infer_provider_class(asked)(**known, **more))


def _message(error: ModelAPIError) -> str:
    """Returns the service's own words; empty where it gave none."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else body
    words = inner.get("message") if isinstance(inner, dict) else inner
    return words if isinstance(words, str) else ""


def _refuses_way(error: ModelAPIError) -> bool:
    """Returns whether the service does not take the form of the question, rather than the question."""
    status = getattr(error, "status_code", None)
    return status in _FORM_REFUSED and _FORM.search(_message(error)) is not None


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


def _refusal(model: str, status: int, error: ModelAPIError) -> str:
    said = shorten(_message(error)).rstrip(".")
    hints: dict[int, str] = {
        401: "its key was refused: check the provider's API key",
        402: "the account has no credit left",
        403: "its key may not use this model",
        404: "there is no such model, or the base URL is wrong",
    }
    return f"The service of {model} answers {status}: {hints.get(status) or said or 'it does not take the request'}."
