"""Pages behind HTTP basic authentication: the user info of an address gets there, and nobody is shown it."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from control.protocol.models import RunStatus
from control.roles import Actor, Role
from tests.exported import pytest_on
from tests.pages.page_runs import PageRuns

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "sesame/42"
QUOTED = "sesame%2F42"
WANTED = "Basic " + base64.b64encode(f"ada_l:{PASSWORD}".encode()).decode()
PAGE = "<!doctype html><title>Vault</title><h1>Inside</h1><a href='/moved'>On</a><p>{path}</p>"


async def vault(request: web.Request) -> web.Response:
    if request.headers.get("Authorization") != WANTED:
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="vault"'})
    if request.path == "/moved":
        raise web.HTTPFound("/arrived")
    return web.Response(text=PAGE.format(path=request.path), content_type="text/html")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def host() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", vault)
    async with TestServer(app, host="127.0.0.1") as server:
        yield f"127.0.0.1:{server.port}"


WAYS = {
    "as it is": (f"ada_l:{QUOTED}", {}, ["LOGIN"]),
    "password by name": ("ada_l:{{secret:PW}}", {"PW": {"value": PASSWORD, "use": ["navigation"]}}, ["LOGIN", "PW"]),
    "both by one name": ("{{secret:BOTH}}", {"BOTH": {"value": f"ada_l:{PASSWORD}", "use": ["navigation"]}}, ["BOTH"]),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_page_behind_a_login_is_opened_and_the_login_is_shown_nowhere(
    runs: PageRuns, host: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    info, secrets, names = WAYS[way]
    plan = f"Open http://{info}@{host}/other\nExpect to see '/other'\nReload\nClick 'On'\nExpect to see '/arrived'"
    with caplog.at_level(logging.DEBUG, logger="runner"):
        run, steps, exported = await runs.run(
            f"http://{info}@{host}/", f"{plan}\nOpen /last\nExpect the URL to be /last", secrets=secrets
        )
    assert run.status is RunStatus.PASSED, run.error
    assert (run.url, run.name) == (f"http://{host}/", f"http://{host}/")
    assert f"http://{host}/last" in {step.url for step in steps}
    session = await runs.registry.get(run.id)
    assert session is not None
    messages = [entry.message() for entry in session.log.since(0) or []]
    hello = session.hello(Actor("b", Role.VIEWER, "Bob"))
    for shown in (run, steps, exported, messages, hello, session.creation(), caplog.text):
        assert "sesame" not in str(shown)
        assert "ada_l" not in str(shown)
    assert all(f'os.environ["{name}"]' in exported for name in names)


async def test_what_cannot_be_opened_is_named_without_its_login(runs: PageRuns, host: str) -> None:
    run, steps, _ = await runs.run(f"http://ada_l:{QUOTED}@{host}/", f"Open http://ada_l:{QUOTED}@127.0.0.1:1/")
    assert run.status is RunStatus.FAILED
    assert "http://127.0.0.1:1/" in (run.error or "")
    assert "sesame" not in str((run, steps))


@pytest.mark.process
async def test_the_export_asks_the_environment_for_the_login(runs: PageRuns, host: str, tmp_path: Path) -> None:
    run, _, exported = await runs.run(f"http://ada_l:{QUOTED}@{host}/", "Expect to see 'Inside'")
    assert run.status is RunStatus.PASSED
    file = tmp_path / "test_vault.py"
    file.write_text(exported, encoding="utf-8")
    code, output = await pytest_on(file, LOGIN=f"ada_l:{QUOTED}")
    assert (code, "1 passed" in output) == (0, True), output
