"""What the pages' requests send and get, in a real Chromium: texts, bounded, and no secrets by name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from control.protocol.page_log import HttpBody, RequestEntry
from runner.browser.page_driver import PageDriver
from runner.browser.page_log.bodies import MOST_CHARACTERS
from tests.runner.browser.driver_harness import OpenHarness, Reported

PAGE = """<!doctype html><meta charset=utf-8><title>Bodies</title><script>
const json = { "Content-Type": "application/json" };
const order = { cart: ["pear"], password: 'tr0ub"4dor', access_token: "abc", note: "für später" };
fetch("/order", { method: "POST", headers: json, body: JSON.stringify(order) });
fetch("/sign-in", { method: "POST", body: new URLSearchParams({ user: "ada", password: "tr0ub4dor", to: "/" }) });
fetch("/bytes", { method: "POST", body: new Uint8Array([255, 254, 253]) });
for (const path of ["/long", "/huge", "/picture", "/nothing"]) fetch(path);
</script>"""
ANSWERS = {
    "/order": ("application/json", json.dumps({"order": 1041, "sessionId": "s-1"}).encode()),
    "/sign-in": ("text/plain; charset=latin-1", "schön".encode("latin-1")),
    "/long": ("text/plain; charset=utf-8", "ä".encode() * 50_000),
    "/huge": ("text/plain", b"x" * 1_100_000),
    "/picture": ("image/png", b"\x89PNG"),
    "/nothing": ("text/plain", b""),
}


@asynccontextmanager
async def asking(
    open_harness: OpenHarness, *, bodies: bool
) -> AsyncIterator[tuple[PageDriver, Reported[RequestEntry]]]:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        kind, body = ANSWERS.get(request.path, ("text/html", PAGE.encode()))
        return web.Response(body=body, headers={"Content-Type": kind})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    said: Reported[RequestEntry] = Reported()
    async with TestServer(app, host="127.0.0.1") as server, open_harness({}) as harness:
        harness.driver.on_page_said = lambda entry: said.record(entry) if isinstance(entry, RequestEntry) else None
        harness.driver.hear_pages(bodies=bodies)
        await harness.driver.open(str(server.make_url("/")))
        yield harness.driver, said


async def of(said: Reported[RequestEntry], path: str) -> RequestEntry:
    return await said.until(lambda each: each.url.endswith(path))


async def answered(said: Reported[RequestEntry], path: str) -> HttpBody | None:
    return (await of(said, path)).response_body


async def test_texts_are_kept_and_what_is_called_a_secret_is_hidden(open_harness: OpenHarness) -> None:
    async with asking(open_harness, bodies=True) as (_, said):
        order = await of(said, "/order")
        assert order.request_body is not None
        assert order.request_body.text == (
            '{"cart":["pear"],"password":"•••","access_token":"•••","note":"für später"}'
        )
        assert order.response_body == HttpBody(text='{"order": 1041, "sessionId": "•••"}', size=35)
        form = await of(said, "/sign-in")
        assert form.request_body is not None
        assert form.request_body.text == "user=ada&password=•••&to=%2F"
        assert form.response_body == HttpBody(text="schön", size=6)


async def test_what_is_long_is_cut_and_what_is_no_text_is_left_out(open_harness: OpenHarness) -> None:
    async with asking(open_harness, bodies=True) as (_, said):
        long = await answered(said, "/long")
        assert long is not None
        assert (long.text, long.size, long.cut) == ("ä" * MOST_CHARACTERS, 100_000, True)
        for path, why in (
            ("/huge", "it is larger than 1 MB"),
            ("/picture", "it is no text (image/png)"),
        ):
            body = await answered(said, path)
            assert body is not None
            assert (body.text, body.left_out) == (None, why)
        assert await answered(said, "/nothing") is None
        assert (await of(said, "/bytes")).request_body == HttpBody(size=3, left_out="it is no text")


async def test_nobody_asks_for_bodies_that_are_not_wanted(open_harness: OpenHarness) -> None:
    async with asking(open_harness, bodies=False) as (_, said):
        order = await of(said, "/order")
        assert (order.request_body, order.response_body) == (None, None)


async def test_the_last_requests_before_the_end_are_reported_though_without_bodies(open_harness: OpenHarness) -> None:
    async with asking(open_harness, bodies=True) as (driver, said):
        await of(said, "/nothing")
        await driver.page.evaluate("fetch('/last').then(answer => answer.text())")
    assert any(each.url.endswith("/last") for each in said)
