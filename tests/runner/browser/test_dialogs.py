"""Native dialogs, file choosers and selects: told while a person is there to answer, answered at once while none is."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.errors import NotFound
from control.protocol.commands import AnswerDialog, FileContent, Input
from control.protocol.events import Dialog
from runner.driver import HumanAction, StepFailed
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKING = """<title>Asking</title><body style="margin: 0">
<style>.at { position: absolute; left: 10px; width: 120px; height: 30px }</style>
<button class="at" style="top: 10px" onclick="alert('Hello'); log.textContent += 'after;'">Alert</button>
<button class="at" style="top: 50px" onclick="log.textContent += confirm('Sure?') + ';'">Confirm</button>
<button class="at" style="top: 90px" onclick="log.textContent += prompt('Name?', 'Ada') + ';'">Prompt</button>
<input class="at" style="top: 130px" type="file" aria-label="Papers" onchange="log.textContent += files[0].name + ';'">
<select class="at" style="top: 170px" aria-label="Size" onchange="log.textContent += value + ';'">
  <option value="s">Small</option><option value="m" disabled>Medium</option><option value="l">Large</option></select>
<button class="at" style="top: 210px" onclick="for (let i = 0; i < 40; i++) alert(i); log.textContent += 'flooded;'"
  >Flood</button>
<p id="log" style="position: absolute; top: 300px"></p>
</body>"""
LEAVING = """<title>Leaving</title><button>Touch</button><a href="/">Leave</a>
<script>addEventListener('beforeunload', event => event.preventDefault());</script>"""
PAPER = FileContent(name="paper.txt", mime_type="text/plain", data=base64.b64encode(b"words").decode())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness({"/": ASKING, "/leaving": LEAVING}) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> AsyncIterator[DriverHarness]:
    await browser.show("/")
    browser.driver.attended = True
    yield browser
    browser.driver.attended = False
    await browser.driver.flush_input()


async def click(harness: DriverHarness, y: float) -> list[HumanAction]:
    point = {"x": 70, "y": y}
    await harness.driver.input(Input(kind="down", **point))
    return await harness.driver.input(Input(kind="up", **point))


async def asked(harness: DriverHarness, kind: str) -> Dialog:
    return await harness.dialogs.until(lambda dialog: dialog.kind == kind and not dialog.closed)


async def closed(harness: DriverHarness, dialog: Dialog) -> Dialog:
    return await harness.dialogs.until(lambda other: other.closed and other.dialog_id == dialog.dialog_id)


@pytest.mark.parametrize(
    ("kind", "accept", "result"),
    [
        ("alert", True, "after;"),
        ("confirm", True, "true;"),
        ("confirm", False, "false;"),
        ("prompt", True, "Grace;"),
        ("prompt", False, "null;"),
    ],
)
async def test_a_person_answers(harness: DriverHarness, kind: str, accept: bool, result: str) -> None:
    y, message, default = {
        "alert": (25, "Hello", None),
        "confirm": (65, "Sure?", None),
        "prompt": (105, "Name?", "Ada"),
    }[kind]
    assert [done.action.type for done in await click(harness, y)] == ["click"]
    dialog = await asked(harness, kind)
    assert (dialog.message, dialog.default_value) == (message, default)
    assert dialog.deadline is not None
    answer = AnswerDialog(dialog_id=dialog.dialog_id, accept=accept, text="Grace")
    assert await harness.driver.answer(answer) is None
    await closed(harness, dialog)
    await harness.text("#log", result)
    with pytest.raises(NotFound):
        await harness.driver.answer(answer)


@pytest.mark.parametrize(
    ("name", "result"), [("Alert", "after;"), ("Confirm", "true;"), ("Prompt", "null;"), ("Flood", "flooded;")]
)
async def test_without_a_person_a_script_does_not_hang(harness: DriverHarness, name: str, result: str) -> None:
    harness.driver.attended = False
    await harness.do("click", selector=f"text={name}")
    await harness.text("#log", result)
    assert 0 < len(harness.dialogs) <= 20
    assert all(dialog.closed for dialog in harness.dialogs)


async def test_a_person_who_leaves_leaves_no_dialog_open(harness: DriverHarness) -> None:
    await click(harness, 65)
    dialog = await asked(harness, "confirm")
    harness.driver.attended = False
    await closed(harness, dialog)
    await harness.text("#log", "true;")


async def test_a_person_stays_on_a_page_that_asks(harness: DriverHarness) -> None:
    await harness.show("/leaving")
    await harness.do("click", selector="button")
    harness.driver.attended = True
    going = asyncio.ensure_future(harness.do("click", selector="text=Leave"))
    dialog = await asked(harness, "beforeunload")
    await harness.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=False))
    await going
    assert harness.driver.url == f"{harness.base}/leaving"


async def test_leaving_a_page_that_asks(harness: DriverHarness) -> None:
    await harness.show("/leaving")
    harness.driver.attended = False
    await harness.do("click", selector="button")
    await harness.do("click", selector="text=Leave")
    await harness.do("expect_url", value="/")


async def test_a_flood_is_told_of_in_part_and_does_not_hang(
    caplog: pytest.LogCaptureFixture, open_harness: OpenHarness
) -> None:
    async with open_harness({"/": ASKING}) as harness:
        await harness.show("/")
        harness.driver.attended = True
        await click(harness, 225)
        told: set[str] = set()
        while len(told) < 20:
            dialog = await harness.dialogs.until(lambda each: each.dialog_id not in told)
            told.add(dialog.dialog_id)
            await harness.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=True))
        await harness.text("#log", "flooded;")
        assert {dialog.dialog_id for dialog in harness.dialogs} == told
    assert caplog.text.count("floods its viewers") == 1
    assert "the page opened 19 more dialogs" in caplog.text


async def test_while_a_dialog_is_open_nothing_hangs(harness: DriverHarness) -> None:
    await click(harness, 25)
    dialog = await asked(harness, "alert")
    async with asyncio.timeout(20):
        with pytest.raises(StepFailed, match="dialog"):
            await harness.driver.screenshot()
        assert await harness.driver.input(Input(kind="down", x=70, y=65)) == []
        assert await harness.driver.input(Input(kind="key_down", key="a", code="KeyA")) == []
    await harness.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=True))
    await harness.text("#log", "after;")


async def test_a_file_is_chosen_and_told_as_an_upload_that_works_again(harness: DriverHarness) -> None:
    await click(harness, 145)
    dialog = await asked(harness, "file_chooser")
    assert dialog.multiple is False
    answer = AnswerDialog(dialog_id=dialog.dialog_id, accept=True, files=(PAPER,))
    done = await harness.driver.answer(answer)
    await harness.text("#log", "paper.txt;")
    assert done is not None
    assert (done.action.type, done.action.selector) == ("upload", 'role=button[name="Papers"]')
    await harness.show("/")
    await harness.driver.perform(done.action, timeout_ms=15_000)
    await harness.text("#log", "paper.txt;")


async def test_a_select_is_told_with_its_options_instead_of_its_list(harness: DriverHarness) -> None:
    assert await click(harness, 185) == []
    dialog = await asked(harness, "select")
    assert dialog.message == "'Size'"
    assert dialog.options is not None
    assert [(each.value, each.label, each.selected, each.disabled) for each in dialog.options] == [
        ("s", "Small", True, False),
        ("m", "Medium", False, True),
        ("l", "Large", False, False),
    ]
    done = await harness.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=True, values=("l",)))
    await harness.text("#log", "l;")
    assert done is not None
    assert (done.action.type, done.action.selector, done.action.value) == (
        "select",
        'role=combobox[name="Size"]',
        "Large",
    )
    assert done.description == "Select 'Large' in 'Size'"
    await harness.show("/")
    await harness.driver.perform(done.action, timeout_ms=15_000)
    await harness.text("#log", "l;")


async def test_a_select_opened_by_a_key_and_left_as_it_is(harness: DriverHarness) -> None:
    await click(harness, 185)
    first = await asked(harness, "select")
    await harness.driver.answer(AnswerDialog(dialog_id=first.dialog_id, accept=False))
    await harness.driver.input(Input(kind="key_down", key=" ", code="Space"))
    second = await harness.dialogs.until(lambda dialog: dialog.dialog_id != first.dialog_id)
    assert second.kind == "select"
    assert await harness.driver.answer(AnswerDialog(dialog_id=second.dialog_id, accept=False)) is None


async def test_a_dialog_goes_with_its_page(harness: DriverHarness) -> None:
    await click(harness, 185)
    dialog = await asked(harness, "select")
    await harness.driver.open(harness.base + "/leaving")
    await closed(harness, dialog)


async def test_nobody_answers_in_time(open_harness: OpenHarness) -> None:
    async with open_harness({"/": ASKING}, dialog_timeout=0.2) as harness:
        await harness.show("/")
        harness.driver.attended = True
        await click(harness, 65)
        await closed(harness, await asked(harness, "confirm"))
        await harness.text("#log", "true;")
