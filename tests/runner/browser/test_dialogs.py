"""Native dialogs, file choosers and selects: told while a person is there to answer, answered at once while none is."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.commands import AnswerDialog, FileContent, Input
from control.errors import NotFound
from control.events import Dialog
from runner.driver import HumanAction, StepFailed
from tests.runner.browser.seat import Seat, seated

pytestmark = pytest.mark.asyncio(loop_scope="module")

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Seat]:
    async with seated({"/": ASKING, "/leaving": LEAVING}) as seat:
        yield seat


@pytest_asyncio.fixture(loop_scope="module")
async def seat(browser: Seat) -> AsyncIterator[Seat]:
    await browser.show("/")
    browser.driver.attended = True
    yield browser
    browser.driver.attended = False
    await browser.driver.flush_input()


async def click(seat: Seat, y: float) -> list[HumanAction]:
    point = {"x": 70, "y": y}
    await seat.driver.input(Input(kind="down", **point))
    return await seat.driver.input(Input(kind="up", **point))


async def asked(seat: Seat, kind: str) -> Dialog:
    return await seat.dialogs.until(lambda dialog: dialog.kind == kind and not dialog.closed)


async def closed(seat: Seat, dialog: Dialog) -> Dialog:
    return await seat.dialogs.until(lambda other: other.closed and other.dialog_id == dialog.dialog_id)


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
async def test_a_person_answers(seat: Seat, kind: str, accept: bool, result: str) -> None:
    y, message, default = {
        "alert": (25, "Hello", None),
        "confirm": (65, "Sure?", None),
        "prompt": (105, "Name?", "Ada"),
    }[kind]
    assert [done.action.type for done in await click(seat, y)] == ["click"]
    dialog = await asked(seat, kind)
    assert (dialog.message, dialog.default_value) == (message, default)
    assert dialog.deadline is not None
    answer = AnswerDialog(dialog_id=dialog.dialog_id, accept=accept, text="Grace")
    assert await seat.driver.answer(answer) is None
    await closed(seat, dialog)
    await seat.text("#log", result)
    with pytest.raises(NotFound):
        await seat.driver.answer(answer)


@pytest.mark.parametrize(
    ("name", "result"), [("Alert", "after;"), ("Confirm", "true;"), ("Prompt", "null;"), ("Flood", "flooded;")]
)
async def test_without_a_person_a_script_does_not_hang(seat: Seat, name: str, result: str) -> None:
    seat.driver.attended = False
    await seat.do("click", selector=f"text={name}")
    await seat.text("#log", result)
    assert 0 < len(seat.dialogs) <= 20
    assert all(dialog.closed for dialog in seat.dialogs)


async def test_a_person_who_leaves_leaves_no_dialog_open(seat: Seat) -> None:
    await click(seat, 65)
    dialog = await asked(seat, "confirm")
    seat.driver.attended = False
    await closed(seat, dialog)
    await seat.text("#log", "true;")


async def test_a_person_stays_on_a_page_that_asks(seat: Seat) -> None:
    await seat.show("/leaving")
    await seat.do("click", selector="button")
    seat.driver.attended = True
    going = asyncio.ensure_future(seat.do("click", selector="text=Leave"))
    dialog = await asked(seat, "beforeunload")
    await seat.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=False))
    await going
    assert seat.driver.url == f"{seat.base}/leaving"


async def test_leaving_a_page_that_asks(seat: Seat) -> None:
    await seat.show("/leaving")
    seat.driver.attended = False
    await seat.do("click", selector="button")
    await seat.do("click", selector="text=Leave")
    await seat.do("expect_url", value="/")


async def test_a_flood_is_told_of_in_part_and_does_not_hang(caplog: pytest.LogCaptureFixture) -> None:
    async with seated({"/": ASKING}) as seat:
        await seat.show("/")
        seat.driver.attended = True
        await click(seat, 225)
        told: set[str] = set()
        while len(told) < 20:
            dialog = await seat.dialogs.until(lambda each: each.dialog_id not in told)
            told.add(dialog.dialog_id)
            await seat.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=True))
        await seat.text("#log", "flooded;")
        assert {dialog.dialog_id for dialog in seat.dialogs} == told
    assert caplog.text.count("floods its viewers") == 1
    assert "the page opened 19 more dialogs" in caplog.text


async def test_while_a_dialog_is_open_nothing_hangs(seat: Seat) -> None:
    await click(seat, 25)
    dialog = await asked(seat, "alert")
    async with asyncio.timeout(20):
        with pytest.raises(StepFailed, match="dialog"):
            await seat.driver.screenshot()
        assert await seat.driver.input(Input(kind="down", x=70, y=65)) == []
        assert await seat.driver.input(Input(kind="key_down", key="a", code="KeyA")) == []
    await seat.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=True))
    await seat.text("#log", "after;")


async def test_a_file_is_chosen_and_told_as_an_upload_that_works_again(seat: Seat) -> None:
    await click(seat, 145)
    dialog = await asked(seat, "file_chooser")
    assert dialog.multiple is False
    answer = AnswerDialog(dialog_id=dialog.dialog_id, accept=True, files=(PAPER,))
    done = await seat.driver.answer(answer)
    await seat.text("#log", "paper.txt;")
    assert done is not None
    assert (done.action.type, done.action.selector) == ("upload", 'role=button[name="Papers"]')
    await seat.show("/")
    await seat.driver.perform(done.action, timeout_ms=15_000)
    await seat.text("#log", "paper.txt;")


async def test_a_select_is_told_with_its_options_instead_of_its_list(seat: Seat) -> None:
    assert await click(seat, 185) == []
    dialog = await asked(seat, "select")
    assert dialog.message == "'Size'"
    assert dialog.options is not None
    assert [(each.value, each.label, each.selected, each.disabled) for each in dialog.options] == [
        ("s", "Small", True, False),
        ("m", "Medium", False, True),
        ("l", "Large", False, False),
    ]
    done = await seat.driver.answer(AnswerDialog(dialog_id=dialog.dialog_id, accept=True, values=("l",)))
    await seat.text("#log", "l;")
    assert done is not None
    assert (done.action.type, done.action.selector, done.action.value) == (
        "select",
        'role=combobox[name="Size"]',
        "Large",
    )
    assert done.description == "Select 'Large' in 'Size'"
    await seat.show("/")
    await seat.driver.perform(done.action, timeout_ms=15_000)
    await seat.text("#log", "l;")


async def test_a_select_opened_by_a_key_and_left_as_it_is(seat: Seat) -> None:
    await click(seat, 185)
    first = await asked(seat, "select")
    await seat.driver.answer(AnswerDialog(dialog_id=first.dialog_id, accept=False))
    await seat.driver.input(Input(kind="key_down", key=" ", code="Space"))
    second = await seat.dialogs.until(lambda dialog: dialog.dialog_id != first.dialog_id)
    assert second.kind == "select"
    assert await seat.driver.answer(AnswerDialog(dialog_id=second.dialog_id, accept=False)) is None


async def test_a_dialog_goes_with_its_page(seat: Seat) -> None:
    await click(seat, 185)
    dialog = await asked(seat, "select")
    await seat.driver.open(seat.base + "/leaving")
    await closed(seat, dialog)


async def test_nobody_answers_in_time() -> None:
    async with seated({"/": ASKING}, dialog_timeout=0.2) as seat:
        await seat.show("/")
        seat.driver.attended = True
        await click(seat, 65)
        await closed(seat, await asked(seat, "confirm"))
        await seat.text("#log", "true;")
