"""The HTTP client for services that speak OpenAI's chat completions nearly as OpenAI does."""

from __future__ import annotations

import json
import ssl
from functools import cache
from typing import Any, Final

import httpx2

NOTHING: Final = "there is nothing in the answer"
_BAD_GATEWAY: Final = 502
_BYTES_A_TOKEN: Final = 4


@cache
def _trusted() -> ssl.SSLContext:
    """Returns the authorities that are trusted, which take some hundredths of a second to read."""
    return httpx2.create_ssl_context()


class LenientClient(httpx2.AsyncClient):
    """Reads answers that are not streamed, and mends what is not as OpenAI's are.

    A 200 that holds an error becomes that error, one without choices a 502; a call gets arguments that are text, and
    the name of a tool that was offered.
    """

    def __init__(self) -> None:
        super().__init__(verify=_trusted())

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:  # noqa: ANN401 - as httpx has it
        response = await super().send(request, **how)
        if response.status_code != httpx2.codes.OK or "event-stream" in response.headers.get("Content-Type", ""):
            return response
        try:
            answer = json.loads(await response.aread())
        except ValueError:
            return response
        if not isinstance(answer, dict):
            return response
        status = _mend(answer, _tools(request))
        if not _is_usage(answer.get("usage")):
            answer["usage"] = _estimate(len(request.content), len(response.content))
        return httpx2.Response(status, json=answer, request=request)


def _tools(request: httpx2.Request) -> list[str]:
    """Returns the names of the tools that the request offers."""
    try:
        offered = json.loads(request.content).get("tools") or []
        return [str(tool["function"]["name"]) for tool in offered]
    except (ValueError, AttributeError, LookupError, TypeError):
        return []


def _is_usage(usage: object) -> bool:
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    return isinstance(usage, dict) and all(isinstance(usage.get(name), int) for name in counts)


def _mend(answer: dict[str, Any], tools: list[str]) -> int:
    """Mends the answer in place, and returns the status that it should have had."""
    error = answer.get("error")
    choices = answer.get("choices")
    if error and not choices:
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, int) and 400 <= code <= 599 else _BAD_GATEWAY
    if "choices" in answer and not choices:
        answer["error"] = {"message": NOTHING}
        return _BAD_GATEWAY
    answer.pop("error", None)
    answer["object"] = "chat.completion"
    for name, kind in (("id", str), ("created", int), ("model", str)):
        if not isinstance(answer.get(name), kind):
            answer[name] = kind()
    for number, choice in enumerate(choices or ()):
        _mend_choice(number, choice, tools)
    return httpx2.codes.OK


def _estimate(asked: int, answered: int) -> dict[str, int]:
    """Returns about how many tokens so many bytes are, so that a run's limits hold where the service does not say."""
    prompt, completion = asked // _BYTES_A_TOKEN + 1, answered // _BYTES_A_TOKEN + 1
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _mend_choice(number: int, choice: Any, tools: list[str]) -> None:  # noqa: ANN401
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return
    if choice.get("index") is None:
        choice["index"] = number
    message["role"] = "assistant"
    if isinstance(old := message.pop("function_call", None), dict):  # as it was before there were tools
        message["tool_calls"] = message.get("tool_calls") or [{"function": old}]
    for at, call in enumerate(message.get("tool_calls") or ()):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            continue
        call["type"] = "function"
        call["id"] = call.get("id") or f"call_{at}"
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            function["arguments"] = json.dumps(arguments or {})
        if function.get("name") not in tools and len(tools) == 1:
            function["name"] = tools[0]
