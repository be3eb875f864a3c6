"""The HTTP client for services that speak OpenAI's chat completions nearly as OpenAI does."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx2

NOTHING: Final = "there is nothing in the answer"
_BAD_GATEWAY: Final = 502
_BYTES_A_TOKEN: Final = 4


class LenientClient(httpx2.AsyncClient):
    """Reads answers that are not streamed, and mends what is not as OpenAI's are.

    A 200 that holds an error becomes that error, one without choices a 502; a call's arguments become text.
    """

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:  # noqa: ANN401 - as httpx has it
        response = await super().send(request, **how)
        if response.status_code != httpx2.codes.OK or "json" not in response.headers.get("Content-Type", ""):
            return response
        try:
            answer = json.loads(await response.aread())
        except ValueError:
            return response
        if not isinstance(answer, dict):
            return response
        status = _mend(answer)
        if answer.get("usage") is None:
            answer["usage"] = _estimate(len(request.content), len(response.content))
        return httpx2.Response(status, json=answer, request=request)


def _mend(answer: dict[str, Any]) -> int:
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
    for name, default in (("id", ""), ("object", "chat.completion"), ("created", 0), ("model", "")):
        if answer.get(name) is None:
            answer[name] = default
    for number, choice in enumerate(choices or ()):
        _mend_choice(number, choice)
    return httpx2.codes.OK


def _estimate(asked: int, answered: int) -> dict[str, int]:
    """Returns about how many tokens so many bytes are, so that a run's limits hold where the service does not say."""
    prompt, completion = asked // _BYTES_A_TOKEN + 1, answered // _BYTES_A_TOKEN + 1
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _mend_choice(number: int, choice: Any) -> None:  # noqa: ANN401
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return
    if choice.get("index") is None:
        choice["index"] = number
    if message.get("role") is None:
        message["role"] = "assistant"
    for at, call in enumerate(message.get("tool_calls") or ()):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            continue
        call["type"] = "function"
        call["id"] = call.get("id") or f"call_{at}"
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            function["arguments"] = json.dumps(arguments or {})
