"""The pages of an attach session in a real browser: its list, and a failed call that a person helps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize, expect

from control.client_run import ClientRun
from control.protocol import commands as c
from control.protocol.actions import Action, ActionType
from control.protocol.attach import NewAttachSession
from control.protocol.models import AttachedClient, AttachedRun, AttachedTest, SourceLocation
from tests.e2e.watch_page import DESKTOP, PHONE, WatchPage
from tests.media.pictures import put, quarters
from tests.signaling.fakes import FakeAttachSession, FakeRun
from tests.signaling.server_harness import ADA, ServerHarness
from web import DIST

FILE = "/home/ada/shop/e2e/shop.spec.ts"
TYPED = Action(type=ActionType.TYPE, selector='internal:label="Name"i', value="Ada")


@dataclass(frozen=True)
class Suite:
    """A session with a test that has passed, and one that needs help."""

    harness: ServerHarness
    session: FakeAttachSession
    failing: FakeRun

    def url(self, path: str) -> str:
        return f"{self.harness.url}{path}?token={ADA}"


@pytest_asyncio.fixture(loop_scope="session")
async def suite() -> AsyncIterator[Suite]:
    async with ServerHarness(dist=DIST) as harness:
        wanted = NewAttachSession(name="npx playwright test", folder="/home/ada/shop")
        session = await harness.attachments.open(wanted, owner="ada")
        passed = await _run(harness, session, "adds a mug")
        passed.conclude(None)
        failing = await _run(harness, session, "checks out")
        step = failing.begin_call(TYPED, description="Type 'Ada'", location=SourceLocation(file=FILE, line=6))
        failing.end_call(step.step_number, "no field is called 'Name'")
        assert failing.keep_failure(step.step_number)
        failing.ask_help("Which field is 'Name'?")
        yield Suite(harness, session, harness.runs.all[failing.id])


async def _run(harness: ServerHarness, session: FakeAttachSession, title: str) -> ClientRun:
    test = AttachedTest(file=FILE, line=3, title=title, worker="1", retry=1)
    client = AttachedClient(kind="playwright", name="node", version="1.65.1")
    run = await harness.runs.create(AttachedRun(client=client, test=test, session=session.ref), owner="ada")
    run.open()
    put(run.latest, quarters(1280, 720))
    assert isinstance(run.run, ClientRun)
    return run.run


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_session_shows_first_which_test_needs_help(
    suite: Suite, viewer_browser: Browser, size: ViewportSize
) -> None:
    page = await viewer_browser.new_page(viewport=size)
    await page.goto(suite.url(f"/sessions/{suite.session.ref.id}"))
    groups = page.get_by_role("heading", level=2)
    await expect(groups).to_have_text(["Needs help 1", "Passed 1"])
    await expect(page).to_have_title("(1) npx playwright test · jumpseat")
    assert suite.session.attended
    assert await WatchPage(page).axe() == []
    await page.get_by_role("link", name="checks out").click()
    await expect(page.get_by_role("region", name="Test", exact=True)).to_contain_text("e2e/shop.spec.ts:3")
    await page.get_by_role("link", name="All tests").click()
    await expect(groups).to_have_count(2)
    await page.get_by_role("link", name="jumpseat: all runs").click()
    card = page.get_by_role("link", name="npx playwright test")
    await expect(card).to_contain_text("1 needs help, 1 passed")
    assert await card.get_attribute("href") == f"/sessions/{suite.session.ref.id}"
    await page.context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_failed_call_is_done_on_the_element_that_a_person_picks(
    suite: Suite, viewer_browser: Browser, size: ViewportSize
) -> None:
    page = await viewer_browser.new_page(viewport=size)
    viewer = WatchPage(page)
    await page.goto(suite.url(f"/runs/{suite.failing.id}"))
    await viewer.press("Lines around shop.spec.ts:6")
    await expect(page.get_by_role("region", name="Lines of shop.py")).to_contain_text("page.click()")
    assert await viewer.axe() == []
    await viewer.press("Pick the element in the picture")
    await page.locator(".jp-pick").click()
    await viewer.press("Use this element")
    await suite.failing.until(lambda: c.StepOverride in {type(command) for command, _ in suite.failing.submitted})
    (override,) = (each for each, _ in suite.failing.submitted if isinstance(each, c.StepOverride))
    assert override.action == TYPED.model_copy(update={"selector": "role=button"})
    await page.context.close()


async def test_a_failed_call_is_tried_again(suite: Suite, viewer_browser: Browser) -> None:
    page = await viewer_browser.new_page(viewport=DESKTOP)
    await page.goto(suite.url(f"/runs/{suite.failing.id}"))
    await WatchPage(page).press("Try again")
    await suite.failing.until(lambda: c.Resume in {type(command) for command, _ in suite.failing.submitted})
    assert suite.failing.run.diagnosis
    assert suite.failing.run.diagnosis.retry
    await page.context.close()
