"""A local server that speaks Anthropic's Messages API, streamed; its answers are scripted."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

_CHUNK = 7
"""Characters in each piece of a streamed answer."""


@dataclass
class AnthropicServer:
    """Answers are used up in order: a decision (a dict), or a status with which it fails; then requests get 500."""

    base_url: str = ""
    """What ``ANTHROPIC_BASE_URL`` should be."""
    answers: deque[dict[str, object] | int] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    clients: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closes those that the test has made, before the server."""
    tokens: int = 100
    """What each answer says it has cost."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        answer = self.answers.popleft() if self.answers else 500
        if isinstance(answer, int):
            error = {"type": "overloaded_error" if answer == 529 else "api_error", "message": "scripted"}
            return web.json_response({"type": "error", "error": error}, status=answer)
        return await self._decide(request, body, answer)

    async def _decide(
        self, request: web.Request, body: dict[str, Any], decision: dict[str, object]
    ) -> web.StreamResponse:
        call = {"type": "tool_use", "id": "toolu_1", "name": body["tools"][0]["name"], "input": decision}
        usage = {"input_tokens": self.tokens - 1, "output_tokens": 1}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "usage": usage}
        message |= {"content": [call], "stop_reason": "tool_use", "stop_sequence": None}
        return await _streamed(request, message)


@asynccontextmanager
async def serve_anthropic(*answers: dict[str, object] | int) -> AsyncIterator[AnthropicServer]:
    """The server on a port of its own."""
    anthropic = AnthropicServer(answers=deque(answers))
    app = web.Application()
    app.router.add_post("/v1/messages", anthropic.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    anthropic.base_url = str(server.make_url("/")).rstrip("/")
    try:
        async with anthropic.clients:
            yield anthropic
    finally:
        await server.close()


async def _streamed(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for event in _events(message):
        await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    return response


def _events(message: dict[str, Any]) -> list[dict[str, Any]]:
    call, usage = message["content"][0], message["usage"]
    arguments = json.dumps(call["input"])
    pieces = [arguments[at : at + _CHUNK] for at in range(0, len(arguments), _CHUNK)]
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return [
        {"type": "message_start", "message": message | {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": call | {"input": {}}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": usage["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
