"""Pages in a real browser that try to leave the web: for files, for the browser's own pages, for what they made up.

Chromium refuses all of it. Each attempt has a tab of its own and is waited for by what Chromium says of it; nothing is
loaded into that tab afterwards, since a navigation that is begun while another is being refused may go on for long.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import CDPSession, Frame, Page, Request

from runner.driver import StepFailed
from tests.runner.browser.driver_harness import DriverHarness, Reported
from tests.runner.egress.egress_harness import SITE, FakeInternet, alone, fake_internet, proxied_browser

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("whole_chromium")]

OUTSIDE = [
    "file:///etc/hostname",
    "chrome://version/",
    "data:text/html,taken",
    "view-source:http://public.test/",
    "filesystem:http://public.test/temporary/taken",
]
FORM = """document.body.insertAdjacentHTML('beforeend', `<form method=%s target=%s></form>`);
    document.forms[0].action = url; document.forms[0].submit()"""
SELF = {
    "location": "location = url",
    "link": "here.href = url; here.click()",
    "posted form": FORM % ("post", "_self"),
    "redirect": "location = '/to?url=' + encodeURIComponent(url)",
    "refresh": "location = '/refresh?url=' + encodeURIComponent(url)",
    "tab of its own": "there.location = url",
}
"""How a page may send itself, or a tab that it has opened, somewhere."""
TAB = {
    "open": "open(url)",
    "link in a tab": "tab.href = url; tab.click()",
    "form in a tab": FORM % ("get", "_blank"),
}
"""How a page may ask for a tab with something in it."""
MADE = {
    "an empty tab": "const there = open('about:blank')",
    "a script as address": "const there = open('about:blank'); there.location = 'javascript:void 0'",
    "a blob": """const there = open(URL.createObjectURL(new Blob(['made'], { type: 'text/html' })));
        await new Promise((done) => there.onload = done)""",
    "itself by a script": "const there = window; location = 'javascript:void 0'",
}
"""What a page may open, because it is all its own."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[FakeInternet]:
    async with fake_internet() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def harness(place: FakeInternet) -> AsyncIterator[DriverHarness]:
    async with proxied_browser(place, allow_private=True) as made:
        yield made


class Refusals(Reported[str]):
    """What Chromium says of attempts in a page, and in tabs that it opens."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._watch(page)
        page.on("popup", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("console", lambda message: self.record(message.text))
        page.on("requestfailed", self._failed)
        page.on("framenavigated", self._committed)

    def _failed(self, request: Request) -> None:
        if request.is_navigation_request():
            self.record(f"failed: {request.failure}")

    def _committed(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self.record(f"shown: {frame.url}")


async def shown(harness: DriverHarness) -> list[str]:
    """The address of every tab as the browser itself has it, tabs that are not ready yet included."""
    browser = harness.driver.page.context.browser
    assert browser is not None
    session: CDPSession = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets"))["targetInfos"]
    await session.detach()
    return [str(target["url"]) for target in targets if target["type"] in {"page", "tab", "webview"}]


def outside(addresses: list[str]) -> list[str]:
    known = {"", "about:blank", "chrome-error://chromewebdata/"}
    return [each for each in addresses if each not in known and urlsplit(each).scheme != "http"]


@pytest.mark.parametrize("url", OUTSIDE)
async def test_a_page_cannot_lead_itself_out_of_the_web(harness: DriverHarness, url: str) -> None:
    for name, way in SELF.items():
        async with alone(harness) as page:
            refusals = Refusals(page)
            if "there" in way:
                async with page.expect_popup():
                    await page.evaluate("() => { globalThis.there = open('about:blank'); }")
            await page.evaluate(f"(url) => {{ {way}; }}", url)
            await refusals.until(lambda told: told.startswith(("Not allowed to", "failed: net::ERR_")))
            assert outside(await shown(harness)) == [], name
            assert outside([each.removeprefix("shown: ") for each in refusals if each.startswith("shown: ")]) == []


@pytest.mark.parametrize("url", OUTSIDE)
async def test_a_page_cannot_lead_a_new_tab_out_of_the_web(harness: DriverHarness, url: str) -> None:
    """Once a tab that was asked for later is there, this one is not, or is empty (``data:``, ``filesystem:``)."""
    for name, way in TAB.items():
        async with alone(harness) as page:
            async with page.expect_popup(lambda tab: tab.url.endswith("/later")) as later:
                await page.evaluate(f"(url) => {{ {way}; open('/later'); }}", url)
            await (await later.value).wait_for_load_state()
            assert f"{SITE}/later" in await shown(harness)
            assert outside(await shown(harness)) == [], name
            assert outside([tab.url for tab in page.context.pages]) == [], name


async def test_an_address_outside_the_web_is_seen(harness: DriverHarness) -> None:
    """The look of the tests before sees what it looks for: these are opened by whoever drives the browser."""
    for url in ("data:text/html,taken", "chrome://version/", "file:///etc/hostname"):
        async with alone(harness) as page:
            refusals = Refusals(page)
            await page.goto(url)
            assert outside(await shown(harness)) == [url]
            assert f"shown: {url}" in refusals


@pytest.mark.parametrize(("port", "way"), list(enumerate(MADE.values(), 8300)), ids=MADE)
async def test_what_a_page_makes_itself_is_as_bound_as_the_page(
    harness: DriverHarness, place: FakeInternet, port: int, way: str
) -> None:
    """Empty tabs, blobs and scripts as addresses are not refused: they are of its origin, and come no further."""
    async with alone(harness) as page:
        script = f"""async (url) => {{
            {way};
            there.fetch(url, {{ mode: 'no-cors' }}).catch(() => null);
            return there.origin;
        }}"""
        assert await page.evaluate(script, f"http://169.254.169.254:{port}/") == SITE
        await place.refused.until(lambda told: f"from 169.254.169.254 port {port}:" in told)
    assert place.hits == []


@pytest.mark.parametrize(
    "url", [*OUTSIDE, "javascript:document.title='taken'", "about:blank", "blob:http://public.test/1"]
)
async def test_a_step_out_of_the_web_is_refused_in_one_sentence(harness: DriverHarness, url: str) -> None:
    await harness.driver.open(f"{SITE}/")
    with pytest.raises(StepFailed) as failed:
        await harness.do("navigate", value=url)
    assert str(failed.value) == f"{url} is not opened: only http and https addresses are"
    assert harness.driver.url == f"{SITE}/"
