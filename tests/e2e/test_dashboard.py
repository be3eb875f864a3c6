"""The list of runs and the form for a new one, in a real Chromium."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from runner.store.rows import RunRecord
from runner.store.store import Store
from runner.testfile import load
from tests.e2e.watch_page import DESKTOP, PHONE, SECONDS, WatchPage
from tests.exported import playwright_on
from tests.run_views import run_view
from tests.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = "/"
NO_STEP: list[dict[str, Any]] = [{"type": "scroll", "value": 10}]


@asynccontextmanager
async def at_dashboard(
    browser: Browser,
    server: Served,
    query: str = "",
    *,
    viewport: ViewportSize = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
) -> AsyncIterator[Page]:
    """Opens the list of runs in a profile of its own; the test fails if the page had an error of its own."""
    context = await browser.new_context(viewport=viewport, color_scheme=scheme)
    errors: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{server.api}/?token={server.key}{query}")
    yield page
    await context.close()
    assert errors == []


async def over(server: Served, name: str, **fields: Any) -> str:  # noqa: ANN401 - fields of NewRun
    """The id of a run of that name that has passed."""
    run = await server.create({"url": HERE, "steps": NO_STEP, "name": name, **fields})
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    return str(run["id"])


async def live(server: Served, name: str) -> str:
    """The id of a run of that name that waits for somebody."""
    run = await server.create({"url": HERE, "steps": NO_STEP, "name": name, "mode": "review"})
    await server.until(run["id"], lambda message: message["type"] == "step_proposed")
    return str(run["id"])


async def test_runs_are_searched_filtered_and_listed_as_one_wants(server: Served, viewer_browser: Browser) -> None:
    await over(server, "Find the mug")
    await over(server, "Find the lamp", instructions="Scroll down", steps=None)
    waiting = await live(server, "Find me first")
    await over(server, "Something else")
    async with at_dashboard(viewer_browser, server) as page:
        search = page.get_by_label("Search")
        names = page.locator(".js-run-name")
        await search.fill("find the")
        await expect(names).to_have_text(["Find the lamp", "Find the mug"])
        await search.fill("FIND")
        await expect(names).to_have_text(["Find me first", "Find the lamp", "Find the mug"])
        await expect(page.get_by_role("heading", name="Needs help")).to_be_visible()
        await expect(page).to_have_title("(1) Runs · jumpseat")
        await page.get_by_label("Planner").select_option("plain")
        await expect(names).to_have_text(["Find the lamp"])
        await page.get_by_role("button", name="List", exact=True).click()
        row = page.get_by_role("table", name="Runs, the newest first").get_by_role("row").nth(1)
        await expect(row).to_contain_text("Find the lamp")
        for text in ("Passed", "Plain sentences", "just now", "1 of 1"):
            await expect(row).to_contain_text(text)
        await row.get_by_role("link", name="Find the lamp").click()
        await expect(page.locator(".jp-outcome")).to_contain_text("Passed")
        await page.go_back()
        await expect(search).to_have_value("FIND")
        await expect(page.get_by_label("Planner")).to_have_value("plain")
        await expect(page.get_by_role("row")).to_have_count(2)
        await search.fill("nobody called it that")
        await page.get_by_role("button", name="Show all runs").click()
        await expect(page.get_by_role("link", name="Something else")).to_be_visible()
        await page.get_by_label("Status").select_option("passed")
        await expect(page.get_by_role("link", name="Find me first")).to_have_count(0)
    await server.cancel(waiting)


@pytest.mark.parametrize("view", ["Cards", "List"])
async def test_several_are_deleted_saved_and_cancelled(
    server: Served, viewer_browser: Browser, tmp_path: Path, view: str
) -> None:
    for number in (1, 2):
        await over(server, f"{view} to go {number}", instructions="Scroll down", steps=None)
    running = await live(server, f"{view} to go on")
    await over(server, f"{view} to go 3", instructions="Scroll down", steps=None)
    async with at_dashboard(viewer_browser, server, f"&q={view}+to+go") as page:
        await page.get_by_role("button", name=view, exact=True).click()
        await page.get_by_label(f"Select {view} to go on").focus()
        await page.keyboard.press("Space")
        await page.get_by_label(f"Select {view} to go 1").click(modifiers=["Shift"])
        bar = page.get_by_role("region", name="Selected runs")
        await expect(bar).to_contain_text("4 runs selected")
        assert await WatchPage(page).axe() == []

        await bar.get_by_role("button", name="Save as…").click()
        async with page.expect_download() as saving:
            await page.get_by_role("menuitem", name="YAML").click()
        saved = await saving.value
        assert saved.suggested_filename == "runs-yaml.zip"
        await saved.save_as(tmp_path / "runs.zip")
        with zipfile.ZipFile(tmp_path / "runs.zip") as archive:
            assert archive.testzip() is None
            assert sorted(archive.namelist()) == [f"{view.lower()}-to-go-{number}.yaml" for number in (1, 2, 3)]
            assert b"scroll" in archive.read(archive.namelist()[0])
        unsaved = page.get_by_role("alert").filter(has_text="Not saved: 1 run")
        await expect(unsaved).to_contain_text(f"{view} to go on")

        await bar.get_by_role("button", name="Delete").click()
        await bar.get_by_role("button", name="Delete 4?").click()
        kept = page.get_by_role("alert").filter(has_text="Not deleted: 1 run")
        await expect(kept).to_contain_text(f"{view} to go on The run is active: cancel it first")
        await expect(page.locator(".js-choose")).to_have_count(1)
        assert await WatchPage(page).axe() == []
        await bar.get_by_role("button", name="Cancel").click()
        await bar.get_by_role("button", name="Cancel 1?").click()
        await expect(page.locator('.jp-status[data-status="cancelled"]')).to_be_visible()
        await page.get_by_role("button", name=f"Delete: {view} to go on").click()
        await page.get_by_role("button", name=f"Delete it?: {view} to go on").click()
        await expect(page.get_by_role("heading", name="No such run")).to_be_visible()
    async with server.http.get(f"{server.api}/api/tests/{running}") as answer:
        assert answer.status == 404


async def test_a_run_is_made_by_keys_saved_as_a_file_and_exported(
    server: Served, viewer_browser: Browser, tmp_path: Path
) -> None:
    async with at_dashboard(viewer_browser, server) as page:
        await page.get_by_role("button", name="New run").press("Enter")
        form = page.get_by_role("form", name="New run")
        await form.get_by_label("Start address").fill(f"{server.site}/checkout")
        await form.get_by_label("Name").fill("Größe: Ada's checkout!")
        await form.get_by_label("Instructions").fill("Type {{secret:FULL NAME}} into 'Name'\nExpect to see 'Chekout'")
        await form.get_by_role("button", name="Add a secret").press("Enter")
        await form.get_by_label("Name").last.fill("FULL NAME")
        await form.get_by_label("Where it may be typed").fill(f"{server.site} https://login.example")
        await form.get_by_label("Size of the page").select_option("Another size")
        await form.get_by_label("Width").fill("900")
        await form.get_by_label("Height").fill("700")
        await form.get_by_label("A step may take").fill("7.5")
        await form.get_by_label("Waits for help").fill("0")
        await form.get_by_label("Recording").select_option("No recording")
        assert await WatchPage(page).axe() == []

        async with page.expect_download() as saving:
            await form.get_by_role("button", name="Save as YAML").press("Enter")
        saved = await saving.value
        assert saved.suggested_filename == "größe-adas-checkout.yaml"
        await form.get_by_label("Instructions").fill("Type {{secret:FULL NAME}} into 'Name'\nExpect to see 'Checkout'")
        await form.get_by_label("Value").fill("Ada Lovelace")
        async with page.expect_download() as saving:
            await form.get_by_role("button", name="Save as YAML").press("Enter")
        file = tmp_path / "form.yaml"
        await (await saving.value).save_as(file)
        assert "Ada Lovelace" not in file.read_text(encoding="utf-8")
        wanted = load(file, environment={"FULL_NAME": "Ada Lovelace"})

        await form.get_by_role("button", name="Start the run").press("Enter")
        await expect(page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)
        run_id = page.url.rpartition("/")[2]
        made = await server.get(f"/api/tests/{run_id}/spec")
        secret = {"origins": [server.site, "https://login.example"]}
        assert made["secrets"] == {"FULL NAME": {"value": "", "use": [], **secret}}
        given = wanted.dump() | {"trace": "on-failure"}  # the form leaves that open, and the server decides
        assert {name: given[name] for name in made if name != "secrets"} | {"secrets": made["secrets"]} == made
        assert (made["stepTimeoutMs"], made["helpTimeoutMs"], made["record"]) == (7500, 0, "off")
        assert made["viewport"] == {"width": 900, "height": 700}

        await page.get_by_role("button", name="Save as…").click()
        async with page.expect_download() as saving:
            await page.get_by_role("menuitem", name="TypeScript").click()
        saved = await saving.value
        assert saved.suggested_filename == "größe-adas-checkout.spec.ts"
        exported = tmp_path / "suite" / saved.suggested_filename
        await saved.save_as(exported)
    assert "Ada Lovelace" not in exported.read_text(encoding="utf-8")
    code, output = await playwright_on(exported.parent, FULL_NAME="Ada Lovelace")
    assert code == 0, output


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "dark")])
async def test_nothing_is_cut_off_or_unreadable(
    server: Served, viewer_browser: Browser, viewport: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    await over(server, "A run with a name that is so long that it has to be broken somewhere, also on a phone")
    name = f"Waits {viewport['width']} {scheme}"
    waiting = await live(server, name)
    async with at_dashboard(viewer_browser, server, viewport=viewport, scheme=scheme) as page:
        viewer = WatchPage(page)
        await page.get_by_role("button", name="New run").click()
        await page.get_by_role("button", name="Add a secret").click()
        await page.get_by_label("Its pages may reach chosen hosts only").check()
        await page.get_by_label(f"Select {name}").check()
        for view in ("Cards", "List"):
            await page.get_by_role("button", name=view, exact=True).click()
            assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
            assert await viewer.axe() == []
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("region", name="Selected runs")).to_have_count(0)
    await server.cancel(waiting)


MANY = 500
SHOWN = 50


async def fill(folder: Path) -> None:
    """A data directory with so many runs of one owner."""
    store = await Store.open(folder)
    for number in range(MANY):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        view = run_view(
            at,
            id=f"r{number}",
            name=f"Run {number}",
            instructions="Buy it",
            ended_at=at + timedelta(seconds=4),
        )
        creation = {"url": "http://shop.test/", "instructions": "Buy it"}
        await store.add(RunRecord("tester", view, creation))
    await store.aclose()


@pytest.mark.process
async def test_of_many_runs_few_are_in_the_page_and_nothing_is_sent_twice(
    viewer_browser: Browser, tmp_path: Path
) -> None:
    await fill(tmp_path / "data")
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path / "data")) as server:
        answers: list[tuple[int, str]] = []
        async with at_dashboard(viewer_browser, server) as page:
            page.on("response", lambda answer: answers.append((answer.status, answer.url)))
            cards = page.locator(".js-run:not(.js-skeleton)")
            await expect(cards).to_have_count(SHOWN)
            for pages in (2, 3, 4, 4):
                await page.get_by_role("button", name="Show older runs").click()
                await expect(cards).to_have_count(pages * SHOWN)
            await expect(page.get_by_text("Run 250", exact=True)).to_be_visible()
            answers.clear()
            async with page.expect_response(lambda answer: answer.status == 304 and "cursor" in answer.url):
                pass
            async with page.expect_response(lambda answer: answer.status == 304 and "attention" in answer.url):
                pass
            assert {status for status, url in answers if "/api/tests?" in url} == {304}
            assert [url for _, url in answers if "/steps" in url] == []
            await page.get_by_role("button", name="Show the newest runs").click()
            await expect(cards).to_have_count(SHOWN)
            await expect(page.get_by_text("Run 499", exact=True)).to_be_visible()
            await page.get_by_label("Search").fill("Run 3")
            await expect(cards.first).to_contain_text("Run 399")
            await page.get_by_role("button", name="Show older runs").click()
            await page.get_by_role("button", name="Show older runs").click()
            await expect(page.get_by_text("Run 3", exact=True)).to_be_visible()
