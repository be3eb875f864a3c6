"""Exported runs: the file that is written really runs, passes on the same site, and fails on another."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Page

from control.errors import Unsupported
from control.protocol.actions import Action, ActionType, Size
from control.protocol.models import GivenSecret, Source, Step, StepStatus
from runner.browser.launch import PlaywrightDrivers
from runner.driver import Driver
from runner.export.port import ExportedRun
from runner.export.pytest import export
from runner.planners.element_lookup import ElementLookup
from runner.planners.intents import Thing
from runner.selectors.describe import describe_action
from runner.selectors.to_python import literal, locator
from tests.chromium import browser_options
from tests.exported import pytest_on
from tests.run_views import run_view

NOW = datetime(2026, 1, 2, tzinfo=UTC)
A = ActionType


def run(url: str, name: str = "Buy a mug", *, secrets: Mapping[str, str | GivenSecret] | None = None) -> ExportedRun:
    return ExportedRun(**dict(run_view(NOW, name=name, url=url)), secrets=dict(secrets or {}))


def steps(*actions: Action, **fields: Any) -> list[Step]:  # noqa: ANN401
    return [
        Step(
            **{
                "step_number": number,
                "action": action.type,
                "target": action.selector,
                "value": None,
                "description": describe_action(action),
                "source": Source.PLAN,
                "status": StepStatus.PASSED,
                "timestamp": NOW,
                "full_action": action,
                "viewport": Size(width=900, height=600),
                **fields,
            }
        )
        for number, action in enumerate(actions, start=1)
    ]


# Locators


SELECTORS = {
    'role=button[name="Pay"]': 'page.get_by_role("button", name="Pay", exact=True)',
    'role=button[name="pay" i]': 'page.get_by_role("button", name=re.compile("^pay$", re.IGNORECASE))',
    'role=button[name*="pay" i]': 'page.get_by_role("button", name="pay")',
    'internal:role=button[name="pay"i]': 'page.get_by_role("button", name="pay")',
    'internal:role=button[name="Pay"s]': 'page.get_by_role("button", name="Pay", exact=True)',
    "internal:role=button[name=/^pay/i]": 'page.get_by_role("button", name=re.compile("^pay", re.IGNORECASE))',
    'role=button[name="Pay"] >> visible=true >> nth=0': (
        'page.get_by_role("button", name="Pay", exact=True).filter(visible=True).first'
    ),
    "role=checkbox[checked] >> nth=-1": 'page.get_by_role("checkbox", checked=True).last',
    "role=heading[level=2]": 'page.get_by_role("heading", level=2)',
    "role=button[pressed=mixed]": 'page.locator("role=button[pressed=mixed]")',
    'internal:label="Name"s': 'page.get_by_label("Name", exact=True)',
    "internal:label=/^\\s*name\\s*$/i": r'page.get_by_label(re.compile("^\\s*name\\s*$", re.IGNORECASE))',
    'internal:attr=[placeholder="search"i]': 'page.get_by_placeholder("search")',
    '[placeholder="Search"]': 'page.get_by_placeholder("Search", exact=True)',
    'internal:attr=[alt="Logo"s]': 'page.get_by_alt_text("Logo", exact=True)',
    'internal:testid=[data-testid="cart"s]': 'page.get_by_test_id("cart")',
    '[data-testid="cart"]': 'page.get_by_test_id("cart")',
    'internal:text="Thank you"i': 'page.get_by_text("Thank you")',
    "text=thank": 'page.get_by_text("thank")',
    'text="Thank you"': 'page.get_by_text("Thank you", exact=True)',
    'li >> internal:has-text="Mug"i >> role=button >> nth=1': (
        'page.locator("li").filter(has_text="Mug").get_by_role("button").nth(1)'
    ),
    'li >> internal:has="role=button[name=\\"Add\\"]"': (
        'page.locator("li").filter(has=page.get_by_role("button", name="Add", exact=True))'
    ),
    'role=link >> internal:or="role=button[name=\\"Pay\\"]"': (
        'page.get_by_role("link").or_(page.get_by_role("button", name="Pay", exact=True))'
    ),
    'html >> internal:has-not="role=dialog" >> internal:chain="role=button >> internal:or=\\"role=link\\""': (
        'page.locator("html").filter(has_not=page.get_by_role("dialog"))'
        '.locator(page.get_by_role("button").or_(page.get_by_role("link")))'
    ),
    'iframe >> internal:control=enter-frame >> text="in"': (
        'page.locator("iframe").content_frame.get_by_text("in", exact=True)'
    ),
    "#pay >> span": 'page.locator("#pay >> span")',
    "//button": 'page.locator("xpath=//button")',
    'a[href="x"] >> xpath=. >> nth=0': "page.locator('a[href=\"x\"] >> xpath=.').first",
}

PAGE = """<button id=pay><span>Pay</span></button><button>Pay now</button><a href=x>pay</a><a href=#>b</a><h2>h</h2>
<input type=checkbox checked><label>Name<input></label><label>name tag<input></label><input placeholder=Search>
<input placeholder="Search more"><img alt=Logo src="data:,"><b data-testid=cart>1</b><p>Thank you</p>
<p>Thank you all</p><ul><li>Mug <button>Add</button><button>More</button><li>Cup <button>Add</button></ul>
<iframe srcdoc="<p>in"></iframe>"""


@pytest.mark.parametrize(("selector", "code"), SELECTORS.items(), ids=list(SELECTORS))
def test_locator_code(selector: str, code: str) -> None:
    assert locator(selector) == code


async def test_code_finds_what_its_selector_finds(blank_page: Page) -> None:
    await blank_page.set_content(PAGE)
    for selector, code in SELECTORS.items():
        written = eval(code, {"page": blank_page, "re": re})
        there = "elements => elements.map(element => element.outerHTML)"
        found = await blank_page.locator(selector).evaluate_all(there)
        assert await written.evaluate_all(there) == found, selector
        assert found or "mixed" in selector, selector


@pytest.mark.parametrize("name", ["Add", "Thank you", "pay", "Logo", "cart", "Search"])
async def test_what_was_not_there_yet_is_found_by_the_exported_code_too(name: str, blank_page: Page) -> None:
    selector = ElementLookup(cast(Driver, None), Thing(name), ActionType.CLICK).late
    await blank_page.set_content(PAGE)
    written = eval(locator(selector), {"page": blank_page, "re": re})
    there = "elements => elements.map(element => element.outerHTML)"
    found = await blank_page.locator(selector).evaluate_all(there)
    assert len(found) == 1
    assert await written.evaluate_all(there) == found


# Texts


@given(st.text())
def test_a_text_stays_a_text(text: str) -> None:
    code = literal(text)
    if "{{" not in text:
        assert ast.literal_eval(code) == text
        assert code.isprintable()


def test_secrets_are_looked_up() -> None:
    assert literal("{{secret:pass word}}") == 'os.environ["PASS_WORD"]'
    assert literal("a-{{secret:X}}@b") == '"a-" + os.environ["X"] + "@b"'
    hostile = literal('{{secret:X"] + evil()}}')
    assert [node for node in ast.walk(ast.parse(hostile)) if isinstance(node, ast.Call)] == []


@given(name=st.text(), text=st.text(min_size=1), kind=st.sampled_from([A.TYPE, A.CLICK, A.EXPECT_TEXT, A.EXPECT_URL]))
def test_nothing_that_a_page_says_becomes_code(name: str, text: str, kind: ActionType) -> None:
    done = steps(Action(type=kind, selector=text, value=text), description=text, error=text)
    skipped = steps(
        Action(type=kind, selector=text, value=text), description=text, status=StepStatus.FAILED, error=text
    )
    module = ast.parse(export(run("http://shop.test/", name), [*done, *skipped], "pytest"))
    (test,) = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert len(test.body) == 3
    allowed = {"page", "expect", "expect_text", "goto", "re", "os"}
    assert {node.id for node in ast.walk(test) if isinstance(node, ast.Name)} <= allowed | {"Page"}


def test_another_format_is_refused() -> None:
    with pytest.raises(Unsupported, match="formats: pytest"):
        export(run("http://shop.test/"), [], "cypress")


@pytest.mark.parametrize("status", [None, StepStatus.SKIPPED])
def test_a_run_in_which_nothing_was_done_opens_its_page(status: StepStatus | None) -> None:
    left = steps(Action(type=A.CLICK, selector="#a"), status=status) if status else []
    text = export(run("http://x/"), left, "pytest")
    compile(text, "test_exported.py", "exec")
    assert 'goto(page, "http://x/")' in text


def test_what_was_not_done_is_told_and_left_out() -> None:
    click = Action(type=A.CLICK, selector="role=button[name='Pay']")
    text = export(
        run("http://shop.test/"),
        [
            *steps(click, status=StepStatus.FAILED, error="is covered\nby <div>"),
            *steps(click, status=StepStatus.SKIPPED),
            *steps(click, source=Source.HUMAN),
            *steps(click, source=Source.OVERRIDE),
        ],
        "pytest",
    )
    assert "# 1. Click button 'Pay' - left out, as it failed: is covered by <div>\n" in text
    assert "# 1. Click button 'Pay' - left out, as it was skipped\n" in text
    assert "# 1. Click button 'Pay' (by a person)\n" in text
    assert "# 1. Click button 'Pay' (in place of the planned step)\n" in text
    assert text.count(".click()") == 2


# The whole file


SHOP = """<!doctype html><title>Shop</title><script>addEventListener('beforeunload', () => {})</script>
<h1>Shop</h1><button onclick="out.textContent = 'Hello ' + n.value + ' ' + p.value.length">Greet</button>
<button ondblclick="out.textContent += '!'">Twice</button><p onmouseenter="out.textContent += '?'">Over me</p>
<label>Name <input id=n onkeydown="if (event.key === 'Enter') out.textContent = 'entered'"></label>
<label>Password <input id=p type=password></label><label>Agree <input type=checkbox></label>
<label>Size <select><option value=s>Small<option value=l>Large</select></label>
<label>File <input type=file onchange="this.files[0].text().then(text => out.textContent = text)"></label>
<p draggable=true ondragstart="event.dataTransfer.setData('text', 'x')">Card</p>
<p ondragover="event.preventDefault()" ondrop="out.textContent = 'dropped'">Box</p>
<output id=out aria-label=Out></output><a href="/next?order=7" >Next</a> <a href=/next target=_blank>New</a>
<a href="data:text/csv,1" download="report.csv">Export</a>
<button onclick="setTimeout(() => this.remove(), 50)">Vanish</button><div style="height:3000px"></div><p>Bottom</p>"""
NEXT = "<!doctype html><title>Next</title><h1>Next page</h1><button>Done</button>"

OUT = 'role=status[name="Out"]'
NAME = 'role=textbox[name="Name"]'


def everything(*, uploaded: str) -> tuple[Action, ...]:
    """One of each."""
    return (
        Action(type=A.TYPE, selector=NAME, value="A\"d'a\\ \u202e{x}"),
        Action(type=A.EXPECT_TEXT, selector=NAME, value="d'a"),
        Action(type=A.TYPE, selector='internal:label="Password"s', value="{{secret:pass word}}"),
        Action(type=A.CLICK, selector='role=button[name*="gree" i]'),
        Action(type=A.EXPECT_TEXT, selector=OUT, value="8"),
        Action(type=A.DOUBLE_CLICK, selector="text=twice"),
        Action(type=A.HOVER, selector='text="Over me"'),
        Action(type=A.EXPECT_TEXT, selector="#out", value="!?"),
        Action(type=A.PRESS, selector=NAME, value="Enter"),
        Action(type=A.EXPECT_VISIBLE, selector='internal:text="ENTERED"i'),
        Action(type=A.CHECK, selector='role=checkbox[name="Agree"]'),
        Action(type=A.EXPECT_VISIBLE, selector="role=checkbox[checked]"),
        Action(type=A.UNCHECK, selector='internal:label="agree"i'),
        Action(type=A.SELECT, selector='role=combobox[name="Size"]', value="Large"),
        Action(type=A.EXPECT_TEXT, selector='role=combobox[name="Size"]', value="Large"),
        Action(type=A.UPLOAD, selector='internal:label="File"s', value="data:text/plain;name=a.txt;base64,aGVsbG8="),
        Action(type=A.WAIT, selector="text=hello"),
        Action(type=A.UPLOAD, selector='internal:label="File"s', value=uploaded),
        Action(type=A.WAIT, selector="text=beside"),
        Action(type=A.DRAG, selector='text="Card"', target='text="Box"'),
        Action(type=A.EXPECT_TEXT, selector=OUT, value="dropped"),
        Action(type=A.CLICK, selector='role=link[name="Export"]'),
        Action(type=A.EXPECT_DOWNLOAD, value="report.*"),
        Action(type=A.CLICK, selector='role=button[name="Vanish"]'),
        Action(type=A.WAIT, selector='html >> internal:has-not="text=\\"Vanish\\" >> visible=true"'),
        Action(type=A.SCROLL),
        Action(type=A.SCROLL, value=-50),
        Action(type=A.SCROLL, selector='text="Bottom"'),
        Action(type=A.WAIT, value=10),
        Action(type=A.CLICK, selector='role=link[name="Next"]'),
        Action(type=A.EXPECT_URL, value="/next"),
        Action(type=A.EXPECT_URL, value="*order=*"),
        Action(type=A.BACK),
        Action(type=A.FORWARD),
        Action(type=A.RELOAD),
        Action(type=A.NAVIGATE, value="/"),
        Action(type=A.CLICK, selector='role=link[name="New"]'),
        Action(type=A.NEW_TAB, value="/next"),
        Action(type=A.CLOSE_TAB, value=2),
        Action(type=A.SWITCH_TAB, value=1),
        Action(type=A.CLICK, selector='role=button[name="Done"]'),
        Action(type=A.CLOSE_TAB, value=1),
        Action(type=A.PRESS, value="Tab"),
        Action(type=A.EXPECT_VISIBLE, selector="role=heading[name='Shop']"),
    )


@asynccontextmanager
async def shop(front: str = SHOP) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=NEXT if request.path == "/next" else front, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))


def write(folder: Path, url: str, done: Sequence[Step]) -> Path:
    file = folder / "test_exported.py"
    file.write_text(export(run(url), done, "pytest"), encoding="utf-8")
    (folder / "cv.txt").write_text("beside")
    return file


@pytest.mark.browser
async def test_the_actions_are_those_that_the_driver_does(tmp_path: Path) -> None:
    """What is exported below is a run that passes."""
    (tmp_path / "cv.txt").write_text("beside")
    drivers = PlaywrightDrivers(browser_options(uploads=tmp_path))
    try:
        async with shop() as url:
            driver = await drivers.launch("chromium", viewport=Size(width=900, height=600))
            await driver.open(url)
            for action in everything(uploaded="cv.txt"):
                secret = action.model_copy(update={"value": "12345678"}) if "secret" in action.text else action
                await driver.perform(secret, timeout_ms=15_000)
    finally:
        await drivers.aclose()


@pytest.mark.process
async def test_an_exported_run_passes_on_the_same_site(tmp_path: Path) -> None:
    actions = everything(uploaded="cv.txt")
    assert {action.type for action in actions} == set(ActionType) - {ActionType.CALL}
    async with shop() as url:
        file = write(tmp_path, url, steps(*actions))
        text = file.read_text(encoding="utf-8")
        assert "12345678" not in text
        assert "Set these environment variables, whose values are secret: PASS_WORD." in text
        code, output = await pytest_on(file, PASS_WORD="12345678")
    assert (code, "1 passed" in output) == (0, True), output


@pytest.mark.process
async def test_an_exported_run_fails_on_another_site(tmp_path: Path) -> None:
    async with shop(SHOP.replace("Greet", "Good day")) as url:
        done = steps(Action(type=A.CLICK, selector='role=button[name="Greet"]'))
        file = write(tmp_path, url, done)
        text = file.read_text(encoding="utf-8").replace(
            "    page.goto", "    page.set_default_timeout(1000)\n    page.goto"
        )
        file.write_text(text, encoding="utf-8")
        code, output = await pytest_on(file)
    assert (code, "1 failed" in output) == (1, True), output
