"""A real client of Playwright at a real endpoint: its calls pass, wait, are mended or skipped, and end their runs."""

from __future__ import annotations

import asyncio
from linecache import getline
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Error, TimeoutError, async_playwright, expect

from control.errors import Busy, InvalidTransition
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action, ActionType
from control.protocol.attach import NewAttachSession
from control.protocol.models import RunStatus
from tests.runner.attach.attached import PAGE, SOON_MS, Person, attach_sessions, attached, last, over, shown

pytestmark = pytest.mark.browser

BUY = Action(type=ActionType.CLICK, selector='role=button[name="Buy now"]')


async def test_calls_pass_and_are_steps_with_their_source_line(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        context, page, run = await client.open()
        await page.get_by_role("button", name="Buy now").click()
        await page.get_by_label("Name").fill("Ada")
        await expect(page).to_have_title("bought")
        assert shown(run)[:3] == [
            ("Set the page's content", "passed"),
            ("Click button 'Buy now'", "passed"),
            ("Type 'Ada' into 'Name'", "passed"),
        ]
        location = run.client_run.steps[1].location
        assert location is not None
        assert location.file == __file__
        assert getline(__file__, location.line).strip() == 'await page.get_by_role("button", name="Buy now").click()'
        view = run.view()
        assert (view.planner, view.client and view.client.name) == ("attached", "python")
        await context.close()
        await over(run)
        assert run.view().status is RunStatus.PASSED


async def test_an_owner_has_no_more_sessions_open_than_may_be(tmp_path: Path) -> None:
    async with attach_sessions(tmp_path, max_per_owner=1) as (sessions, _):
        wanted = NewAttachSession(name="a suite")
        first = await sessions.open(wanted, owner="ada")
        with pytest.raises(Busy, match="1 attach session of yours is open, and one owner may have 1"):
            await sessions.open(wanted, owner="ada")
        await sessions.open(wanted, owner="bob")
        await sessions.close(first.ref.id)
        await sessions.open(wanted, owner="ada")


async def test_what_is_typed_into_a_password_field_is_never_shown(tmp_path: Path) -> None:
    async with attached(tmp_path, secrets={"NAME": "Adelheid"}) as client:
        _, page, run = await client.open()
        await page.get_by_label("Password").fill("open sesame")
        await page.get_by_label("Name").fill("Adelheid")
        person = Person(run)
        await person.send(c.Pause())
        typed = asyncio.ensure_future(page.get_by_label("Password").fill("open again"))
        await person.sees_proposal()
        await person.send(c.Resume())
        await typed
        assert await page.get_by_label("Password").input_value() == "open again"
        everything = run.view().model_dump_json() + "".join(str(entry.body) for entry in run.log.since(0) or [])
        assert "open" not in everything.replace("opened", "")
        assert "Adelheid" not in everything


async def test_with_nobody_there_a_failure_is_the_client_s_own(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        context, page, run = await client.open()
        with pytest.raises(
            TimeoutError, match=rf"Locator.click: Timeout {SOON_MS}ms exceeded.\nCall log:\n.*waiting for get_by_role"
        ):
            await page.get_by_role("button", name="Sell").click(timeout=SOON_MS)
        with pytest.raises(AssertionError, match="Locator expected to be visible"):
            await expect(page.get_by_role("button", name="Sell")).to_be_visible(timeout=SOON_MS)
        assert last(run).status == "failed"
        await context.close()
        await over(run)
        assert run.view().status is RunStatus.FAILED
        assert run.log.since(0) is not None
        assert not any(isinstance(entry.body, e.HelpNeeded) for entry in run.log.since(0) or [])


async def test_a_failed_call_waits_for_people_and_is_done_on_another_locator(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        context, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(page.get_by_role("button", name="Buy").locator("b").click(timeout=SOON_MS))
        await person.sees(e.HelpNeeded)
        assert run.view().status is RunStatus.DIAGNOSING
        await person.send(c.StepOverride(action=BUY))
        await call
        assert await page.title() == "bought"
        await person.sees_step_end("passed")
        failed, repaired = run.client_run.steps[-2:]
        assert (failed.status, repaired.status, repaired.source) == ("failed", "passed", "override")
        assert repaired.proposed == failed.full_action
        assert repaired.location == failed.location
        await context.close()
        await over(run)
        assert run.view().status is RunStatus.PASSED


async def test_a_near_name_is_suggested_and_done_when_approved(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(page.get_by_role("button", name="Buy it now", exact=True).click(timeout=SOON_MS))
        needed: e.HelpNeeded = await person.sees(e.HelpNeeded)
        assert [idea.action.selector for idea in needed.suggestions][:1] == [BUY.selector]
        await person.send(c.ApproveStep())
        await call
        assert await page.title() == "bought"


async def test_a_failed_call_is_tried_again_once_somebody_has_mended_the_page(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(page.get_by_role("button", name="Later").click(timeout=3 * SOON_MS))
        await person.sees(e.HelpNeeded)
        await person.send(c.Resume())
        await person.sees(e.HelpNeeded)
        await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button>Later</button>')")
        await person.send(c.Resume())
        await call
        assert (last(run).description, last(run).attempts) == ("Click button 'Later'", 3)


async def test_a_failed_call_is_skipped(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(expect(page.get_by_role("button", name="Never")).to_be_visible(timeout=SOON_MS))
        await person.sees(e.HelpNeeded)
        await person.send(c.SkipStep())
        await call
        assert last(run).status == "failed"


async def test_when_nobody_helps_in_time_the_client_gets_its_error_and_goes_on(tmp_path: Path) -> None:
    async with attached(tmp_path, help_timeout_ms=SOON_MS) as client:
        context, page, run = await client.open()
        person = Person(run)
        with pytest.raises(TimeoutError, match=f"Timeout {SOON_MS}ms exceeded"):
            await page.get_by_role("button", name="Sell").click(timeout=SOON_MS)
        await person.sees(e.HelpNeeded)
        await page.get_by_role("button", name="Buy now").click()
        await context.close()
        await over(run)
        assert run.view().status is RunStatus.PASSED


async def test_a_pause_holds_the_next_call_longer_than_its_timeout_and_shows_it(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        await person.send(c.Pause())
        call = asyncio.ensure_future(page.get_by_label("Name").fill("Bob", timeout=SOON_MS))
        proposed = (await person.sees_proposal()).proposal
        assert proposed is not None
        assert (proposed.description, proposed.box is not None) == ("Type 'Bob' into 'Name'", True)
        await page.wait_for_timeout(2 * SOON_MS)  # a wait of the client's own is never held
        assert not call.done()
        await person.send(c.StepOnce())
        await call
        skipped = asyncio.ensure_future(page.get_by_label("Name").fill("Cy"))
        await person.sees_proposal()
        await person.send(c.SkipStep())
        await skipped
        assert await page.get_by_label("Name").input_value() == "Bob"


async def test_in_review_every_call_is_approved_or_replaced(tmp_path: Path) -> None:
    async with attached(tmp_path, review=True) as client:
        _, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(page.get_by_label("Name").fill("Bob"))
        await person.sees_proposal()
        await person.send(c.ApproveStep())
        await call
        replaced = asyncio.ensure_future(page.get_by_label("Name").fill("Dan"))
        await person.sees_proposal()
        await person.send(c.StepOverride(action=BUY))
        await replaced
        assert (await page.title(), await page.get_by_label("Name").input_value()) == ("bought", "Bob")


async def test_a_person_in_control_acts_and_the_client_waits(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        await person.send(c.TakeControl())
        call = asyncio.ensure_future(page.get_by_label("Name").fill("Bob"))
        box = await page.get_by_role("button", name="Buy now").bounding_box()
        assert box is not None
        for kind in ("move", "down", "up"):
            place = {"x": box["x"] + 5, "y": box["y"] + 5}
            await person.send(c.Input.model_validate({"kind": kind, **place}))
        await page.wait_for_function("document.title === 'bought'")
        assert not call.done()
        await person.send(c.ReleaseControl())
        await call
        assert ("Click 'Buy now'", "passed") in shown(run)


async def test_dialogs_are_the_client_s_own(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        Person(run)
        await page.get_by_role("button", name="Ask").click()
        await expect(page).to_have_title("not sure")
        page.once("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Ask").click()
        await expect(page).to_have_title("sure")


async def test_a_call_that_waits_for_a_later_one_holds_nothing_up(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        await person.send(c.Pause())
        both = asyncio.gather(expect(page).to_have_title("bought"), page.get_by_role("button", name="Buy now").click())
        await person.sees_proposal()
        await person.send(c.Resume())
        await both


async def test_a_run_ends_as_its_test_does(tmp_path: Path) -> None:
    async with attached(tmp_path) as client, aiohttp.ClientSession() as http:
        address = client.session.endpoint.replace("ws://", "http://") + "/report"
        test = {"file": "test_shop.py", "line": 3, "title": "test_shop.py::test_buys", "worker": "gw0", "retry": 0}
        for ending, status in ((("failed", "AssertionError: 1 == 2"), RunStatus.FAILED), (("passed", None), "passed")):
            await http.post(address, json={"event": "testBegin", "worker": "gw0", "test": test})
            context, _, run = await client.open()
            view = run.view()
            assert (view.name, view.test and view.test.line) == ("test_shop.py::test_buys", 3)
            await context.close()
            report = {"event": "testEnd", "worker": "gw0", "status": ending[0], "error": ending[1], "title": "x"}
            answer = await http.post(address, json=report)
            assert answer.status == 204
            await over(run)
            assert (run.view().status, run.view().error) == (status, ending[1])


async def test_a_cancelled_run_fails_its_client_s_calls(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        await person.send(c.Pause())
        call = asyncio.ensure_future(page.get_by_label("Name").fill("Bob"))
        await person.sees_proposal()
        await person.send(c.Cancel())
        with pytest.raises(Error, match="jumpseat: the run was cancelled"):
            await call


async def test_a_held_call_that_its_client_aborts_is_never_carried_out(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        await person.send(c.Pause())
        proposed, behind = (asyncio.ensure_future(page.get_by_label("Name").fill(name)) for name in ("Bob", "Cy"))
        await person.sees_proposal()
        for call in (proposed, behind):
            call.cancel()
        withdrawn: e.StepProposed = await person.sees(e.StepProposed)
        assert withdrawn.proposal is None
        following = asyncio.ensure_future(page.get_by_role("button", name="Buy now").click())
        # The one behind may have been proposed before its own abort arrived.
        next_shown = ""
        while next_shown != "Click button 'Buy now'":
            proposed_next = (await person.sees_proposal()).proposal
            assert proposed_next is not None
            next_shown = proposed_next.description
        await person.send(c.Resume())
        await following
        assert await page.get_by_label("Name").input_value() == ""
        assert [line for line, _ in shown(run)] == ["Set the page's content", "Click button 'Buy now'"]


async def test_nobody_is_asked_any_more_about_a_failed_call_that_its_client_aborts(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(page.get_by_role("button", name="Sell").click(timeout=SOON_MS))
        await person.sees(e.HelpNeeded)
        call.cancel()
        while run.view().status is RunStatus.DIAGNOSING:
            await person.sees(e.RunState)
        await page.get_by_role("button", name="Buy now").click()
        assert (await page.title(), last(run).status) == ("bought", "passed")


async def test_a_call_that_is_aborted_while_it_is_carried_out_is_not_kept(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        person = Person(run)
        call = asyncio.ensure_future(page.get_by_role("button", name="Sell").click())
        while last(run).description != "Click button 'Sell'":
            await person.sees(e.TestStep)
        call.cancel()
        await person.sees_step_end("failed")
        await page.get_by_role("button", name="Buy now").click()
        assert await page.title() == "bought"
        assert not any(isinstance(entry.body, e.HelpNeeded) for entry in run.log.since(0) or [])


async def test_a_context_beyond_the_limit_goes_on_unwatched(tmp_path: Path) -> None:
    async with attached(tmp_path, max_runs=1) as client:
        await client.open()
        page = await client.browser.new_page()
        await page.set_content(PAGE)
        await page.get_by_role("button", name="Buy now").click()
        assert await page.title() == "bought"
        assert len(client.runs) == 1


async def test_instructions_and_calls_cannot_be_given(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, _, run = await client.open()
        person = Person(run)
        with pytest.raises(InvalidTransition, match="come from its own test"):
            await person.send(c.UpdateInstructions(instructions="Click 'Buy now'"))


async def test_everybody_has_gone_and_nothing_is_held_any_more(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, run = await client.open()
        run.client_run._grace *= 0
        person = Person(run)
        await person.send(c.Pause())
        call = asyncio.ensure_future(page.get_by_label("Name").fill("Bob"))
        await person.sees_proposal()
        person.leave()
        await call


async def test_only_the_whole_path_is_served(tmp_path: Path) -> None:
    async with attached(tmp_path) as client, async_playwright() as playwright, aiohttp.ClientSession() as http:
        address = client.session.endpoint
        wrong = address[:-1] + ("a" if address[-1] != "a" else "b")
        with pytest.raises(Error, match="404"):
            await playwright.chromium.connect(wrong)
        with pytest.raises(Error, match="firefox could not be started"):
            await playwright.firefox.connect(address)
        address = address.replace("ws://", "http://")
        assert "only clients of Playwright" in await (await http.get(address)).text()
        old = await http.get(address, headers={"User-Agent": "Playwright/1.50.0 (x64; debian 12) python/3.11"})
        assert "Playwright 1.50 cannot be attached to" in await old.text()
        for _ in range(2):
            await http.post(f"{address}/report", json={"event": "note", "text": "left alone"})
        assert client.session.view().notes == ("left alone",)
        broken = await http.post(f"{address}/report", data="{")
        assert (broken.status, "report" in await broken.text()) == (400, True)
