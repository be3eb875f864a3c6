"""The server is what ``/openapi.json`` says: what that allows and what it forbids is sent, and every answer checked."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi import checks

from signaling.http.openapi import describe
from tests.fuzz.example_budget import inputs, is_quick
from tests.fuzz.registry_server import RegistryServer, registry_server
from tests.signaling.server_harness import ADA, WAIT_SECONDS, auth

RUN = "a-run-that-is-there"
"""Stands for the id of one, in what is generated."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
]


def described() -> dict[str, Any]:
    """The description, with a run and a step that are there."""
    known = {"runId": {"type": "string", "enum": [RUN]}, "stepNumber": {"type": "integer", "enum": [1]}}
    found = copy.deepcopy(describe())
    for path in found["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                parameter["schema"] = known.get(parameter["name"], parameter["schema"])
    return found


def schema() -> schemathesis.BaseSchema:
    """What the generated inputs come from; the hundreds of enumerated ones beside them are left out by `make quick`."""
    project = ProjectConfig(
        generation=GenerationConfig(deterministic=True, with_security_parameters=False),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=not is_quick())),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=project))
    return schemathesis.openapi.from_dict(described(), config=config)


SCHEMA = schema()


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def as_text(ctx: schemathesis.SerializationContext, value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return str(value).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Ground:
    """A server in a thread of its own, for clients that block."""

    url: str
    start: Callable[[bool], Future[str]]
    """A run of its own: one that is over and has one step, or one that waits for an approval."""
    turns: Iterator[bool] = field(default_factory=lambda: cycle((True, False)))

    def run(self) -> str:
        """The id of a new run, over and waiting in turns: one that was removed would answer nothing but 404."""
        return self.start(next(self.turns)).result(timeout=WAIT_SECONDS)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder: Path = tmp_path_factory.mktemp("openapi")
    stop: Future[None] = Future()
    ready: Future[Ground] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(serve(folder, ready, stop)))
    thread.start()
    try:
        yield ready.result(timeout=WAIT_SECONDS)
    finally:
        stop.set_result(None)
        thread.join(timeout=WAIT_SECONDS)


async def serve(folder: Path, ready: Future[Ground], stop: Future[None]) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with registry_server(folder) as harness:
            ready.set_result(
                Ground(harness.url, lambda over: asyncio.run_coroutine_threadsafe(new_run(harness, over=over), loop))
            )
            await asyncio.wrap_future(stop)
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise


async def new_run(harness: RegistryServer, *, over: bool) -> str:
    ended = asyncio.Event()
    harness.registry.on_ended = ended.set
    body = {"url": "http://shop.test/", "instructions": "Click 'Buy it'", "mode": "auto" if over else "review"}
    _, run = await harness.call("POST", "/api/tests", body=body)
    if over:
        await ended.wait()
    return str(run["id"])


@SCHEMA.parametrize()
@inputs(15)
def test_answers_are_as_described(case: Case[Any], ground: Ground) -> None:
    wanted = [*CHECKS]
    if case.path_parameters.get("runId") == RUN:
        case.path_parameters["runId"] = ground.run()
    elif case.method != "OPTIONS":
        wanted.append(checks.negative_data_rejection)
    case.call_and_validate(base_url=ground.url, headers=auth(ADA), checks=wanted, timeout=WAIT_SECONDS)
