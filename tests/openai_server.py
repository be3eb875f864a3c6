"""A local server that speaks OpenAI's chat completions; its answers are scripted: good, bad, slow, or none."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[["OpenAIServer", web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
"""What one request gets."""

_CHUNK = 7
"""Characters in each piece of a streamed answer."""


@dataclass
class OpenAIServer:
    """Answers are used up in order; when none is left, requests get 500."""

    base_url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The bodies received."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by every request."""
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has gone before its answer."""
    clients: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closes those that the test has made, before the server."""
    tokens: int = 100
    """What each answer says it has cost."""

    def say(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    def prompt(self, index: int = -1) -> str:
        """The user's words in that request."""
        content = next(said["content"] for said in self.requests[index]["messages"] if said["role"] == "user")
        if isinstance(content, str):
            return content
        return "\n".join(part["text"] for part in content if part["type"] == "text")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.arrived.set()
        answer = self.answers.popleft() if self.answers else error(500)
        try:
            return await answer(self, request, body)
        except asyncio.CancelledError:
            self.disconnected.set()
            raise


@asynccontextmanager
async def serve_openai(*answers: Answer) -> AsyncIterator[OpenAIServer]:
    """The server on a port of its own; ``base_url`` is what ``OPENAI_BASE_URL`` should be."""
    openai = OpenAIServer(answers=deque(answers))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", openai.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    openai.base_url = str(server.make_url("/v1"))
    try:
        async with openai.clients:
            yield openai
    finally:
        await server.close()


def decides(**decision: object) -> Answer:
    """A well-formed decision, streamed where the client asks for that."""
    return calls(json.dumps(decision))


def calls(arguments: str) -> Answer:
    """A call of the first tool with these arguments, which need not be JSON."""

    async def answer(server: OpenAIServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        call = {"id": "call_1", "type": "function"}
        call["function"] = {"name": body["tools"][0]["function"]["name"], "arguments": arguments}  # type: ignore[assignment]
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return await _complete(server, request, body, message, "tool_calls")

    return answer


def says(text: str) -> Answer:
    """Words where a decision was asked for."""

    async def answer(server: OpenAIServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return await _complete(server, request, body, {"role": "assistant", "content": text}, "stop")

    return answer


def error(status: int, *, headers: Mapping[str, str] | None = None, message: str = "scripted") -> Answer:
    async def answer(server: OpenAIServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"error": {"message": message, "code": None}}, status=status, headers=headers)

    return answer


def never() -> Answer:
    """Keeps the client waiting until it goes."""

    async def answer(server: OpenAIServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    return answer


def breaks_off() -> Answer:
    """Cuts the connection without an answer."""

    async def answer(server: OpenAIServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return answer


async def _complete(
    server: OpenAIServer, request: web.Request, body: dict[str, Any], message: dict[str, Any], finish: str
) -> web.StreamResponse:
    usage = {"prompt_tokens": server.tokens - 1, "completion_tokens": 1, "total_tokens": server.tokens}
    whole = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return web.json_response({**whole, "object": "chat.completion", "choices": [choice], "usage": usage})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    whole["object"] = "chat.completion.chunk"
    for delta in _deltas(message):
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        await _event(response, {**whole, "choices": [choice]})
    await _event(response, {**whole, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    await _event(response, {**whole, "choices": [], "usage": usage})
    await response.write(b"data: [DONE]\n\n")
    return response


def _deltas(message: dict[str, Any]) -> list[dict[str, Any]]:
    if message.get("tool_calls"):
        call = message["tool_calls"][0]
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        head = {"index": 0, "id": call["id"], "type": "function", "function": {"name": name, "arguments": ""}}
        pieces = [arguments[at : at + _CHUNK] for at in range(0, len(arguments), _CHUNK)]
        rest = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
        return [{"role": "assistant", "tool_calls": [head]}, *rest]
    text = message["content"]
    return [{"role": "assistant", "content": text[at : at + _CHUNK]} for at in range(0, len(text), _CHUNK)]


async def _event(response: web.StreamResponse, data: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(data)}\n\n".encode())
