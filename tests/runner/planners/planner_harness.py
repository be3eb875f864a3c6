"""Pages of a test's own making, a real browser that shows them, and what a planner is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import cast

from aiohttp import web
from aiohttp.test_utils import TestServer

from control.protocol.actions import Action, Size
from control.protocol.models import Source, Step, StepStatus
from runner.browser.launch import PlaywrightDrivers
from runner.driver import Driver
from runner.planners.base import Failure, Task
from tests.browser_fixtures import SharedChromium

Showing = Callable[[Mapping[str, str] | str], AbstractAsyncContextManager[Driver]]
"""`show` on the shared browser."""
URL = "http://shop.test/start"
NO_PAGE = cast(Driver, object())
"""For what must not look at any page."""


@asynccontextmanager
async def show(pages: Mapping[str, str] | str, *, shared: SharedChromium) -> AsyncIterator[Driver]:
    """A page of the shared browser at ``/`` of a site with these bodies, by path; one body where it is text."""
    bodies = {"/": pages} if isinstance(pages, str) else pages

    async def answer(request: web.Request) -> web.Response:
        if request.path not in bodies:
            raise web.HTTPNotFound
        return web.Response(text=f"<!doctype html><title>T</title>{bodies[request.path]}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    drivers = PlaywrightDrivers()
    async with TestServer(app, host="127.0.0.1") as server:
        try:
            driver = await drivers.open_context(await shared.browser(), viewport=Size(width=800, height=600))
            await driver.open(str(server.make_url("/")))
            yield driver
        finally:
            await drivers.aclose()


def task(instructions: str = "", *, consumed: int = 0, version: int = 1, steps: Sequence[Step] = ()) -> Task:
    return Task(URL, instructions, version, consumed, steps)


def failed(
    action: Action, description: str, *, attempt: int = 1, reason: str = "No element matches", url: str = URL
) -> Failure:
    step = Step(
        step_number=1,
        action=action.type,
        target=action.selector,
        value=None,
        description=description,
        source=Source.PLAN,
        status=StepStatus.FAILED,
        error=reason,
        timestamp=datetime.now(UTC),
        full_action=action,
        url=url,
    )
    return Failure(f"step 1 ({description}) failed: {reason}", step, attempt)
