"""The server as an attacker meets it: other people's runs, forged links, pages of elsewhere, and what lies about."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, Request

from tests.chromium import WhepViewer
from tests.e2e.watch_page import SECONDS, WatchPage
from tests.processes import children
from tests.served import Served, served
from tests.signaling.offers import SDP, VP8_OFFER

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA, BOB = "ada-key-that-nobody-may-read", "bob-key-that-nobody-may-read"


@dataclass(frozen=True)
class OwnedRun:
    """A server with two owners that logs all it can, and Ada's run with a picture."""

    server: Served
    run_id: str
    log: Path

    def url(self, path: str, *, frames: bool = False) -> str:
        return (self.server.frames if frames else self.server.api) + path.replace("{run}", self.run_id)

    async def ask(self, method: str, path: str, token: str | None, **options: Any) -> tuple[int, str]:  # noqa: ANN401
        """Status and text."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        url = self.url(path, frames=path.startswith("/stream"))
        async with aiohttp.request(method, url, headers=headers, **options) as answer:
            return answer.status, await answer.text(errors="replace") if not path.endswith("mjpeg") else ""

    async def share(self, role: str = "viewer") -> dict[str, Any]:
        status, text = await self.ask("POST", "/api/tests/{run}/tokens", ADA, json={"role": role})
        assert status == 201
        return dict(json.loads(text))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owned(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnedRun]:
    log = tmp_path_factory.mktemp("access") / "log"
    keys = f"ada:{ADA},bob:{BOB}"
    async with (
        served(log=log, JUMPSEAT_API_KEYS=keys, JUMPSEAT_LOG="debug") as running,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {ADA}"}) as http,
    ):
        server = replace(running, key=ADA, http=http)
        yield OwnedRun(server, await server.start_watchable("/timecode.html", seconds=300), log)


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/tests/{run}", {}),
    ("GET", "/api/tests/{run}/stream", {}),
    ("GET", "/api/tests/{run}/spec", {}),
    ("GET", "/api/tests/{run}/export", {}),
    ("GET", "/api/tests/{run}/steps", {}),
    ("GET", "/api/tests/{run}/steps/1", {}),
    ("GET", "/api/tests/{run}/steps/1/screenshot", {}),
    ("GET", "/api/tests/{run}/steps/1/source", {}),
    ("DELETE", "/api/tests/{run}", {}),
    ("POST", "/api/tests/{run}/pause", {}),
    ("POST", "/api/tests/{run}/cancel", {}),
    ("POST", "/api/tests/{run}/override-step", {"json": {"action": {"type": "reload"}}}),
    ("POST", "/api/tests/{run}/update-instructions", {"json": {"instructions": "Go to /cart"}}),
    ("POST", "/api/tests/{run}/commands", {"json": {"type": "take_control"}}),
    ("POST", "/api/tests/{run}/tokens", {"json": {"role": "controller"}}),
    ("DELETE", "/api/tests/{run}/tokens/x", {}),
    ("POST", "/whep/{run}", {"data": VP8_OFFER, "headers": SDP}),
    ("PATCH", "/whep/{run}/x", {}),
    ("DELETE", "/whep/{run}/x", {}),
    ("GET", "/ws/test-control?runId={run}", {}),
    ("GET", "/stream/{run}", {}),
    ("GET", "/stream/{run}.mjpeg", {}),
]


class TestOwners:
    @pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: f"{each[0]} {each[1]}")
    async def test_another_owners_run_is_as_one_that_does_not_exist(
        self, owned: OwnedRun, request_: tuple[str, str, dict[str, Any]]
    ) -> None:
        method, path, options = request_
        theirs = await owned.ask(method, path, BOB, **options)
        missing = await owned.ask(method, path.replace("{run}", "A" * 22), BOB, **options)
        assert theirs == missing
        assert theirs[0] == 404
        assert (await owned.server.get(f"/api/tests/{owned.run_id}"))["status"] == "running"

    async def test_another_owners_list_does_not_have_it(self, owned: OwnedRun) -> None:
        for query in ("", "?status=running", "?limit=200"):
            status, text = await owned.ask("GET", f"/api/tests{query}", BOB)
            assert (status, json.loads(text)["runs"]) == (200, [])

    async def test_ids_have_128_bits_and_no_order(self, owned: OwnedRun) -> None:
        assert len(owned.run_id) >= 22
        shared = [await owned.share() for _ in range(3)]
        assert len({each["id"] for each in shared}) == 3
        assert all(len(each["id"]) >= 22 for each in shared)


def forged(token: str, run_id: str) -> dict[str, str]:
    """What one might make of a viewer's link."""
    claims = jwt.decode(token, options={"verify_signature": False})
    head, body, signature = token.split(".")
    more = urlsafe_b64encode(json.dumps(claims | {"role": "controller"}).encode()).decode().rstrip("=")
    none = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return {
        "another role": f"{head}.{more}.{signature}",
        "no algorithm": jwt.encode(claims | {"role": "controller"}, "", algorithm="none"),
        "no algorithm, old signature": f"{none}.{body}.{signature}",
        "no signature": f"{head}.{body}.",
        "half a signature": token[: -len(signature) // 2],
        "another secret": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "a secret of zeros": jwt.encode(claims, b"\0" * 32, algorithm="HS256"),
        "another key of HMAC": jwt.encode(claims, "x" * 64, algorithm="HS512"),
        "a key of one's own in its head": jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"jwk": {"k": "a"}}),
        "the run's id": run_id,
        "a key with another case": ADA.upper(),
        "a key with more": ADA + "x",
        "a part of a key": ADA[:-1],
    }


async def test_no_forged_link_or_key_opens_anything(owned: OwnedRun) -> None:
    token = (await owned.share())["token"]
    for what, each in forged(token, owned.run_id).items():
        for path in ("/api/tests/{run}", "/stream/{run}", "/ws/test-control?runId={run}"):
            status, text = await owned.ask("GET", path, each)
            assert (status, each in text) == (401, False), (what, path)
    assert (await owned.ask("GET", "/api/tests/{run}", token))[0] == 200


class TestWhatLiesAbout:
    async def test_nothing_that_is_told_logged_or_listed_has_a_credential(
        self, owned: OwnedRun, viewer_browser: Browser
    ) -> None:
        shared = await owned.share("controller")
        info = json.loads((await owned.ask("GET", "/api/tests/{run}/stream", shared["token"]))[1])
        secrets_ = [ADA, BOB, shared["token"], info["viewerToken"]]
        told = await self._use(owned, viewer_browser, shared, info["viewerToken"])
        told += owned.log.read_text()
        told += "".join(self._arguments(owned.server.process.pid))
        assert "websocket open" in owned.log.read_text()
        assert [each for each in secrets_ if each in told or each[-20:] in told] == []

    async def _use(self, owned: OwnedRun, browser: Browser, shared: dict[str, Any], viewer_token: str) -> str:
        """Uses the links in every way, right and wrong; everything that was told to those who have none."""
        page = await browser.new_page()
        await page.goto(shared["watchUrl"])
        await page.locator('.jp-connection[data-transport="whep"]').wait_for(timeout=30 * SECONDS)
        await page.close()
        token = shared["token"]
        told = ""
        for query in (f"?token={token}", f"?token={token}x", f"?token={ADA}&after=x", f"?token={viewer_token}&width=1"):
            for path in ("/stream/{run}", "/api/tests/{run}", "/api/tests?limit=0", "/nowhere", "/ws/test-control"):
                await owned.ask("GET", path + (query if "?" not in path else f"&{query[1:]}"), None)
                told += (await owned.ask("GET", path + (query + "y" if "?" not in path else ""), None))[1]
        for broken in (f"GET /?token={token} HTTP/9.9\r\n\r\n", f"GET /?token={ADA}\xff HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(owned.server.api).port)
            writer.write(broken.encode("latin-1"))
            await reader.readline()
            writer.close()
        await owned.ask("DELETE", "/api/tests/{run}/tokens/" + shared["id"], ADA)
        for path in ("/metrics", "/openapi.json", "/docs", "/readyz", "/healthz", "/", "/runs/{run}"):
            told += (await owned.ask("GET", path, None))[1]
        return told

    def _arguments(self, pid: int) -> list[str]:
        """Command lines of the server and of everything that it has started."""
        found = []
        for each in (pid, *children(pid)):
            with suppress(OSError):  # it has ended
                found.append(Path(f"/proc/{each}/cmdline").read_bytes().decode(errors="replace"))
        assert len(found) > 1
        return found

    async def test_both_ports_are_this_machines_alone(self, owned: OwnedRun) -> None:
        ports = {urlsplit(owned.server.api).port, urlsplit(owned.server.frames).port}
        ours = [address for address in listening_addresses() if int(address.rpartition(":")[2], 16) in ports]
        assert [address.rpartition(":")[0] for address in ours] == ["0100007F"] * 2


def listening_addresses() -> list[str]:
    """Of all TCP sockets of this machine that listen, as Linux writes them."""
    lines = [line for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return [line.split()[1] for line in lines if line.split()[3] == "0A"]


def addresses_of(page: Page) -> list[str]:
    """Every address that the page asks from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    return asked


class TestAddressBar:
    async def test_the_token_leaves_it_and_is_handed_to_nobody(self, owned: OwnedRun, viewer_browser: Browser) -> None:
        shared = await owned.share()
        token = shared["token"]
        context = await viewer_browser.new_context()
        page = await context.new_page()
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - Playwright marks what it calls
        await page.goto(shared["watchUrl"])
        await page.locator(".jp-connection").wait_for(timeout=30 * SECONDS)
        assert page.url == owned.url("/runs/{run}")
        assert token not in await page.title()
        assert token not in await page.evaluate("JSON.stringify([history.state, document.cookie, {...localStorage}])")
        assert token in await page.evaluate("JSON.stringify({...sessionStorage})")
        assert len(requests) > 3
        assert [each.url for each in requests if "referer" in await each.all_headers()] == []
        await page.reload()
        await page.locator(".jp-connection").wait_for(timeout=30 * SECONDS)
        assert page.url == owned.url("/runs/{run}")
        elsewhere = await context.new_page()
        await elsewhere.goto(owned.url("/runs/{run}"))
        await elsewhere.get_by_text("API key").first.wait_for(timeout=30 * SECONDS)
        assert token not in await elsewhere.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
        await context.close()

    @pytest.mark.parametrize("transport", ["whep", "mjpeg", "polling"])
    async def test_no_credential_is_in_any_other_address(
        self, owned: OwnedRun, viewer_browser: Browser, transport: str
    ) -> None:
        """Those of a viewer and an owner: on the watch page by each transport, and on the dashboard."""
        shared = await owned.share()
        for token in (shared["token"], ADA):
            page = await viewer_browser.new_page()
            asked = addresses_of(page)
            first = owned.url(f"/runs/{{run}}?token={token}")
            await page.goto(first)
            viewer = WatchPage(page)
            await viewer.live("whep")
            await viewer.choose(transport)
            await page.locator(f'.jp-connection[data-transport="{transport}"]').wait_for(timeout=30 * SECONDS)
            if token == ADA:
                await page.goto(owned.url("/"))
                await page.locator(".js-thumb[data-live]").first.wait_for(timeout=30 * SECONDS)
            await page.close()
            assert any("/ws/test-control" in each for each in asked)
            assert [each for each in asked if token in each and each != first] == []

    async def test_a_page_that_is_left_sends_no_referrer(self, owned: OwnedRun, viewer_browser: Browser) -> None:
        page = await viewer_browser.new_page()
        await page.goto(f"{owned.server.api}/healthz?token={ADA}")
        await page.evaluate(f"location.href = {json.dumps(owned.server.site)}")
        await page.wait_for_url(f"{owned.server.site}**")
        assert await page.evaluate("document.referrer") == ""
        await page.close()


ATTACK = """
async ({ api, frames, run, token }) => {
  const tried = async (work) => { try { return await work(); } catch (error) { return error.name; } };
  const auth = { Authorization: `Bearer ${token}` };
  const json = { ...auth, "Content-Type": "application/json" };
  const post = (path, options) => fetch(api + path, { method: "POST", ...options });
  const socket = () => new Promise((resolve) => {
    const ws = new WebSocket(`${api.replace("http", "ws")}/ws/test-control?runId=${run}&token=${token}`);
    ws.onmessage = () => resolve("heard");
    ws.onopen = () => ws.send(JSON.stringify({ type: "pause" }));
    ws.onclose = ({ code }) => resolve(code);
  });
  return {
    read: await tried(async () => (await fetch(`${api}/api/tests?token=${token}`)).status),
    simple: await tried(async () => (await post(`/api/tests/${run}/pause?token=${token}`, {})).status),
    blind: await tried(async () => (await post(`/api/tests/${run}/cancel?token=${token}`, { mode: "no-cors" })).type),
    command: await tried(async () =>
      (await post(`/api/tests/${run}/commands`, { headers: json, body: '{"type": "pause"}' })).status),
    whep: await tried(async () => (await post(`/whep/${run}`, { headers: auth, body: "v=0" })).status),
    frame: await tried(async () => (await fetch(`${frames}/stream/${run}?token=${token}`)).status),
    socket: await tried(socket),
  };
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def elsewhere() -> AsyncIterator[str]:
    """A page of another origin, which nothing binds."""

    async def page(_: web.BaseRequest) -> web.Response:
        return web.Response(text="<p>elsewhere", content_type="text/html")

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_a_page_of_another_origin_can_do_nothing_even_with_the_key(
    owned: OwnedRun, viewer_browser: Browser, elsewhere: str
) -> None:
    page = await viewer_browser.new_page()
    await page.goto(elsewhere)
    told = {"api": owned.server.api, "frames": owned.server.frames, "run": owned.run_id, "token": ADA}
    found = await page.evaluate(ATTACK, told)
    refused = dict.fromkeys(("read", "simple", "blind", "command", "whep", "frame"), "TypeError")
    assert found == refused | {"socket": 1006}
    run = await owned.server.get(f"/api/tests/{owned.run_id}")
    assert (run["status"], run["paused"]) == ("running", False)
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        url = f"{owned.server.api}/runs/{owned.run_id}"
        await page.evaluate(
            "src => document.body.append(Object.assign(document.createElement('iframe'), { src }))", url
        )
    await page.close()


async def test_a_revoked_link_ends_what_a_real_browser_has_open(owned: OwnedRun, viewer_browser: Browser) -> None:
    shared = await owned.share()
    viewer = await WhepViewer.watch(viewer_browser, owned.server.api, owned.run_id, token=shared["token"], codec="VP8")
    await viewer.wait("v.pictures > 2")
    await listening(viewer.page, owned, shared["token"])
    await owned.ask("DELETE", "/api/tests/{run}/tokens/" + shared["id"], ADA)
    await viewer.wait("v.control.readyState === 'closed' && globalThis.closedWith === 1008")
    resource = str(await viewer.ask("v.resource"))
    async with owned.server.http.patch(resource) as answer:
        assert answer.status == 404
    await viewer.page.close()


async def listening(page: Page, owned: OwnedRun, token: str) -> None:
    """Opens a control socket in the page; ``closedWith`` becomes its close code."""
    url = f"{owned.server.api.replace('http', 'ws')}/ws/test-control?runId={owned.run_id}&token={token}"
    await page.evaluate(
        """url => new Promise((resolve) => {
            const ws = new WebSocket(url);
            ws.onmessage = () => resolve();
            ws.onclose = ({ code }) => { globalThis.closedWith = code; };
        })""",
        url,
    )
