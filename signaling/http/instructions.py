"""What can be asked without a run: whether instructions are understood, and what a run or a selector is in a test."""

from __future__ import annotations

from aiohttp import web

from control.protocol.models import Locators, NewRun
from signaling.access.authentication import Authenticator
from signaling.config import Limits
from signaling.http.file_names import disposition
from signaling.http.operations import json_content, operation, routes_of, text_content
from signaling.http.shapes import InstructionsChecked, InstructionsToCheck, SelectorToWrite
from signaling.http.unknown_fields import read_exactly
from signaling.ports import Runs


class InstructionsApi:
    """Serves ``/api/tests/check``, ``/api/tests/file`` and ``/api/locators``.

    Any credential will do, as nothing of a run is told.
    """

    def __init__(self, *, runs: Runs, authenticator: Authenticator, limits: Limits) -> None:
        self._runs = runs
        self._authenticator = authenticator
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    @operation(
        "POST",
        "/api/tests/check",
        "Check instructions, as is done when a run is started with them.",
        id="checkInstructions",
        answer=json_content(InstructionsChecked),
        body=json_content(InstructionsToCheck),
        refusals=(400, 401, 413, 415, 422),
    )
    async def check(self, request: web.Request) -> web.Response:
        await self._authenticator.credential(request)
        wanted = await read_exactly(request, InstructionsToCheck, limit=self._limits.max_body)
        problems = await self._runs.check(wanted.instructions, planner=wanted.planner)
        return web.json_response(InstructionsChecked(problems=tuple(problems)).dump())

    @operation(
        "POST",
        "/api/tests/file",
        "Write a file for `jumpseat run` that makes the same run; it has secrets' values from the environment.",
        id="writeTestFile",
        answer=text_content("application/yaml"),
        body=json_content(NewRun),
        refusals=(400, 401, 413, 415, 422),
    )
    async def file(self, request: web.Request) -> web.Response:
        await self._authenticator.credential(request)
        spec = await read_exactly(request, NewRun, limit=self._limits.max_body)
        text = await self._runs.spec_file(spec)
        headers = {"Content-Disposition": disposition(spec.name or spec.address, "{}.yaml", otherwise="test")}
        return web.Response(text=text, content_type="application/yaml", headers=headers)

    @operation(
        "POST",
        "/api/locators",
        "Write a selector as the locator that a test of one's own has.",
        id="writeLocators",
        answer=json_content(Locators),
        body=json_content(SelectorToWrite),
        refusals=(400, 401, 413, 415, 422),
    )
    async def locators(self, request: web.Request) -> web.Response:
        await self._authenticator.credential(request)
        wanted = await read_exactly(request, SelectorToWrite, limit=self._limits.max_body)
        return web.json_response(self._runs.locators(wanted.selector).dump())
