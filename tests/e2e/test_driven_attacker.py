"""A page in the driven browser attacks the very server that drives it, on loopback of the same machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.runner.egress.egress_harness import SITE, fake_internet, proxied_browser
from tests.served import WAIT_SECONDS, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SCRIPT = (Path(__file__).parent / "attacker.js").read_text()
_PAGE = f"""<!doctype html><title>Attacker</title><body><script>{_SCRIPT}
(async () => {{
  const orders = await (await fetch("/orders")).json();
  const [straight, around, ...answered] = await Promise.all([
    attack(orders.straight), attack(orders.around), ...orders.ask.map(answers)]);
  await fetch("/report", {{ method: "POST", body: JSON.stringify({{ straight, around, answered }}) }});
}})();
</script></body>"""
_WAIT = {"type": "wait", "value": 300_000}


class Attacker:
    """A hostile site: its page asks what to attack, and reports what it got."""

    def __init__(self) -> None:
        self.base = ""
        self._orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reports: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def attack(self, orders: dict[str, Any]) -> dict[str, Any]:
        """What the page that is open got."""
        self._orders.put_nowait(orders)
        return await asyncio.wait_for(self._reports.get(), WAIT_SECONDS)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/orders":
            return web.json_response(await self._orders.get())
        if request.path == "/report":
            self._reports.put_nowait(await request.json())
            return web.Response()
        return web.Response(text=_PAGE, content_type="text/html")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def attacker() -> AsyncIterator[Attacker]:
    made = Attacker()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with TestServer(app, host="127.0.0.1") as site:
        made.base = str(site.make_url("/")).rstrip("/")
        yield made


@asynccontextmanager
async def another_way_to(url: str) -> AsyncIterator[str]:
    """The same server at a port that is not known as its own: what holds when the egress proxy lets a page through."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        await asyncio.gather(copy(reader, back), copy(there, writer), return_exceptions=True)

    relay = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with relay:
        yield f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def running(server: Served, url: str, *steps: dict[str, Any]) -> AsyncIterator[str]:
    """A run that opens this page and stays there; its id, once the page is open."""
    run = await server.create({"url": url, "steps": [*steps, _WAIT], "stepTimeoutMs": 600_000})
    await server.until(run["id"], lambda message: message["type"] == "stream_available")
    yield str(run["id"])
    await server.cancel(run["id"])
    await server.until(run["id"], lambda message: message["type"] == "run_finished")


async def unharmed(server: Served, run_id: str) -> None:
    """The run goes on as it was, and is the only one."""
    runs = (await server.get("/api/tests"))["runs"]
    assert [run["id"] for run in runs if run["status"] == "running"] == [run_id]
    assert [run["name"] for run in runs if "made by a page" in run["name"]] == []
    run = await server.get(f"/api/tests/{run_id}")
    assert (run["paused"], run["viewers"], run["control"]["holder"]) == (False, 0, None)


@pytest.mark.parametrize("stolen", [False, True], ids=["without a key", "with the owner's key"])
async def test_a_page_gets_nothing_of_the_server_that_drives_it(
    server: Served, attacker: Attacker, stolen: bool
) -> None:
    """Straight on nothing answers it; by a way that the proxy does not know, the server refuses, whatever the key."""
    query = f"?token={server.key}" if stolen else ""
    async with (
        another_way_to(server.api) as api,
        another_way_to(server.frames) as frames,
        running(server, attacker.base) as run_id,
    ):
        found = await attacker.attack(
            {
                "straight": {"api": server.api, "frames": server.frames, "run": run_id, "query": query},
                "around": {"api": api, "frames": frames, "run": run_id, "query": query},
                "ask": [f"{base}/stream/nobody" for base in (server.api, server.frames, api, frames)],
            }
        )
        assert {name: got for name, got in found["straight"].items() if got != "nothing"} == {}
        assert {name: got for name, got in found["around"].items() if got != "nothing"} == {}
        assert len(found["around"]) >= 17
        assert found["answered"] == [False, False, True, True]
        await unharmed(server, run_id)


async def test_the_watch_page_in_the_driven_browser_asks_for_a_key(server: Served, attacker: Attacker) -> None:
    """The driven browser holds no credential of ours, so the player in it shows nothing of the run."""
    async with another_way_to(server.api) as api:
        watch = [
            {"type": "navigate", "value": f"{api}/runs/any"},
            {"type": "expect_visible", "selector": "role=textbox[name='API key or share token'] >> visible=true"},
        ]
        async with running(server, attacker.base, *watch) as run_id:
            found = await server.until(
                run_id, lambda seen: seen["type"] == "test_step" and seen["step"]["stepNumber"] == 3
            )
    steps = {event["step"]["stepNumber"]: event["step"]["status"] for event in found if event["type"] == "test_step"}
    assert (steps[1], steps[2]) == ("passed", "passed")


async def test_a_step_to_the_server_itself_fails_and_says_so(server: Served, attacker: Attacker) -> None:
    run = await server.create(
        {"url": attacker.base, "steps": [{"type": "navigate", "value": f"{server.api}/?token=x"}], "helpTimeoutMs": 0}
    )
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    (step,) = (await server.get(f"/api/tests/{run['id']}/steps"))["steps"]
    port = urlsplit(server.api).port
    reason = f"127.0.0.1 with port {port} is this jumpseat server itself, which no page may reach"
    assert step["error"] == f"{server.api} is not opened: {reason}"


@pytest.mark.browser
async def test_a_name_that_is_rebound_to_the_server_gets_nothing(server: Served) -> None:
    """DNS rebinding: the page's own name leads to the server's port after the page has come, so it is same-origin."""
    async with fake_internet() as place, proxied_browser(place, allow_private=True) as harness:
        await harness.driver.open(f"{SITE}/")
        place.public_port = urlsplit(server.api).port or 0
        for way in ("fetch('/api/tests?token=KEY')", "fetch('/api/tests?token=KEY', { method: 'POST', body: '{}' })"):
            script = f"{way.replace('KEY', server.key)}.then(async (a) => [a.status, await a.text()])"
            status, text = await harness.driver.page.evaluate(script)
            assert status == 403
            assert "the Host of this request is no name of this server" in text
        socket = f"new WebSocket(`ws://${{location.host}}/ws/test-control?runId=x&token={server.key}`)"
        opened = (
            f"new Promise((done) => {{ const s = {socket}; s.onopen = () => done(1); s.onerror = () => done(0); }})"
        )
        assert await harness.driver.page.evaluate(opened) == 0


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[::ffff:a9fe:a9fe]/", "http://2852039166/", "http://0:3001/"]
)
async def test_a_start_url_that_pages_may_not_reach_is_refused_at_once(server: Served, url: str) -> None:
    before = [run["id"] for run in (await server.get("/api/tests"))["runs"]]
    status, problem = await server.post("/api/tests", {"url": url, "steps": []})
    assert (status, problem["errors"][0]["field"]) == (422, "url")
    assert problem["detail"].endswith(", which no page may reach")
    assert [run["id"] for run in (await server.get("/api/tests"))["runs"]] == before


@pytest.mark.process
async def test_private_start_urls_are_refused_where_that_is_set() -> None:
    async with served(JUMPSEAT_ALLOW_PRIVATE="false") as strict:
        status, problem = await strict.post("/api/tests", {"url": strict.site, "steps": []})
        reason = "127.0.0.1 is a loopback address, and JUMPSEAT_ALLOW_PRIVATE is false"
        assert (status, problem["detail"]) == (422, f"{strict.site} is not opened: {reason}")
        assert (await strict.get("/api/tests"))["runs"] == []
