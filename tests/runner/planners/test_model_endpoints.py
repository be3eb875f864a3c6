"""Model endpoints as they are: nearly OpenAI's, or without what is asked of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from control.protocol.actions import Action, ActionType
from runner.planners.base import Stuck
from tests.openai_server import Answer, OpenAIServer, calls, decides, error, says, serve_openai
from tests.runner.planners.test_model import CLICK, Desk

WORDS = re.compile(r"Error|Exception|status_code|NoneType|index|validation|choices|tool_choice|\{|\[")
"""What no person should have to read."""
NULLS = {"message": None, "ref": None, "value": None, "target_ref": None, "target_selector": None, "reasoning": None}
CLICKED = {"decision": "act", "type": "click", "selector": "#pay", "description": "Click 'Pay'"}


def answers(body: object, status: int = 200) -> Answer:
    async def answer(server: OpenAIServer, request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


def whole(message: object, **more: object) -> Answer:
    body = {"id": None, "created": None, "model": "m", "choices": [{"message": message}], "usage": None}
    return answers({**body, **more})


def call(arguments: object) -> Answer:
    return whole({"content": None, "tool_calls": [{"function": {"name": "final_result", "arguments": arguments}}]})


def as_text(body: object) -> Answer:
    async def answer(server: OpenAIServer, request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        return web.Response(text=json.dumps(body), content_type="text/plain")

    return answer


CALLS = [{"function": {"name": "final_result", "arguments": CLICKED}}]
TAKEN = {
    "null in unused fields": decides(**CLICKED, **NULLS),
    "capitals": decides(**{**CLICKED, "decision": "ACT", "type": "Click"}),
    "encoded twice": calls(json.dumps(json.dumps(CLICKED))),
    "an object in place of text": call(CLICKED),
    "nothing but what is needed, and null": call(json.dumps({**CLICKED, **NULLS})),
    "empty text in unused fields": call({**CLICKED, "value": "", "ref": "", "message": ""}),
    "as functions were called before tools": whole({"function_call": {"name": "final_result", "arguments": CLICKED}}),
    "a tool's name in a space of names": whole(
        {"tool_calls": [{"function": {"name": "functions.final_result", "arguments": CLICKED}}]}
    ),
    "another role, id and time": whole({"role": "model", "tool_calls": CALLS}, id=1, created=1.5),
    "tokens that are not counted": whole({"tool_calls": CALLS}, usage={"prompt_tokens": None, "total_tokens": 7}),
    "JSON that is called text": as_text({"choices": [{"message": {"tool_calls": CALLS}}]}),
    "an empty error beside": whole(
        {
            "role": None,
            "tool_calls": [{"id": None, "type": None, "function": {"name": "final_result", "arguments": CLICKED}}],
        },
        error=None,
    ),
}


@pytest.mark.parametrize("answer", TAKEN.values(), ids=TAKEN.keys())
async def test_a_decision_is_taken_as_models_write_it(answer: Answer) -> None:
    async with serve_openai(answer) as server:
        idea = await Desk(server).propose()
        assert idea.action == Action(type=ActionType.CLICK, selector="#pay")
        assert len(server.requests) == 1


async def test_a_double_click_may_have_a_hyphen() -> None:
    async with serve_openai(decides(**{**CLICKED, "type": "Double-Click"})) as server:
        assert (await Desk(server).propose()).action.type is ActionType.DOUBLE_CLICK


PASSING = [
    (answers({"choices": []}), [1]),
    (answers({"choices": None, "id": "x"}), [1]),
    (answers({"error": {"message": "busy", "code": 429}}), [1]),
    (answers({"error": "upstream has failed"}), [1]),
]


@pytest.mark.parametrize(("answer", "slept"), PASSING)
async def test_a_200_that_holds_no_answer_is_asked_again(answer: Answer, slept: list[float]) -> None:
    async with serve_openai(answer, CLICK) as server:
        desk = Desk(server)
        assert await desk.propose()
        assert desk.slept == slept


FOR_PEOPLE = [
    ([answers({"choices": []})] * 9, "gives empty answers; asked 2 times"),
    ([answers({"error": {"message": "no credit", "code": 402}})], "the account has no credit left"),
    ([answers({"error": {"message": "The prompt is too long.", "code": 400}})], "answers 400: The prompt is too long."),
    ([answers([])] * 9, "no decision that can be read"),
    ([answers("hello")] * 9, "no decision that can be read"),
    ([whole(None)] * 9, "no decision that can be read"),
    ([calls("{not json")] * 9, "no decision that can be read"),
    ([error(400, message="tools are not supported")] * 9, "answers 400: tools are not supported"),
]


@pytest.mark.parametrize(("script", "words"), FOR_PEOPLE, ids=[words for _, words in FOR_PEOPLE])
async def test_what_cannot_be_read_is_put_in_words_for_people(script: list[Answer], words: str) -> None:
    async with serve_openai(*script) as server:
        with pytest.raises(Stuck, match=words) as stuck:
            await Desk(server, service_retries=1).propose()
    assert not WORDS.search(str(stuck.value).replace(words, ""))


Refuses = Callable[[dict[str, Any]], bool]
SERVICES: dict[str, tuple[Refuses, int, str]] = {
    "no call can be required": (
        lambda body: body.get("tool_choice") == "required",
        400,
        "tool_choice 'required' is not supported",
    ),
    "no tools": (lambda body: "tools" in body, 400, "this model does not support tools"),
    "no tools, by 404": (lambda body: "tools" in body, 404, "No endpoints found that support tool use"),
    "nothing but a schema": (
        lambda body: (body.get("response_format") or {}).get("type") != "json_schema",
        422,
        "response_format is required",
    ),
}


def strict(refuses: Refuses, status: int, message: str) -> Answer:
    """What does not take this form of the question; other forms get a decision, as it was asked for."""

    async def answer(server: OpenAIServer, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if refuses(body):
            return await error(status, message=message)(server, request, body)
        made = decides(**CLICKED) if body.get("tools") else says(f"```json\n{json.dumps(CLICKED)}\n```")
        return await made(server, request, body)

    return answer


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_asked_in_a_form_that_it_takes(service: str) -> None:
    async with serve_openai(*[strict(*SERVICES[service])] * 9) as server:
        desk = Desk(server)
        assert (await desk.propose()).action.selector == "#pay"
        before = len(server.requests)
        assert (await desk.propose()).action.selector == "#pay"
        assert len(server.requests) == before + 1, "what was refused once is not tried again"
        assert desk.slept == []


async def test_tokens_are_estimated_where_the_service_does_not_say() -> None:
    async with serve_openai(call(CLICKED), call(CLICKED)) as server:
        desk = Desk(server, tokens=1500)
        assert await desk.propose()
        with pytest.raises(Stuck, match="used up what it may use of the model"):
            await desk.propose()
