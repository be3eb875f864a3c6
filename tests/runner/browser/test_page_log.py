"""What pages say by themselves, in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from control.protocol.page_log import ConsoleEntry, RequestEntry
from runner.browser.page_log.listening import PageListener
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness, Reported
from tests.unwell_site import unwell_site

PageReports = Reported[ConsoleEntry | RequestEntry]


@asynccontextmanager
async def listening(
    open_harness: OpenHarness, *, flood: int = 3000
) -> AsyncIterator[tuple[DriverHarness, PageReports]]:
    async with unwell_site(flood=flood) as site, open_harness({}) as harness:
        said: PageReports = Reported()
        harness.driver.on_page_said = said.record
        harness.driver.hear_pages(bodies=False)
        await harness.driver.open(site)
        yield harness, said


def is_request(entry: ConsoleEntry | RequestEntry, path: str) -> bool:
    return isinstance(entry, RequestEntry) and path in entry.url


def says(entry: ConsoleEntry | RequestEntry, kind: str, text: str) -> bool:
    return isinstance(entry, ConsoleEntry) and entry.kind == kind and text in entry.text


async def test_everything_that_goes_wrong_is_reported(open_harness: OpenHarness) -> None:
    async with listening(open_harness) as (harness, said):
        await harness.do("click", selector="#order")
        order = await said.until(lambda each: is_request(each, "/api/orders"))
        picture = await said.until(lambda each: is_request(each, "/missing.png"))
        forbidden = await said.until(lambda each: is_request(each, "pictures.test"))
        socket = await said.until(lambda each: is_request(each, "/prices"))
        thrown = await said.until(lambda each: says(each, "exception", "cart is not defined"))
        await said.until(lambda each: says(each, "exception", "TypeError: nobody waits for this"))
        policy = await said.until(lambda each: says(each, "policy", "https://pictures.test/a.png"))
        error = await said.until(lambda each: says(each, "console", "the cart says"))
        warning = await said.until(lambda each: says(each, "console", "an old function"))
        line = await said.until(lambda each: says(each, "console", "pressed"))
        page = await said.until(lambda each: isinstance(each, RequestEntry) and each.resource_type == "document")
    assert isinstance(order, RequestEntry)
    assert (order.method, order.status, order.resource_type, order.failed) == ("POST", 500, "fetch", True)
    assert order.url.startswith(f"{order.origin}/")
    assert isinstance(picture, RequestEntry)
    assert (picture.status, picture.resource_type, picture.failed) == (404, "image", True)
    assert isinstance(forbidden, RequestEntry)
    assert (forbidden.status, forbidden.failed) == (None, True)
    assert isinstance(socket, RequestEntry)
    assert (socket.resource_type, socket.failed, socket.error) == ("websocket", True, "the connection was closed")
    assert [each.level for each in (thrown, policy, error, warning, line) if isinstance(each, ConsoleEntry)] == [
        "error",
        "error",
        "error",
        "warning",
        "info",
    ]
    assert isinstance(page, RequestEntry)
    assert not page.failed


async def test_headers_that_may_be_credentials_are_hidden(open_harness: OpenHarness) -> None:
    async with listening(open_harness) as (harness, said):
        await harness.do("click", selector="#order")
        order = await said.until(lambda each: is_request(each, "/api/orders"))
    assert isinstance(order, RequestEntry)
    sent = {each.name.lower(): each.value for each in order.request_headers}
    assert sent["content-type"].startswith("text/plain")
    assert (sent["authorization"], sent["x-shop-key"]) == ("•••", "•••")
    assert not [each for each in (*order.request_headers, *order.response_headers) if "hunter2" in each.value]


async def test_a_flood_of_lines_is_not_listened_to(open_harness: OpenHarness) -> None:
    async with listening(open_harness, flood=5000) as (harness, said):
        muted: Reported[timedelta] = Reported()
        harness.driver.on_muted = muted.record
        await harness.do("click", selector="#flood")
        await harness.text("[role=status]", "Flooded")
        time = await muted.until(lambda _: True)
        heard = sum(isinstance(each, ConsoleEntry) for each in said)
        assert time > timedelta()
        assert 500 <= heard < 5000
        await harness.do("click", selector="#order")
        await said.until(lambda each: says(each, "exception", "cart is not defined"))


async def test_a_flood_of_requests_is_not_listened_to(open_harness: OpenHarness) -> None:
    async with listening(open_harness, flood=1500) as (harness, said):
        muted: Reported[timedelta] = Reported()
        harness.driver.on_muted = muted.record
        await harness.do("click", selector="#ask")
        await muted.until(lambda _: True)
        assert sum(is_request(each, "/empty") for each in said) >= 500


async def test_of_somebody_elses_pages_all_requests_are_heard_only_once_somebody_watches(
    open_harness: OpenHarness,
) -> None:
    async with unwell_site() as site, open_harness({}) as harness:
        assert harness.driver.context is not None
        said: PageReports = Reported()
        listener = PageListener(harness.driver.context, report=said.record, on_muted=lambda _: None, passive=True)
        await harness.driver.open(site)
        await harness.do("click", selector="#order")
        await said.until(lambda each: is_request(each, "pictures.test"))
        await said.until(lambda each: says(each, "console", "the server responded with a status of 500"))
        assert not any(is_request(each, "/api/orders") for each in said)
        listener.hear_all_requests()
        await harness.do("click", selector="#order")
        await said.until(lambda each: is_request(each, "/api/orders"))
        await listener.aclose()
