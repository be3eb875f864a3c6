"""A small world on loopback for the tests of the egress proxy: a public site, and a secret that no page should get."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from runner.egress.allowed_hosts import RestrictedPolicy
from runner.egress.policy import Address, EgressPolicy
from runner.egress.proxy import EgressProxy, dial
from runner.egress.socks import TunnelEnd
from tests.runner.browser.driver_harness import DriverHarness, Reported, driver_harness

PUBLIC = IPv4Address("93.184.216.34")
SITE = "http://public.test"
SECRET = "the secret"
_PAGE = """<!doctype html><title>Public</title><h1>Public</h1><iframe name="frame"></iframe>
<a id="here">Here</a> <a id="tab" target="_blank">In a tab</a>"""
_ANY = {"Access-Control-Allow-Origin": "*"}


@dataclass
class FakeInternet:
    """``public.test`` is at a public address, which is really the site here; every other address is the secret's."""

    public_port: int
    secret_port: int
    names: dict[str, list[tuple[Address, ...]]]
    """By name: the answer to each lookup; the last one stays."""
    dialled: Counter[Address] = field(default_factory=Counter)
    hits: list[str] = field(default_factory=list)
    """What the secret was asked for."""
    refused: Reported[str] = field(default_factory=Reported)

    async def lookup(self, host: str) -> tuple[Address, ...]:
        answers = self.names.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def dial(self, factory: Callable[[], TunnelEnd], address: Address, port: int) -> None:
        """Nothing leaves this machine: an address that should have been refused leads to the secret."""
        self.dialled[address] += 1
        await dial(factory, IPv4Address("127.0.0.1"), self.public_port if address == PUBLIC else self.secret_port)

    def egress_proxy(self, *, allow_private: bool, hosts: Sequence[str] | None = None) -> EgressProxy:
        policy = EgressPolicy(allow_private=allow_private)
        policy = policy if hosts is None else RestrictedPolicy(policy, hosts)
        proxy = EgressProxy(policy, resolver=self.lookup, dial=self.dial)
        proxy.on_refused = self.refused.record
        return proxy


@asynccontextmanager
async def fake_internet() -> AsyncIterator[FakeInternet]:
    hits: list[str] = []

    async def public(request: web.Request) -> web.StreamResponse:
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query["url"]})
        if request.path == "/refresh":
            head = f'<meta http-equiv="refresh" content="0;url={request.query["url"]}">'
            return web.Response(text=head + _PAGE, content_type="text/html")
        # Each request on a connection of its own, so that each is checked.
        return web.Response(text=_PAGE, content_type="text/html", headers={"Connection": "close"})

    async def secret(request: web.Request) -> web.StreamResponse:
        if request.path != "/favicon.ico":  # asked for late, by a page that was here with leave
            hits.append(request.path)
        if "Upgrade" in request.headers:
            line = web.WebSocketResponse()
            await line.prepare(request)
            await line.send_str(SECRET)
            return line
        return web.Response(text=f"document.title = '{SECRET}'", content_type="text/javascript", headers=_ANY)

    async with _serving(public) as public_port, _serving(secret) as secret_port:
        yield FakeInternet(public_port, secret_port, {"public.test": [(PUBLIC,)]}, hits=hits)


@asynccontextmanager
async def proxied_browser(
    place: FakeInternet, *, allow_private: bool, hosts: Sequence[str] | None = None
) -> AsyncIterator[DriverHarness]:
    """A browser in that world."""
    async with driver_harness(
        {}, egress_proxy=lambda: place.egress_proxy(allow_private=allow_private, hosts=hosts)
    ) as harness:
        harness.driver.on_refused = place.refused.record
        yield harness


@asynccontextmanager
async def _serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        assert server.port is not None
        yield server.port


@asynccontextmanager
async def alone(harness: DriverHarness) -> AsyncIterator[Page]:
    """The site in a tab of its own; tabs that it opens are closed with it."""
    context = harness.driver.page.context
    before = set(context.pages)
    page = await context.new_page()
    await page.goto(f"{SITE}/")
    try:
        yield page
    finally:
        for tab in set(context.pages) - before:
            await tab.close()
