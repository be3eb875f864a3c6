"""Bodies of the HTTP API that are nearly right, on the real registry and store: 2xx or 4xx, and the field named."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.protocol.models import NewRun
from tests.fuzz import values
from tests.fuzz.example_budget import inputs
from tests.fuzz.registry_server import RegistryServer, registry_server
from tests.fuzz.resource_census import no_traceback, nothing_left
from tests.signaling.server_harness import ADA, auth

NEW_RUNS = st.one_of(
    values.fields(NewRun, values.WILD),
    values.fields(NewRun, values.WILD).map(lambda body: body | {"url": "http://shop.test/"}),
    st.lists(values.ACTIONS, max_size=3).map(lambda steps: {"url": "http://shop.test/", "steps": steps}),
)
OVERRIDES = st.one_of(values.ACTIONS.map(lambda action: {"action": action}), values.WILD)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RegistryServer]:
    with no_traceback():
        async with nothing_left(), registry_server(tmp_path / "data") as harness:
            yield harness


async def started(harness: RegistryServer) -> str:
    body = {"url": "http://shop.test/", "steps": [{"type": "wait", "value": 1}]}
    status, run = await harness.call("POST", "/api/tests", body=body)
    assert status == 201
    return str(run["id"])


async def post(harness: RegistryServer, path: str, body: Any) -> tuple[int, Any]:  # noqa: ANN401 - any JSON
    text = json.dumps(body).encode()
    headers = auth(ADA) | {"Content-Type": "application/json"}
    async with harness.http.post(harness.url + path, data=text, headers=headers) as response:
        answer = json.loads(await response.text())
        assert 200 <= response.status < 500, answer
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            assert answer["detail"].strip()
        return response.status, answer


@inputs(300)
@given(NEW_RUNS)
async def test_a_new_run_is_started_or_refused(harness: RegistryServer, body: Any) -> None:  # noqa: ANN401
    status, answer = await post(harness, "/api/tests", body)
    assert status in {201, 400, 422}
    if status == 422:
        assert answer["errors"]
    if status == 201:
        await post(harness, f"/api/tests/{answer['id']}/cancel", {})


@inputs(100)
@given(st.tuples(st.sampled_from(["override-step", "update-instructions", "tokens", "commands"]), OVERRIDES))
async def test_what_is_said_to_a_run_is_answered(harness: RegistryServer, said: tuple[str, Any]) -> None:
    run_id = await started(harness)
    await post(harness, f"/api/tests/{run_id}/{said[0]}", said[1])
    await post(harness, f"/api/tests/{run_id}/cancel", {})


@inputs(100)
@given(values.OBJECTS)
async def test_a_stored_run_answers_every_message(harness: RegistryServer, message: dict[str, Any]) -> None:
    """To one that was started before; most are over by now."""
    runs = (await harness.call("GET", "/api/tests?limit=1"))[1]["runs"]
    run_id = runs[0]["id"] if runs else await started(harness)
    await post(harness, f"/api/tests/{run_id}/commands", message)


@pytest.mark.parametrize(
    ("path", "good", "field", "near"),
    [
        ("/api/tests", {"url": "http://shop.test/", "steps": []}, "instruction", "instructions"),
        ("/api/tests", {"url": "http://shop.test/", "steps": []}, "step_timeout", "stepTimeoutMs"),
        ("tokens", {"role": "viewer"}, "ttlSecond", "ttlSeconds"),
    ],
)
async def test_a_field_that_is_not_known_is_named(
    harness: RegistryServer, path: str, good: dict[str, Any], field: str, near: str
) -> None:
    path = path if path.startswith("/") else f"/api/tests/{await started(harness)}/{path}"
    status, problem = await post(harness, path, {**good, field: 1})
    assert status == 422
    assert problem["errors"] == [{"field": field, "message": f"there is no such field; did you mean '{near}'?"}]
    assert (await post(harness, path, good))[0] == 201


async def test_a_field_like_no_other_is_answered_with_those_there_are(harness: RegistryServer) -> None:
    status, problem = await post(harness, "/api/tests", {"url": "http://shop.test/", "steps": [], "zzz": 1})
    assert status == 422
    assert problem["detail"].startswith("zzz: there is no such field; fields: ")


async def test_a_field_of_a_step_that_is_not_known_is_named(harness: RegistryServer) -> None:
    step = {"type": "click", "selector": "#pay", "valeu": "1"}
    status, problem = await post(harness, "/api/tests", {"url": "http://shop.test/", "steps": [step]})
    assert status == 422
    assert problem["errors"][0]["field"] == "steps.0.valeu"


async def test_a_field_that_is_not_known_may_hold_anything(harness: RegistryServer) -> None:
    headers = auth(ADA) | {"Content-Type": "application/json"}
    for value in ("9" * 5000, "[" * 150 + "]" * 150, '"\\u0000"', "1e999", "NaN"):
        text = f'{{"url": "http://shop.test/", "steps": [], "zzz": {value}}}'
        async with harness.http.post(f"{harness.url}/api/tests", data=text, headers=headers) as response:
            assert response.status in {400, 422}
